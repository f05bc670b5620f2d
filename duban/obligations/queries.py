"""One obligation as an act needs it, and the conditional change that every act ends in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Row,
    ScalarSelect,
    Select,
    Update,
    bindparam,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

from calendars.model import EvidenceType, ExpectedEvidence
from duban.core.access import SYSTEM, Actor, visible_units
from duban.core.db import upsert
from duban.core.errors import Changed, NotFound
from duban.editions.tables import edition, milestone, point
from duban.evidence.tables import review, submission, submission_fate
from duban.obligations.closing_queries import ledger_standings, waiting_for
from duban.obligations.states import ObligationFacts, State, Transition, allowed_states
from duban.obligations.tables import (
    early_pass,
    extension,
    forward_request,
    forwarding,
    handover,
    obligation,
    sign_off,
    spot_check,
    suspension,
    waiver,
)
from duban.units.tables import person, unit

_IN_FORCE = frozenset({"published", "paused"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation(ObligationFacts):
    """What one unit owes by one date, as whoever acts on it needs it."""

    id: int
    edition_id: int
    campaign: str
    milestone: str
    label: str
    point_id: int
    unit: str
    subject_id: int
    due_on: date
    hard_due_on: date | None
    late: bool
    returned_times: int
    extended_times: int
    handler_id: int | None
    backup_id: int | None
    opened_on: date
    evidence: tuple[ExpectedEvidence, ...]
    version: int

    @property
    def title(self) -> str:
        """How sentences call it."""
        return f"{self.campaign}·{self.milestone}" + (f"（{self.label}）" if self.label else "")


def load_obligation(
    connection: Connection, obligation_id: int, *, version: int | None = None, by: Actor = SYSTEM
) -> Obligation:
    """The obligation as it stands, with everybody who had a part in it; refused when it changed since `version`.

    Whoever may not see it learns nothing of it, not even whether it is there; the unit that is to take it over may.
    """
    own = {"obligation_id": obligation_id}
    row = connection.execute(_WHOLE, own).first()
    if row is None or not (visible_units(by).sees(row.unit_id) or _offered_to(connection, obligation_id, by)):
        raise NotFound(no_such_obligation(obligation_id))
    if version is not None and version != row.version:
        raise Changed(_CHANGED)
    values = dict(row._mapping)
    body, edition_state = values.pop("body"), values.pop("edition_state")
    return Obligation(
        **values
        | {
            "state": State(row.state),
            "state_before": State(row.state_before) if row.state_before else None,
            "evidence": expected_evidence(body),
            "in_force": edition_state in _IN_FORCE,
            "waits_for": waiting_for(connection, [obligation_id]).get(obligation_id, ()),
            "ledger": ledger_standings(connection, [obligation_id]).get(obligation_id),
            "late": bool(row.late),
        }
        | parts_in_reviews(
            connection.execute(_REVIEWED_ONE, own).all(),
            connection.scalars(_SIGNED_ONE, own),
            levels=row.review_levels,
        )
    )


def _offered_to(connection: Connection, obligation_id: int, by: Actor) -> bool:
    asked = pending_forward(connection, obligation_id)
    return asked is not None and by.belongs_to(asked.to_unit_id)


def no_such_obligation(obligation_id: int) -> str:
    """The sentence for a number that names nothing, or nothing that the person may see."""
    return f"没有编号为 {obligation_id} 的任务，或它不归您的单位，请在任务列表中查看编号。"


REVIEWED = (
    select(
        submission.c.obligation_id,
        submission.c.id,
        submission.c.submitted_by,
        review.c.level,
        review.c.verdict,
        review.c.reviewed_by,
    )
    .outerjoin_from(submission, review, review.c.submission_id == submission.c.id)
    .order_by(submission.c.obligation_id, submission.c.nth, review.c.level)
)


def parts_in_reviews(rows: Sequence[Row[Any]], signed_by: Iterable[int], *, levels: int) -> dict[str, Any]:
    """Of one obligation's rows of REVIEWED: who handed in, reviewed, closed or declined to, and passed the newest."""
    reviews = [row for row in rows if row.reviewed_by is not None]
    newest = rows[-1].id if rows else None
    declined = (row.reviewed_by for row in reviews if row.level > levels)
    return {
        "submitters": frozenset(row.submitted_by for row in rows),
        "reviewers": frozenset(row.reviewed_by for row in reviews if row.level <= levels),
        "closers": frozenset((*declined, *signed_by)),
        "passed_by": tuple(
            row.reviewed_by for row in reviews if row.id == newest and row.verdict == "passed"
        ),
    }


