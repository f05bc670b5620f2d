"""One act on many obligations: rows are chosen and written by set statements, never one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Select,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

from office.store.tables import obligation, suspension, waiver
from rules.moves import State

_ROW = obligation.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A whole edition, a whole unit, one within the other, or chosen obligations; something of it is given."""

    edition_id: int | None = None
    unit_id: int | None = None
    obligation_ids: tuple[int, ...] = ()

    @property
    def bounded(self) -> bool:
        return self.edition_id is not None or self.unit_id is not None or bool(self.obligation_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedGroup:
    """Suspended obligations that share their dates: they get the same new date when they are resumed."""

    due_on: date
    hard_due_on: date | None
    suspended_on: date
    obligations: int


def count_by_state(connection: Connection, scope: Scope) -> dict[State, int]:
    """How many obligations of the scope are in each state."""
    rows = connection.execute(
        select(_ROW.state, func.count().label("n")).where(*_within(scope)).group_by(_ROW.state)
    )
    return {State(row.state): row.n for row in rows}


def waive(
    connection: Connection,
    scope: Scope,
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


def suspend(
    connection: Connection,
    scope: Scope,
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


def stopped_groups(connection: Connection, scope: Scope) -> tuple[StoppedGroup, ...]:
    """The suspended obligations of the scope by their dates."""
    rows = connection.execute(
        select(_ROW.due_on, _ROW.hard_due_on, suspension.c.suspended_on, func.count().label("obligations"))
        .join_from(obligation, suspension, suspension.c.obligation_id == _ROW.id)
        .where(*_within(scope), _ROW.state == State.SUSPENDED.value, suspension.c.resumed_on.is_(None))
        .group_by(_ROW.due_on, _ROW.hard_due_on, suspension.c.suspended_on)
    )
    return tuple(StoppedGroup(**row._mapping) for row in rows)


def resume(connection: Connection, scope: Scope, group: StoppedGroup, *, due_on: date) -> int:
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


def end_suspensions(connection: Connection, scope: Scope, *, by: int, on: date) -> None:
    """Close the suspensions of the scope whose obligations run again."""
    running = _ROW.state != State.SUSPENDED.value
    connection.execute(
        update(suspension)
        .where(suspension.c.resumed_on.is_(None), suspension.c.obligation_id.in_(_ids(scope, running)))
        .values(resumed_by=by, resumed_on=on)
    )


def _within(scope: Scope) -> list[ColumnElement[bool]]:
    wanted = ((_ROW.edition_id, scope.edition_id), (_ROW.unit_id, scope.unit_id))
    conditions: list[ColumnElement[bool]] = [column == value for column, value in wanted if value is not None]
    if scope.obligation_ids:
        conditions.append(_ROW.id.in_(scope.obligation_ids))
    return conditions


def _chosen(scope: Scope, states: Iterable[State], *facts: ColumnElement[Any]) -> Select[Any]:
    # Locked on PostgreSQL, so that nobody moves a chosen row before it is changed; SQLite has one writer.
    return (
        select(_ROW.id, *facts)
        .where(*_within(scope), _ROW.state.in_([state.value for state in states]))
        .with_for_update(of=obligation)
    )


def _ids(scope: Scope, condition: ColumnElement[bool]) -> Select[Any]:
    return select(_ROW.id).where(*_within(scope), condition)


def _stopped() -> ColumnElement[bool]:
    return (
        select(suspension.c.id)
        .where(suspension.c.obligation_id == _ROW.id, suspension.c.resumed_on.is_(None))
        .exists()
    )


def _set(
    connection: Connection,
    scope: Scope,
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
