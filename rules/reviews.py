"""Four eyes: who hands in, who reviews and who signs off are different people, over an obligation's whole life.

Each review level of one submission has its own reviewer. Someone who declines to sign off acts as the closer, so
that the same person may sign off once the unit has put it right.
"""

from __future__ import annotations

from rules.moves import ROLES, Matter, State, Verb, refusals
from rules.people import Actor


def review_refusals(matter: Matter, verb: Verb, by: Actor, *, reason: str | None = None) -> tuple[str, ...]:
    """Every reason against a pass, a send-back or a sign-off by this person."""
    return (
        *refusals(matter, verb, by),
        *_closers_only(matter, verb, by),
        *_four_eyes(matter, verb, by),
        *_no_reason(verb, reason),
    )


def submit_refusals(matter: Matter, by: Actor) -> tuple[str, ...]:
    """Every reason against handing in by this person; what is handed in is judged by rules.evidence."""
    own = refusals(matter, Verb.SUBMIT, by)
    if by.person_id in matter.reviewers | matter.closers:
        return (*own, f"{by.name}审核或销号过这项任务，不能再报送，请由本单位另一位经办人报送。")
    return own


def spot_check_refusals(matter: Matter, by: Actor, *, finding: str) -> tuple[str, ...]:
    """Every reason against a spot check: it is done by someone who had no part in the matter."""
    own = list(refusals(matter, Verb.SPOT_CHECK, by))
    if by.person_id in matter.submitters | matter.reviewers | matter.closers:
        own.append(f"{by.name}报送、审核或销号过这项任务，不能抽查，请由未经手的同志抽查。")
    if not finding.strip():
        own.append("抽查要写明核实情况，请补写后再记。")
    return tuple(own)


def _closers_only(matter: Matter, verb: Verb, by: Actor) -> tuple[str, ...]:
    if verb is not Verb.SEND_BACK or matter.state is not State.ACCEPTED or by.roles & ROLES[Verb.SIGN_OFF]:
        return ()
    return ("审核已全部通过，销号前只能由统筹科室或分管领导退回，请向他们反映。",)


def _four_eyes(matter: Matter, verb: Verb, by: Actor) -> tuple[str, ...]:
    if by.person_id in matter.submitters:
        return (f"{by.name}报送过这项任务，不能审核或销号自己经手的材料，请由另一位同志办理。",)
    # Once every level has passed, what is left to do is the closer's.
    if verb is Verb.SIGN_OFF or matter.state is State.ACCEPTED:
        return _not_a_reviewer(matter, by)
    if by.person_id in matter.closers:
        return (f"{by.name}办过这项任务的销号，不能再审核，请由另一位审核人审核。",)
    if by.person_id in matter.passed_by:
        return (f"{by.name}已审核过这次报送的前一级，请由另一位审核人审核下一级。",)
    return ()


def _not_a_reviewer(matter: Matter, by: Actor) -> tuple[str, ...]:
    if by.person_id not in matter.reviewers:
        return ()
    return (f"{by.name}审核过这项任务，不能再销号，请由另一位同志销号。",)


def _no_reason(verb: Verb, reason: str | None) -> tuple[str, ...]:
    if verb is not Verb.SEND_BACK or (reason and reason.strip()):
        return ()
    return ("退回要写明原因，请用一两句话说清需要补正什么。",)