def change_obligation(connection: Connection, one: Obligation, **values: object) -> None:
    """Write the new values if nobody else changed the row since it was loaded, and refuse otherwise."""
    changed = {"of_id": one.id, "of_version": one.version}
    done = connection.execute(_change(tuple(values)), values | changed)
    if done.rowcount != 1:
        raise Changed(_CHANGED)


@cache
def _change(names: tuple[str, ...]) -> Update:
    """Built once for each set of columns: every act of the year comes through here."""
    same = (obligation.c.id == bindparam("of_id"), obligation.c.version == bindparam("of_version"))
    new = {name: bindparam(name, type_=obligation.c[name].type) for name in names}
    return update(obligation).where(*same).values(**new, version=obligation.c.version + 1)


def expected_evidence(body: dict[str, Any]) -> tuple[ExpectedEvidence, ...]:
    """A stored milestone's list of expected evidence as values."""
    return tuple(
        ExpectedEvidence(
            key=item["key"],
            title=item["title"],
            type=EvidenceType(item.get("type", "document")),
            required=item.get("required", True),
            unit_of_measure=item.get("unit_of_measure"),
            minimum=_decimal(item.get("minimum")),
            maximum=_decimal(item.get("maximum")),
            reason=item.get("reason"),
        )
        for item in body.get("evidence", ())
    )


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


_CHANGED = "这项任务刚刚被别人改动，您的操作没有生效，请查看最新情况后再办。"

# Every act reads these three, so they are built once and take the number as a parameter.
_THIS = obligation.c.id == bindparam("obligation_id")
_WHOLE = (
    select(
        *(
            obligation.c[name]
            for name in (
                "id",
                "edition_id",
                "point_id",
                "unit_id",
                "subject_id",
                "state",
                "state_before",
                "due_on",
                "hard_due_on",
                "late",
                "returned_times",
                "extended_times",
                "handler_id",
                "backup_id",
                "opened_on",
                "version",
            )
        ),
        edition.c.name.label("campaign"),
        edition.c.state.label("edition_state"),
        milestone.c.title.label("milestone"),
        milestone.c.review_levels,
        milestone.c.body,
        point.c.label,
        unit.c.name.label("unit"),
    )
    .join_from(obligation, edition, edition.c.id == obligation.c.edition_id)
    .join(milestone, milestone.c.id == obligation.c.milestone_id)
    .join(point, point.c.id == obligation.c.point_id)
    .join(unit, unit.c.id == obligation.c.unit_id)
    .where(_THIS)
)
_REVIEWED_ONE = REVIEWED.where(submission.c.obligation_id == bindparam("obligation_id"))
_SIGNED_ONE = select(sign_off.c.signed_by).where(sign_off.c.obligation_id == bindparam("obligation_id"))

_ACTS = {
    table.name: table
    for table in (
        early_pass,
        extension,
        forward_request,
        forwarding,
        handover,
        sign_off,
        spot_check,
        suspension,
        waiver,
    )
}


def insert_act(connection: Connection, act: str, **values: object) -> None:
    """A row of the act's own table, by the table's name."""
    connection.execute(_ACTS[act].insert().values(**values))


def insert_review(connection: Connection, obligation_id: int, **values: object) -> None:
    """Of the submission under way: level, reviewed_by, reviewed_at, verdict, reason."""
    connection.execute(insert(review).values(submission_id=_newest_of(obligation_id), **values))


