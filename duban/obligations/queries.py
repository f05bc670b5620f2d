"""One obligation as an act needs it, and the conditional change that every act ends in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Row,
    Select,
    Table,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

from calendars.model import EvidenceType, ExpectedEvidence
from duban.core.access import SYSTEM, Actor, visible_units
from duban.core.errors import Changed, NotFound
from duban.editions.tables import edition, milestone, point
from duban.evidence.tables import review, submission
from duban.obligations.states import ObligationFacts, State, Transition, allowed_states
from duban.obligations.tables import (
    extension,
    forwarding,
    handover,
    obligation,
    sign_off,
    spot_check,
    suspension,
    waiver,
)
from duban.units.tables import unit

_IN_FORCE = frozenset({"published", "paused"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What one unit owes by one date, with what its acts are judged by."""

    id: int
    edition_id: int
    campaign: str
    milestone: str
    label: str
    point_id: int
    unit_id: int
    unit: str
    subject_id: int
    state: State
    state_before: State | None
    due_on: date
    hard_due_on: date | None
    submitted_on: date | None
    late: bool
    returned_times: int
    extended_times: int
    handler_id: int | None
    backup_id: int | None
    review_levels: int
    evidence: tuple[ExpectedEvidence, ...]
    in_force: bool
    version: int

    @property
    def title(self) -> str:
        """How sentences call it."""
        return f"{self.campaign}·{self.milestone}" + (f"（{self.label}）" if self.label else "")


def load_obligation(
    connection: Connection, obligation_id: int, *, version: int | None = None, by: Actor = SYSTEM
) -> Obligation:
    """The obligation as it stands; refused when it changed since somebody saw `version`.

    Whoever may not see it learns nothing of it, not even whether it is there.
    """
    row = connection.execute(_WHOLE.where(obligation.c.id == obligation_id)).first()
    if row is None or not visible_units(by).sees(row.unit_id):
        raise NotFound(no_such_obligation(obligation_id))
    if version is not None and version != row.version:
        raise Changed(_CHANGED)
    return _obligation(row)


def no_such_obligation(obligation_id: int) -> str:
    """The sentence for a number that names nothing, or nothing that the person may see."""
    return f"没有编号为 {obligation_id} 的任务，或它不归您的单位，请在任务列表中查看编号。"


def obligation_facts(connection: Connection, one: Obligation) -> ObligationFacts:
    """The obligation with everybody who had a part in it, as the rules judge it."""
    submitters, reviewers, closers, passed = _people(connection, one)
    return ObligationFacts(
        state=one.state,
        unit_id=one.unit_id,
        state_before=one.state_before,
        review_levels=one.review_levels,
        submitters=submitters,
        reviewers=reviewers,
        closers=closers | _signed_by(connection, one.id),
        passed_by=passed,
        in_force=one.in_force,
    )


def change_obligation(connection: Connection, one: Obligation, **values: object) -> None:
    """Write the new values if nobody else changed the row since it was loaded, and refuse otherwise."""
    done = connection.execute(
        update(obligation)
        .where(obligation.c.id == one.id, obligation.c.version == one.version)
        .values(**values, version=obligation.c.version + 1)
    )
    if done.rowcount != 1:
        raise Changed(_CHANGED)


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


_CHANGED = "这项任务刚刚被别人改动，您的操作没有生效，请查看最新情况后再办。"

_WHOLE = (
    select(
        obligation,
        edition.c.name.label("campaign_name"),
        edition.c.state.label("edition_state"),
        milestone.c.title.label("milestone_title"),
        milestone.c.review_levels,
        milestone.c.body,
        point.c.label,
        unit.c.name.label("unit_name"),
    )
    .join_from(obligation, edition, edition.c.id == obligation.c.edition_id)
    .join(milestone, milestone.c.id == obligation.c.milestone_id)
    .join(point, point.c.id == obligation.c.point_id)
    .join(unit, unit.c.id == obligation.c.unit_id)
)


def _obligation(row: Row[Any]) -> Obligation:
    return Obligation(
        id=row.id,
        edition_id=row.edition_id,
        campaign=row.campaign_name,
        milestone=row.milestone_title,
        label=row.label,
        point_id=row.point_id,
        unit_id=row.unit_id,
        unit=row.unit_name,
        subject_id=row.subject_id,
        state=State(row.state),
        state_before=State(row.state_before) if row.state_before else None,
        due_on=row.due_on,
        hard_due_on=row.hard_due_on,
        submitted_on=row.submitted_on,
        late=bool(row.late),
        returned_times=row.returned_times,
        extended_times=row.extended_times,
        handler_id=row.handler_id,
        backup_id=row.backup_id,
        review_levels=row.review_levels,
        evidence=expected_evidence(row.body),
        in_force=row.edition_state in _IN_FORCE,
        version=row.version,
    )


