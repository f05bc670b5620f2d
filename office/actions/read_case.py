"""One obligation for whoever reviews or steers it: its whole file, and what this person may do about it now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from office.actions.office import Office
from office.actions.show_obligation import ShownObligation, show_obligation
from office.store import obligations
from office.store.obligation_file import EvidenceShown, SubmissionShown
from rules.campaign import ExpectedEvidence
from rules.moves import Matter, Verb, allowed, refusals
from rules.people import Actor
from rules.reviews import review_refusals, spot_check_refusals

_STEERING = (
    Verb.ARCHIVE,
    Verb.SUSPEND,
    Verb.RESUME,
    Verb.WAIVE,
    Verb.REOPEN,
    Verb.FORWARD,
    Verb.DECIDE_EXTENSION,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One thing that was expected, and what came for it, the newest first. `given` are (which submission, item)."""

    expected: ExpectedEvidence | None
    given: tuple[tuple[int, EvidenceShown], ...]

    @property
    def title(self) -> str:
        return self.expected.title if self.expected else self.given[0][1].title


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`refusals` say of each verb why this person may not do it; an empty tuple: he may. `version` goes with an act."""

    shown: ShownObligation
    answered: tuple[Answered, ...]
    title: str
    version: int
    level: int
    levels: int
    refusals: Mapping[Verb, tuple[str, ...]]
    possible: frozenset[Verb]

    def may(self, verb: Verb) -> bool:
        return not self.refusals[verb]

    @property
    def newest(self) -> SubmissionShown | None:
        return self.shown.submissions[-1] if self.shown.submissions else None


def read_case(office: Office, obligation_id: int, *, by: Actor, today: date) -> Case:
    """The file; one that the person may not see is not found."""
    shown = show_obligation(office, obligation_id, by=by, today=today)
    with office.store.reading() as connection:
        one = obligations.load(connection, obligation_id)
        matter = obligations.matter(connection, one)
    return Case(
        shown=shown,
        answered=_answered(shown),
        title=one.title,
        version=one.version,
        level=len(matter.passed_by) + 1,
        levels=one.review_levels,
        refusals=_refusals(matter, by),
        possible=frozenset(verb for verb in Verb if matter.state in allowed(verb)),
    )


def _refusals(matter: Matter, by: Actor) -> dict[Verb, tuple[str, ...]]:
    """Of the rules that judge the act itself, asked with words that are not empty."""
    reviews = (Verb.PASS, Verb.SEND_BACK, Verb.SIGN_OFF)
    return {
        **{verb: review_refusals(matter, verb, by, reason="原因") for verb in reviews},
        **{verb: refusals(matter, verb, by) for verb in _STEERING},
        Verb.SPOT_CHECK: spot_check_refusals(matter, by, finding="情况"),
    }


def _answered(shown: ShownObligation) -> tuple[Answered, ...]:
    came: dict[str, list[tuple[int, EvidenceShown]]] = {}
    for one in reversed(shown.submissions):
        for item in one.items:
            came.setdefault(item.key, []).append((one.nth, item))
    listed = [Answered(expected=item, given=tuple(came.pop(item.key, ()))) for item in shown.expected]
    return (*listed, *(Answered(expected=None, given=tuple(items)) for items in came.values()))