def _newest_of(obligation_id: int) -> ScalarSelect[int]:
    return (
        select(submission.c.id)
        .where(submission.c.obligation_id == obligation_id)
        .order_by(submission.c.nth.desc())
        .limit(1)
        .scalar_subquery()
    )


_ON_THE_DESK = sorted(state.value for state in allowed_states(Transition.HAND_OVER))


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingExtension:
    """A request for more time that nobody has decided yet."""

    id: int
    asked_by: int
    asked_at: datetime
    wanted_on: date
    reason: str
    progress: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSuspension:
    """A suspension that still stops the clock."""

    id: int
    suspended_on: date


def pending_extension(connection: Connection, obligation_id: int) -> PendingExtension | None:
    """The request that waits for a decision; there is at most one."""
    row = connection.execute(
        select(
            extension.c.id,
            extension.c.asked_by,
            extension.c.asked_at,
            extension.c.wanted_on,
            extension.c.reason,
            extension.c.progress,
        )
        .where(extension.c.obligation_id == obligation_id, extension.c.decided_at.is_(None))
        .order_by(extension.c.id.desc())
    ).first()
    return PendingExtension(**row._mapping) if row else None


def set_extension_decision(connection: Connection, extension_id: int, **values: object) -> None:
    """The answer to it: decided_by, decided_at, verdict, granted_on, previous_due_on, reply."""
    connection.execute(update(extension).where(extension.c.id == extension_id).values(**values))


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingForward:
    """A request to forward that nobody has decided yet."""

    id: int
    to_unit_id: int
    to_unit: str
    asked_by: int
    reason: str


def pending_forward(connection: Connection, obligation_id: int) -> PendingForward | None:
    """The request that waits for a decision; there is at most one."""
    row = connection.execute(
        select(
            forward_request.c.id,
            forward_request.c.to_unit_id,
            unit.c.name.label("to_unit"),
            forward_request.c.asked_by,
            forward_request.c.reason,
        )
        .join(unit, unit.c.id == forward_request.c.to_unit_id)
        .where(forward_request.c.obligation_id == obligation_id, forward_request.c.decided_at.is_(None))
        .order_by(forward_request.c.id.desc())
    ).first()
    return PendingForward(**row._mapping) if row else None


def set_forward_decision(connection: Connection, request_id: int, **values: object) -> None:
    """The answer to it: decided_by, decided_at, verdict, reply."""
    connection.execute(update(forward_request).where(forward_request.c.id == request_id).values(**values))


def settle_submission(
    connection: Connection, obligation_id: int, what: str, *, by: int, at: datetime
) -> bool:
    """Say of the submission under way that it was opened or taken back; False where that was said before."""
    chosen = select(
        _newest_of(obligation_id), literal(what), literal(by), literal(at, submission_fate.c.at.type)
    )
    statement = upsert(connection, submission_fate).from_select(["submission_id", "what", "by", "at"], chosen)
    # Without this PostgreSQL's answer is thrown away before it can be asked.
    done = connection.execute(statement.on_conflict_do_nothing().execution_options(preserve_rowcount=True))
    return bool(done.rowcount == 1)


def opened_by(connection: Connection, obligation_id: int) -> tuple[str, datetime] | None:
    """Who opened the submission under way first, and when."""
    row = connection.execute(
        select(person.c.name, submission_fate.c.at)
        .join(person, person.c.id == submission_fate.c.by)
        .where(
            submission_fate.c.submission_id == _newest_of(obligation_id), submission_fate.c.what == "opened"
        )
    ).first()
    return (row.name, row.at) if row else None


def open_suspension(connection: Connection, obligation_id: int) -> OpenSuspension | None:
    """The suspension under way."""
    row = connection.execute(
        select(suspension.c.id, suspension.c.suspended_on)
        .where(suspension.c.obligation_id == obligation_id, suspension.c.resumed_on.is_(None))
        .order_by(suspension.c.id.desc())
    ).first()
    return OpenSuspension(**row._mapping) if row else None


