"""One obligation with everything: where it comes from, what is expected, what was handed in, decided and sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime

from calendars.model import ExpectedEvidence, Quota
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, person_id, visible_units
from duban.core.db import Connection
from duban.core.errors import NotFound
from duban.figures.rules import KnownFigure
from duban.history.queries import HistoryEntry, append_entry, list_entries
from duban.obligations.file_queries import (
    ActShown,
    EvidenceShown,
    ReminderShown,
    SubmissionShown,
    acts_on,
    origin_of,
    progress_reports_of,
    reminders_of,
    submissions_of,
)
from duban.obligations.list_queries import ListedObligation, listed_by_id
from duban.obligations.queries import (
    Obligation,
    load_obligation,
    no_such_obligation,
    opened_by,
    pending_forward,
    settle_submission,
)
from duban.obligations.rules import (
    early_refusals,
    forward_deciding_refusals,
    opens,
    review_refusals,
    sign_off_refusals,
    spot_check_refusals,
    submit_refusals,
    take_back_refusals,
)
from duban.obligations.states import Transition, allowed_states, transition_refusals
from duban.obligations.support_queries import SupportAnswer, supports_of
from duban.problems.rules import LedgerStanding
from duban.units.queries import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One thing that was expected, and what came for it, the newest first. `given` are (which submission, item)."""

    expected: ExpectedEvidence | None
    given: tuple[tuple[int, EvidenceShown], ...]

    @property
    def title(self) -> str:
        return self.expected.title if self.expected else self.given[0][1].title


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationFile(ListedObligation):
    """The row of the ledger with everything besides, for one person.

    `refusals` say of each verb why this person may not do it; an empty tuple: he may. `possible` are the verbs that
    the state allows somebody. `level` is the review level that comes next. The last four are for its unit's own page,
    `known` figures by the key of what is expected.
    """

    rule: str
    content: str | None
    remark: str | None
    goals: tuple[str, ...]
    assumptions: tuple[str, ...]
    supports: tuple[SupportAnswer, ...]
    backup: str | None
    handler_id: int | None
    backup_id: int | None
    level: int
    review_levels: int
    submissions: tuple[SubmissionShown, ...]
    reports: tuple[dict[str, object], ...]
    acts: tuple[ActShown, ...]
    reminders: tuple[ReminderShown, ...]
    history: tuple[HistoryEntry, ...]
    refusals: Mapping[Transition, tuple[str, ...]]
    possible: frozenset[Transition]
    ledger: LedgerStanding | None = None
    colleagues: tuple[Person, ...] = ()
    quota: Quota | None = None
    known: Mapping[str, KnownFigure] = field(default_factory=dict)
    known_progress: KnownFigure | None = None

    @property
    def supporting(self) -> tuple[str, ...]:
        return tuple(one.unit for one in self.supports)

    @property
    def may(self) -> frozenset[Transition]:
        return frozenset(verb for verb, reasons in self.refusals.items() if not reasons)

    @property
    def newest(self) -> SubmissionShown | None:
        return self.submissions[-1] if self.submissions else None

    @property
    def answered(self) -> tuple[Answered, ...]:
        """What is expected, in its order, then what came without being on the list."""
        came: dict[str, list[tuple[int, EvidenceShown]]] = {}
        for one in reversed(self.submissions):
            for item in one.items:
                came.setdefault(item.key, []).append((one.nth, item))
        listed = [Answered(expected=item, given=tuple(came.pop(item.key, ()))) for item in self.expected]
        return (*listed, *(Answered(expected=None, given=tuple(items)) for items in came.values()))

    def came(self, key: str) -> tuple[EvidenceShown, ...]:
        """What was handed in under the key so far, the newest first."""
        return tuple(item for one in reversed(self.submissions) for item in one.items if item.key == key)

    @property
    def besides(self) -> tuple[EvidenceShown, ...]:
        """What was handed in without being on the list."""
        keys = {item.key for item in self.expected}
        return tuple(item for one in self.submissions for item in one.items if item.key not in keys)


def open_obligation(bureau: Bureau, obligation_id: int, *, by: Actor, now: datetime) -> ObligationFile:
    """The same as somebody looks at it who may review: from then on its unit cannot take it back."""
    with bureau.store.reading() as connection:
        one = load_obligation(connection, obligation_id, by=by)
        fresh = opens(one, by) and opened_by(connection, obligation_id) is None
    if fresh:
        with bureau.store.writing() as connection:
            note_opened(connection, bureau, load_obligation(connection, obligation_id, by=by), by=by, now=now)
    return show_obligation(bureau, obligation_id, by=by, today=clock.civil(now))


def note_opened(connection: Connection, bureau: Bureau, one: Obligation, *, by: Actor, now: datetime) -> None:
    """Keep who first opened the submission under way to review it; others' looks change nothing."""
    if not opens(one, by):
        return
    if settle_submission(connection, one.id, "opened", by=person_id(by), at=now):
        append_entry(
            connection,
            at=now,
            by=by,
            verb="open_submission",
            noun="obligation",
            noun_id=one.id,
            edition_id=one.edition_id,
            unit_id=one.unit_id,
            detail={},
            flow_run_id=bureau.flow_run_id,
        )


def show_obligation(bureau: Bureau, obligation_id: int, *, by: Actor, today: date) -> ObligationFile:
    """Everything about one obligation as of a day; one that the person may not see is not found."""
    with bureau.store.reading() as connection:
        found = listed_by_id(bureau, connection, [obligation_id], visible_units(by), today)
        if not found:
            raise NotFound(no_such_obligation(obligation_id))
        one = load_obligation(connection, obligation_id)
        row = {column.name: getattr(found[0], column.name) for column in fields(found[0])}
        return ObligationFile(
            **row | origin_of(connection, obligation_id) | {"expected": one.evidence},
            handler_id=one.handler_id,
            backup_id=one.backup_id,
            level=len(one.passed_by) + 1,
            review_levels=one.review_levels,
            submissions=submissions_of(connection, obligation_id),
            supports=supports_of(connection, one.point_id),
            reports=progress_reports_of(connection, obligation_id),
            acts=acts_on(connection, obligation_id),
            reminders=reminders_of(connection, obligation_id),
            history=list_entries(connection, noun="obligation", noun_id=obligation_id),
            refusals=_refusals(bureau, connection, one, by, today),
            ledger=one.ledger,
            possible=frozenset(verb for verb in Transition if one.state in allowed_states(verb)),
        )


def _refusals(
    bureau: Bureau, connection: Connection, matter: Obligation, by: Actor, today: date
) -> dict[Transition, tuple[str, ...]]:
    """Of the rules that judge the act itself, asked with words that are not empty."""
    asked = pending_forward(connection, matter.id)
    return {
        **{verb: transition_refusals(matter, verb, by) for verb in Transition},
        **{verb: review_refusals(matter, verb, by) for verb in (Transition.PASS, Transition.SEND_BACK)},
        Transition.SIGN_OFF: sign_off_refusals(matter, by, today),
        Transition.TAKE_BACK: take_back_refusals(matter, by, opened=opened_by(connection, matter.id)),
        Transition.ALLOW_EARLY: early_refusals(matter, by, reason="理由"),
        Transition.SUBMIT: submit_refusals(matter, by),
        Transition.SPOT_CHECK: spot_check_refusals(matter, by, finding="情况"),
        Transition.DECIDE_FORWARD: forward_deciding_refusals(
            matter,
            by,
            asked_by=asked.asked_by if asked else None,
            to_unit_id=asked.to_unit_id if asked else None,
            receiver_decides=bureau.settings.forward_receiver_decides,
            reply="同意",
        ),
    }