def _people(
    connection: Connection, one: Obligation
) -> tuple[frozenset[int], frozenset[int], frozenset[int], tuple[int, ...]]:
    """Submitters, reviewers, those who declined to sign off, and who passed the newest submission so far."""
    rows = connection.execute(
        select(
            submission.c.id, submission.c.submitted_by, review.c.level, review.c.verdict, review.c.reviewed_by
        )
        .outerjoin(review, review.c.submission_id == submission.c.id)
        .where(submission.c.obligation_id == one.id)
        .order_by(submission.c.nth, review.c.level)
    ).all()
    reviews = [row for row in rows if row.reviewed_by is not None]
    newest = rows[-1].id if rows else None
    return (
        frozenset(row.submitted_by for row in rows),
        frozenset(row.reviewed_by for row in reviews if row.level <= one.review_levels),
        frozenset(row.reviewed_by for row in reviews if row.level > one.review_levels),
        tuple(row.reviewed_by for row in reviews if row.id == newest and row.verdict == "passed"),
    )


def _signed_by(connection: Connection, obligation_id: int) -> frozenset[int]:
    rows = connection.execute(select(sign_off.c.signed_by).where(sign_off.c.obligation_id == obligation_id))
    return frozenset(row.signed_by for row in rows)


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


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


def insert_extension(connection: Connection, **values: object) -> int:
    """A request for more time: obligation_id, asked_by, asked_at, reason, progress, wanted_on."""
    return _insert(connection, extension, **values)


def set_extension_decision(connection: Connection, extension_id: int, **values: object) -> None:
    """The answer to it: decided_by, decided_at, verdict, granted_on, previous_due_on, reply."""
    connection.execute(update(extension).where(extension.c.id == extension_id).values(**values))


def open_suspension(connection: Connection, obligation_id: int) -> OpenSuspension | None:
    """The suspension under way."""
    row = connection.execute(
        select(suspension.c.id, suspension.c.suspended_on)
        .where(suspension.c.obligation_id == obligation_id, suspension.c.resumed_on.is_(None))
        .order_by(suspension.c.id.desc())
    ).first()
    return OpenSuspension(**row._mapping) if row else None


def insert_suspension(connection: Connection, **values: object) -> int:
    """obligation_id, reason, authority, suspended_by, suspended_on."""
    return _insert(connection, suspension, **values)


def end_suspension(connection: Connection, suspension_id: int, *, by: int | None, on: date) -> None:
    """The clock runs again."""
    connection.execute(
        update(suspension).where(suspension.c.id == suspension_id).values(resumed_by=by, resumed_on=on)
    )


def insert_waiver(connection: Connection, **values: object) -> int:
    """obligation_id, reason, authority, waived_by, waived_at."""
    return _insert(connection, waiver, **values)


def insert_sign_off(connection: Connection, **values: object) -> int:
    """obligation_id, signed_by, signed_at, note."""
    return _insert(connection, sign_off, **values)


def insert_spot_check(connection: Connection, **values: object) -> int:
    """obligation_id, checked_by, checked_at, passed, finding."""
    return _insert(connection, spot_check, **values)


def insert_forwarding(connection: Connection, **values: object) -> int:
    """obligation_id, point_id, from_unit_id, to_unit_id, reason, forwarded_by, forwarded_at."""
    return _insert(connection, forwarding, **values)


def forwarded_by_unit(connection: Connection, obligation_id: int, unit_id: int) -> bool:
    """Whether the unit has had the obligation and given it on."""
    found = select(forwarding.c.id).where(
        forwarding.c.obligation_id == obligation_id, forwarding.c.from_unit_id == unit_id
    )
    return connection.execute(found).first() is not None


def owes_already(connection: Connection, *, point_id: int, unit_id: int, subject_id: int) -> bool:
    """Whether the unit has its own obligation for the same point."""
    found = select(obligation.c.id).where(
        obligation.c.point_id == point_id,
        obligation.c.unit_id == unit_id,
        obligation.c.subject_id == subject_id,
    )
    return connection.execute(found).first() is not None


def hand_over(connection: Connection, *, unit_id: int, from_id: int, to_id: int) -> int:
    """Give everything on one handler's desk to another of the same unit, in two statements; returns how many."""
    desk = (obligation.c.unit_id == unit_id, obligation.c.state.in_(_ON_THE_DESK))
    bump = {"version": obligation.c.version + 1}
    # Whoever takes over cannot be his own backup.
    handled = connection.execute(
        update(obligation)
        .where(*desk, obligation.c.handler_id == from_id)
        .values(handler_id=to_id, backup_id=func.nullif(obligation.c.backup_id, to_id), **bump)
    )
    backed = connection.execute(
        update(obligation)
        .where(*desk, obligation.c.backup_id == from_id)
        .values(backup_id=func.nullif(to_id, obligation.c.handler_id), **bump)
    )
    return int(handled.rowcount + backed.rowcount)


def insert_handover(connection: Connection, **values: object) -> int:
    """unit_id, from_person_id, to_person_id, handed_by, handed_at, obligations."""
    return _insert(connection, handover, **values)


def _insert(connection: Connection, table: Table, **values: object) -> int:
    key = connection.execute(table.insert().values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


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