def end_suspension(connection: Connection, suspension_id: int, *, by: int | None, on: date) -> None:
    """The clock runs again."""
    connection.execute(
        update(suspension).where(suspension.c.id == suspension_id).values(resumed_by=by, resumed_on=on)
    )


def owes_already(connection: Connection, *, point_id: int, unit_id: int, subject_id: int) -> bool:
    """Whether the unit has its own obligation for the same point."""
    found = select(obligation.c.id).where(
        obligation.c.point_id == point_id,
        obligation.c.unit_id == unit_id,
        obligation.c.subject_id == subject_id,
    )
    return connection.execute(found).first() is not None


def hand_over(connection: Connection, *, unit_id: int, from_person_id: int, to_person_id: int) -> int:
    """Give everything on one handler's desk to another of the same unit, in two statements; returns how many."""
    desk = (obligation.c.unit_id == unit_id, obligation.c.state.in_(_ON_THE_DESK))
    bump = {"version": obligation.c.version + 1}
    # Whoever takes over cannot be his own backup.
    handled = connection.execute(
        update(obligation)
        .where(*desk, obligation.c.handler_id == from_person_id)
        .values(handler_id=to_person_id, backup_id=func.nullif(obligation.c.backup_id, to_person_id), **bump)
    )
    backed = connection.execute(
        update(obligation)
        .where(*desk, obligation.c.backup_id == from_person_id)
        .values(backup_id=func.nullif(to_person_id, obligation.c.handler_id), **bump)
    )
    return int(handled.rowcount + backed.rowcount)


def busiest_unit(connection: Connection) -> int | None:
    """The unit that most is owed by; None in a ledger that nobody owes anything in."""
    owed = func.count().label("owed")
    return connection.execute(
        select(obligation.c.unit_id)
        .group_by(obligation.c.unit_id)
        .order_by(owed.desc(), obligation.c.unit_id)
        .limit(1)
    ).scalar()


