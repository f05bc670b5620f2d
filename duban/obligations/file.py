"""One obligation with everything: where it comes from, what is expected, what was handed in, decided and sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from calendars.model import ExpectedEvidence
from duban.bureau import Bureau
from duban.core.access import Actor, visible_units
from duban.core.errors import NotFound
from duban.history.queries import HistoryEntry, list_entries
from duban.obligations.file_queries import (
    ActShown,
    EvidenceShown,
    ObligationOrigin,
    ReminderShown,
    SubmissionShown,
    acts_on,
    origin_of,
    progress_reports_of,
    reminders_of,
    submissions_of,
)
from duban.obligations.list_queries import ListedObligation, listed_by_id
from duban.obligations.queries import expected_evidence, load_obligation, no_such_obligation
from duban.obligations.rules import review_refusals, spot_check_refusals
from duban.obligations.states import ObligationFacts, Transition, allowed_states, transition_refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownObligation:
    """The whole file of one obligation."""

    obligation: ListedObligation
    origin: ObligationOrigin
    expected: tuple[ExpectedEvidence, ...]
    submissions: tuple[SubmissionShown, ...]
    reports: tuple[dict[str, object], ...]
    acts: tuple[ActShown, ...]
    reminders: tuple[ReminderShown, ...]
    history: tuple[HistoryEntry, ...]


def show_obligation(bureau: Bureau, obligation_id: int, *, by: Actor, today: date) -> ShownObligation:
    """Everything about one obligation as of a day; one that the person may not see is not found."""
    with bureau.store.reading() as connection:
        found = listed_by_id(bureau, connection, [obligation_id], visible_units(by), today)
        if not found:
            raise NotFound(no_such_obligation(obligation_id))
        origin = origin_of(connection, obligation_id)
        return ShownObligation(
            obligation=found[0],
            origin=origin,
            expected=expected_evidence(origin.body),
            submissions=submissions_of(connection, obligation_id),
            reports=progress_reports_of(connection, obligation_id),
            acts=acts_on(connection, obligation_id),
            reminders=reminders_of(connection, obligation_id),
            history=list_entries(connection, noun="obligation", noun_id=obligation_id),
        )


_STEERING = (
    Transition.ARCHIVE,
    Transition.SUSPEND,
    Transition.RESUME,
    Transition.WAIVE,
    Transition.REOPEN,
    Transition.FORWARD,
    Transition.DECIDE_EXTENSION,
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
    refusals: Mapping[Transition, tuple[str, ...]]
    possible: frozenset[Transition]

    def may(self, verb: Transition) -> bool:
        return not self.refusals[verb]

    @property
    def newest(self) -> SubmissionShown | None:
        return self.shown.submissions[-1] if self.shown.submissions else None


def read_case(bureau: Bureau, obligation_id: int, *, by: Actor, today: date) -> Case:
    """The file; one that the person may not see is not found."""
    shown = show_obligation(bureau, obligation_id, by=by, today=today)
    with bureau.store.reading() as connection:
        one = load_obligation(connection, obligation_id)
    return Case(
        shown=shown,
        answered=_answered(shown),
        title=one.title,
        version=one.version,
        level=len(one.passed_by) + 1,
        levels=one.review_levels,
        refusals=_refusals(one, by),
        possible=frozenset(verb for verb in Transition if one.state in allowed_states(verb)),
    )


def _refusals(matter: ObligationFacts, by: Actor) -> dict[Transition, tuple[str, ...]]:
    """Of the rules that judge the act itself, asked with words that are not empty."""
    reviews = (Transition.PASS, Transition.SEND_BACK, Transition.SIGN_OFF)
    return {
        **{verb: review_refusals(matter, verb, by) for verb in reviews},
        **{verb: transition_refusals(matter, verb, by) for verb in _STEERING},
        Transition.SPOT_CHECK: spot_check_refusals(matter, by, finding="情况"),
    }


def _answered(shown: ShownObligation) -> tuple[Answered, ...]:
    came: dict[str, list[tuple[int, EvidenceShown]]] = {}
    for one in reversed(shown.submissions):
        for item in one.items:
            came.setdefault(item.key, []).append((one.nth, item))
    listed = [Answered(expected=item, given=tuple(came.pop(item.key, ()))) for item in shown.expected]
    return (*listed, *(Answered(expected=None, given=tuple(items)) for items in came.values()))
