"""Reminders: groups of obligations to decide on, and what was decided written in sets.

The cost of planning is one statement per group and rung, never one per obligation. Joining all groups in a single
statement through a temporary table was tried and took 1.3 times as long on SQLite, which looks each row up in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, literal, null, select

from office.store.conflicts import insert
from office.store.tables import dispatch, obligation, reminder, unit
from rules.ladder import RungKind
from rules.moves import OPEN
from rules.rungs import Owed

# SQLAlchemy forgets how many rows an INSERT wrote unless it is asked to remember.
_COUNTED = {"preserve_rowcount": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Open obligations of one edition that are decided on together."""

    state: str
    ladder: str
    due_on: date
    opened_on: date
    obligations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a group is owed. `again`: obligations of it may have been handed out before, for another due date."""

    group: Group
    owed: Owed
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Rows that are new."""

    planned: int
    superseded: int


def open_groups(connection: Connection, edition_id: int) -> tuple[Group, ...]:
    """Answered by one index, whose order is the order of the columns."""
    keys = (obligation.c.state, obligation.c.ladder, obligation.c.due_on, obligation.c.opened_on)
    found = connection.execute(
        select(*keys, func.count().label("obligations"))
        .where(obligation.c.edition_id == edition_id, obligation.c.state.in_(sorted(OPEN)))
        .group_by(*keys)
        .order_by(*keys)
    )
    return tuple(Group(**row._mapping) for row in found)


def write_reminders(
    connection: Connection,
    decisions: Sequence[Decision],
    *,
    edition_id: int,
    coordinator_unit_id: int,
    round_id: int,
    day: date,
) -> Written:
    """One row per obligation and rung that has none yet.

    An escalation is told to the superior of the unit, or to the edition's coordinator where it has none. A unit
    whose digest of the day has already left is left out: the next round finds it still owed.
    """
    to = _To(round_id=round_id, edition_id=edition_id, coordinator_unit_id=coordinator_unit_id)
    left = _left(day) if _any_left(connection, day) else None
    planned = superseded = 0
    for decision in decisions:
        new, older = _write_group(connection, decision, to, left)
        planned, superseded = planned + new, superseded + older
    return Written(planned=planned, superseded=superseded)


@dataclass(frozen=True, slots=True, kw_only=True)
class _To:
    """Where rows belong, the same for all groups of an edition."""

    round_id: int
    edition_id: int
    coordinator_unit_id: int


def _write_group(
    connection: Connection, decision: Decision, to: _To, left: ColumnElement[Any] | None
) -> tuple[int, int]:
    owed, group = decision.owed, decision.group
    assert owed.current is not None, "groups that are owed nothing are not written"
    rung = owed.current.rung
    rows = _rows(group, to, key=rung.key, kind=rung.kind, cause=None, left=left)
    if rung.kind is RungKind.ASSIGN and decision.again:
        rows = rows.where(~_had(rung.key))
    new = _write(connection, rows)
    if not new:
        return 0, 0
    older = 0
    for passed in owed.superseded:
        fire = passed.fire
        row = _rows(group, to, key=fire.rung.key, kind=fire.rung.kind, cause=passed.cause, left=left)
        older += _write(connection, row)
    return new, older


def _write(connection: Connection, rows: Select[Any]) -> int:
    names = [column.name for column in rows.selected_columns]
    statement = insert(connection, reminder).from_select(names, rows).on_conflict_do_nothing()
    return int(connection.execute(statement, execution_options=_COUNTED).rowcount)


def _rows(
    group: Group, to: _To, *, key: str, kind: RungKind, cause: str | None, left: ColumnElement[Any] | None
) -> Select[Any]:
    superior = func.coalesce(unit.c.parent_id, to.coordinator_unit_id)
    target = superior if kind is RungKind.ESCALATE else obligation.c.unit_id
    rows = select(
        obligation.c.id.label("obligation_id"),
        literal(key).label("rung"),
        obligation.c.due_on,
        literal(kind.value).label("kind"),
        literal(to.round_id).label("round_id"),
        target.label("target_unit_id"),
        literal("planned" if cause is None else "superseded").label("status"),
        (null() if cause is None else literal(cause)).label("cause"),
    ).where(
        obligation.c.edition_id == to.edition_id,
        obligation.c.state == group.state,
        obligation.c.ladder == group.ladder,
        obligation.c.due_on == group.due_on,
        obligation.c.opened_on == group.opened_on,
    )
    if kind is RungKind.ESCALATE:
        rows = rows.join_from(obligation, unit, unit.c.id == obligation.c.unit_id)
    return rows if left is None else rows.where(target.not_in(left))


def _had(rung: str) -> ColumnElement[bool]:
    """Handing out is done once: a date that moves later is told as a change, not as a new matter."""
    earlier = reminder.alias()
    same = (earlier.c.obligation_id == obligation.c.id, earlier.c.rung == rung)
    return exists(select(earlier.c.rung).where(*same).correlate(obligation))


def _gone(day: date) -> ColumnElement[bool]:
    return and_(dispatch.c.day == day, dispatch.c.kind == "digest", dispatch.c.status != "pending")


def _any_left(connection: Connection, day: date) -> bool:
    return connection.scalar(select(dispatch.c.id).where(_gone(day)).limit(1)) is not None


def _left(day: date) -> Any:
    return select(dispatch.c.unit_id).where(_gone(day))