_ROW = obligation.c


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkSelection:
    """A whole edition, a whole unit, one within the other, or chosen obligations; something of it is given."""

    edition_id: int | None = None
    unit_id: int | None = None
    obligation_ids: tuple[int, ...] = ()

    @property
    def bounded(self) -> bool:
        return self.edition_id is not None or self.unit_id is not None or bool(self.obligation_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendedGroup:
    """Suspended obligations that share their dates: they get the same new date when they are resumed."""

    due_on: date
    hard_due_on: date | None
    suspended_on: date
    obligations: int


def count_selected_by_state(connection: Connection, scope: BulkSelection) -> dict[State, int]:
    """How many obligations of the scope are in each state."""
    rows = connection.execute(
        select(_ROW.state, func.count().label("n")).where(*_within(scope)).group_by(_ROW.state)
    )
    return {State(row.state): row.n for row in rows}


def waive_selected(
    connection: Connection,
    scope: BulkSelection,
    states: Iterable[State],
    *,
    reason: str,
    authority: str,
    by: int,
    at: datetime,
    on: date,
) -> int:
    """Waive all of the scope that are in one of the states, suspended ones too; returns how many."""
    facts = (literal(reason), literal(authority), literal(by), literal(at, waiver.c.waived_at.type))
    names = ("obligation_id", "reason", "authority", "waived_by", "waived_at")
    connection.execute(insert(waiver).from_select(names, _chosen(scope, states, *facts)))
    written = (
        select(waiver.c.obligation_id)
        .where(waiver.c.obligation_id == _ROW.id, waiver.c.waived_at == at, waiver.c.waived_by == by)
        .exists()
    )
    connection.execute(
        update(suspension)
        .where(suspension.c.resumed_on.is_(None), suspension.c.obligation_id.in_(_ids(scope, written)))
        .values(resumed_by=by, resumed_on=on)
    )
    return _set(connection, scope, states, written, state=State.WAIVED.value, state_before=null())


def suspend_selected(
    connection: Connection,
    scope: BulkSelection,
    states: Iterable[State],
    *,
    reason: str,
    authority: str,
    by: int,
    on: date,
) -> int:
    """Stop the clock of all of the scope that are in one of the states; returns how many."""
    facts = (literal(reason), literal(authority), literal(by), literal(on, Date))
    names = ("obligation_id", "reason", "authority", "suspended_by", "suspended_on")
    connection.execute(insert(suspension).from_select(names, _chosen(scope, states, *facts)))
    return _set(connection, scope, states, _stopped(), state=State.SUSPENDED.value, state_before=_ROW.state)


def suspended_groups(connection: Connection, scope: BulkSelection) -> tuple[SuspendedGroup, ...]:
    """The suspended obligations of the scope by their dates."""
    rows = connection.execute(
        select(_ROW.due_on, _ROW.hard_due_on, suspension.c.suspended_on, func.count().label("obligations"))
        .join_from(obligation, suspension, suspension.c.obligation_id == _ROW.id)
        .where(*_within(scope), _ROW.state == State.SUSPENDED.value, suspension.c.resumed_on.is_(None))
        .group_by(_ROW.due_on, _ROW.hard_due_on, suspension.c.suspended_on)
    )
    return tuple(SuspendedGroup(**row._mapping) for row in rows)


def resume_group(connection: Connection, scope: BulkSelection, group: SuspendedGroup, *, due_on: date) -> int:
    """Let the clock of one group run again towards `due_on`; `end_suspensions` follows once all groups are done."""
    hard = _ROW.hard_due_on.is_(None) if group.hard_due_on is None else _ROW.hard_due_on == group.hard_due_on
    same = (
        select(suspension.c.id)
        .where(
            suspension.c.obligation_id == _ROW.id,
            suspension.c.resumed_on.is_(None),
            suspension.c.suspended_on == group.suspended_on,
        )
        .exists()
    )
    done = connection.execute(
        update(obligation)
        .where(*_within(scope), _ROW.state == State.SUSPENDED.value, _ROW.due_on == group.due_on, hard, same)
        .values(
            state=func.coalesce(_ROW.state_before, State.ASSIGNED.value),
            state_before=null(),
            due_on=due_on,
            version=_ROW.version + 1,
        )
    )
    return int(done.rowcount)


def end_selected_suspensions(connection: Connection, scope: BulkSelection, *, by: int, on: date) -> None:
    """Close the suspensions of the scope whose obligations run again."""
    running = _ROW.state != State.SUSPENDED.value
    connection.execute(
        update(suspension)
        .where(suspension.c.resumed_on.is_(None), suspension.c.obligation_id.in_(_ids(scope, running)))
        .values(resumed_by=by, resumed_on=on)
    )


def _within(scope: BulkSelection) -> list[ColumnElement[bool]]:
    wanted = ((_ROW.edition_id, scope.edition_id), (_ROW.unit_id, scope.unit_id))
    conditions: list[ColumnElement[bool]] = [column == value for column, value in wanted if value is not None]
    if scope.obligation_ids:
        conditions.append(_ROW.id.in_(scope.obligation_ids))
    return conditions


def _chosen(scope: BulkSelection, states: Iterable[State], *facts: ColumnElement[Any]) -> Select[Any]:
    # Locked on PostgreSQL, so that nobody moves a chosen row before it is changed; SQLite has one writer.
    return (
        select(_ROW.id, *facts)
        .where(*_within(scope), _ROW.state.in_([state.value for state in states]))
        .with_for_update(of=obligation)
    )


def _ids(scope: BulkSelection, condition: ColumnElement[bool]) -> Select[Any]:
    return select(_ROW.id).where(*_within(scope), condition)


def _stopped() -> ColumnElement[bool]:
    return (
        select(suspension.c.id)
        .where(suspension.c.obligation_id == _ROW.id, suspension.c.resumed_on.is_(None))
        .exists()
    )


def _set(
    connection: Connection,
    scope: BulkSelection,
    states: Iterable[State],
    written: ColumnElement[bool],
    **values: object,
) -> int:
    done = connection.execute(
        update(obligation)
        .where(*_within(scope), _ROW.state.in_([state.value for state in states]), written)
        .values(**values, version=_ROW.version + 1)
    )
    return int(done.rowcount)
