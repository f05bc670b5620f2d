"""Temporary tables in which an edition is staged: its points, the sets of units that lead them, their targets.

Milestones that share their leads share one set, so that a hundred thousand units are written once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    and_,
    case,
    exists,
    literal,
    or_,
    select,
)

from duban.core.db import Amount, Id, upsert
from duban.obligations.states import NOT_STARTED, OPEN, WAITING, State
from duban.obligations.tables import forwarding, obligation
from duban.rosters.tables import subject
from duban.rounds.tables import reminder

_temporary = MetaData()
staged_point = Table(
    "staged_point",
    _temporary,
    Column("point_id", Id, primary_key=True, autoincrement=False),
    Column("milestone_id", Id, nullable=False),
    Column("set_no", Integer, nullable=False),
    Column("added_set_no", Integer),
    Column("per_subject", Boolean, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("hard_due_on", Date),
    Column("moved", Boolean, nullable=False),
    Column("shifted", Boolean, nullable=False),
    Column("previous_due_on", Date),
    Column("previous_last_workday", Date),
    Column("previous_provisional", Boolean),
    prefixes=["TEMPORARY"],
)
staged_lead = Table(
    "staged_lead",
    _temporary,
    Column("set_no", Integer, primary_key=True, autoincrement=False),
    Column("unit_id", Id, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)
staged_target = Table(
    "staged_target",
    _temporary,
    Column("milestone_id", Id, primary_key=True, autoincrement=False),
    Column("unit_id", Id, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("value", Amount),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedPoint:
    """One point in force. `set_no` names its leads, `added_set_no` those of them that are newly its leads.

    `moved`: its due date or its wall changed; `shifted`: its due date or the last workday before it.
    """

    point_id: int
    milestone_id: int
    set_no: int
    added_set_no: int | None
    per_subject: bool
    opened_on: date
    due_on: date
    hard_due_on: date | None
    moved: bool = False
    shifted: bool = False
    previous_due_on: date | None = None
    previous_last_workday: date | None = None
    previous_provisional: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedTarget:
    """The target of one unit in one milestone; `value` is exact text."""

    milestone_id: int
    unit_id: int
    state: str
    value: str | None


@contextmanager
def stage(
    connection: Connection,
    points: Sequence[StagedPoint],
    leads: Sequence[Sequence[int]],
    targets: Sequence[StagedTarget],
) -> Iterator[None]:
    """Stage an edition; `leads[n]` are the units of set number n."""
    _temporary.create_all(connection, checkfirst=False)
    names = staged_point.c.keys()
    _many(connection, staged_point, [{name: getattr(one, name) for name in names} for one in points])
    _many(connection, staged_lead, [{"set_no": n, "unit_id": u} for n, s in enumerate(leads) for u in s])
    names = staged_target.c.keys()
    _many(connection, staged_target, [{name: getattr(one, name) for name in names} for one in targets])
    yield
    # After a failure the transaction is taken back, and these tables with it.
    _temporary.drop_all(connection, checkfirst=False)


def _many(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(table.insert(), rows)


def insert_for_units(connection: Connection, *, edition_id: int, ladder: str, flow_run_id: str | None) -> int:
    """One obligation for each point and lead that has none; returns how many are new."""
    chosen = (
        _columns(edition_id, ladder, flow_run_id, staged_lead.c.unit_id, literal(0))
        .join_from(staged_point, staged_lead, staged_lead.c.set_no == staged_point.c.set_no)
        .join(staged_target, _own_target(staged_lead.c.unit_id), isouter=True)
        .where(~staged_point.c.per_subject, ~_forwarded(staged_lead.c.unit_id, literal(0)))
    )
    return _insert(connection, chosen)


def insert_for_subjects(
    connection: Connection, *, edition_id: int, roster_id: int, ladder: str, flow_run_id: str | None
) -> int:
    """One obligation for each point that is per subject and each subject in scope; returns how many are new."""
    chosen = (
        _columns(edition_id, ladder, flow_run_id, subject.c.unit_id, subject.c.id)
        .join_from(staged_point, subject, subject.c.roster_id == roster_id)
        .join(staged_target, _own_target(subject.c.unit_id), isouter=True)
        .where(
            staged_point.c.per_subject,
            subject.c.in_scope == 1,
            ~_forwarded(subject.c.unit_id, subject.c.id),
        )
    )
    return _insert(connection, chosen)


_TARGETS = (
    "edition_id",
    "milestone_id",
    "point_id",
    "unit_id",
    "subject_id",
    "ladder",
    "opened_on",
    "due_on",
    "hard_due_on",
    "state",
    "target_state",
    "target",
    "flow_run_id",
)


def _columns(
    edition_id: int,
    ladder: str,
    flow_run_id: str | None,
    unit_id: ColumnElement[Any],
    subject_id: ColumnElement[Any],
) -> Select[Any]:
    """What is written for one obligation, in the order of `_TARGETS`."""
    return select(
        literal(edition_id),
        staged_point.c.milestone_id,
        staged_point.c.point_id,
        unit_id,
        subject_id,
        literal(ladder),
        staged_point.c.opened_on,
        staged_point.c.due_on,
        staged_point.c.hard_due_on,
        literal(State.ASSIGNED.value),
        staged_target.c.state,
        staged_target.c.value,
        literal(flow_run_id, String(36)),
    )


def _own_target(unit_id: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(
        staged_target.c.milestone_id == staged_point.c.milestone_id, staged_target.c.unit_id == unit_id
    )


def _forwarded(unit_id: ColumnElement[Any], subject_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the unit has handed this very obligation to the unit that really owes it."""
    other = obligation.alias()
    return exists().where(
        forwarding.c.point_id == staged_point.c.point_id,
        forwarding.c.from_unit_id == unit_id,
        other.c.id == forwarding.c.obligation_id,
        other.c.subject_id == subject_id,
    )


def _insert(connection: Connection, chosen: Select[Any]) -> int:
    statement = upsert(connection, obligation).from_select(list(_TARGETS), chosen).on_conflict_do_nothing()
    # Without this PostgreSQL's answer is thrown away before it can be asked.
    return int(connection.execute(statement.execution_options(preserve_rowcount=True)).rowcount)


# What a calendar may still change or take back: not what is closed, nor what a person has waived or cancelled.
CHANGEABLE = tuple(sorted(state.value for state in OPEN | NOT_STARTED | {State.SUSPENDED}))
_WAITING = tuple(sorted(state.value for state in WAITING))
_OPEN = tuple(sorted(state.value for state in OPEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedItem:
    """One obligation whose unit has to be told that its date moved."""

    unit_id: int
    obligation_id: int
    previous_due_on: date
    previous_last_workday: date
    previous_provisional: bool


def cancel_gone(connection: Connection, *, edition_id: int) -> int:
    """Cancel what the file no longer asks for and nobody has finished; returns how many."""
    point_stands = exists().where(staged_point.c.point_id == obligation.c.point_id)
    lead_stands = exists().where(
        staged_point.c.point_id == obligation.c.point_id,
        staged_lead.c.set_no == staged_point.c.set_no,
        staged_lead.c.unit_id == obligation.c.unit_id,
    )
    was_forwarded = exists().where(forwarding.c.obligation_id == obligation.c.id)
    statement = (
        obligation.update()
        .where(
            obligation.c.edition_id == edition_id,
            obligation.c.state.in_(CHANGEABLE),
            or_(~point_stands, and_(obligation.c.subject_id == 0, ~lead_stands, ~was_forwarded)),
        )
        .values(state=State.CANCELLED.value, version=obligation.c.version + 1)
    )
    return int(connection.execute(statement).rowcount)


def revive_returned(connection: Connection, *, today: date) -> int:
    """Owe again what was cancelled because the file had dropped it and now names it again."""
    returned = exists().where(
        staged_lead.c.set_no == staged_point.c.added_set_no, staged_lead.c.unit_id == obligation.c.unit_id
    )
    statement = (
        obligation.update()
        .where(
            obligation.c.point_id == staged_point.c.point_id,
            obligation.c.state == State.CANCELLED.value,
            or_(staged_point.c.per_subject, returned),
            staged_point.c.added_set_no.is_not(None),
        )
        .values(
            state=State.ASSIGNED.value,
            opened_on=case((staged_point.c.opened_on > today, staged_point.c.opened_on), else_=today),
            due_on=staged_point.c.due_on,
            hard_due_on=staged_point.c.hard_due_on,
            version=obligation.c.version + 1,
        )
    )
    return int(connection.execute(statement).rowcount)


def move_dates(connection: Connection) -> int:
    """Give open obligations the new dates of their points; returns how many due dates moved.

    What was extended keeps its own date, but never past the new wall. What waits for review takes a later date only:
    a unit that handed in on time must not become late by a change of the calendar.
    """
    here = and_(obligation.c.point_id == staged_point.c.point_id, staged_point.c.moved)
    untouched = and_(obligation.c.extended_times == 0, obligation.c.due_on == staged_point.c.previous_due_on)
    may = or_(
        obligation.c.state.in_(CHANGEABLE),
        and_(obligation.c.state.in_(_WAITING), staged_point.c.due_on > obligation.c.due_on),
    )
    walls = (
        obligation.update()
        .where(here, ~untouched, obligation.c.state.in_(CHANGEABLE + _WAITING))
        .values(
            hard_due_on=staged_point.c.hard_due_on,
            due_on=case(
                (obligation.c.due_on > staged_point.c.hard_due_on, staged_point.c.hard_due_on),
                else_=obligation.c.due_on,
            ),
            version=obligation.c.version + 1,
        )
    )
    dates = (
        obligation.update()
        .where(here, untouched, may)
        .values(
            due_on=staged_point.c.due_on,
            hard_due_on=staged_point.c.hard_due_on,
            version=obligation.c.version + 1,
        )
    )
    connection.execute(walls)
    return int(connection.execute(dates).rowcount)


def retarget(connection: Connection) -> int:
    """Give unfinished obligations the target the file now states; returns how many changed."""
    changed = or_(
        obligation.c.target.is_distinct_from(staged_target.c.value),
        obligation.c.target_state.is_distinct_from(staged_target.c.state),
    )
    statement = (
        obligation.update()
        .where(
            obligation.c.milestone_id == staged_target.c.milestone_id,
            obligation.c.unit_id == staged_target.c.unit_id,
            obligation.c.state.in_(CHANGEABLE + _WAITING),
            changed,
        )
        .values(
            target=staged_target.c.value,
            target_state=staged_target.c.state,
            version=obligation.c.version + 1,
        )
    )
    return int(connection.execute(statement).rowcount)


def moved_items(connection: Connection, *, opened_by: date | None) -> Iterator[MovedItem]:
    """Open obligations whose shown date moved, by unit and date: those a reminder had gone out for, and with
    `opened_by` also all that were already owed on that day."""
    told = exists().where(reminder.c.obligation_id == obligation.c.id, reminder.c.status == "planned")
    wanted: ColumnElement[bool] = told
    if opened_by is not None:
        wanted = or_(told, obligation.c.opened_on <= opened_by)
    rows = connection.execute(
        select(
            obligation.c.unit_id,
            obligation.c.id.label("obligation_id"),
            staged_point.c.previous_due_on,
            staged_point.c.previous_last_workday,
            staged_point.c.previous_provisional,
        )
        .join_from(obligation, staged_point, obligation.c.point_id == staged_point.c.point_id)
        .where(
            staged_point.c.shifted,
            obligation.c.state.in_(_OPEN),
            obligation.c.due_on == staged_point.c.due_on,
            obligation.c.extended_times == 0,
            wanted,
        )
        .order_by(obligation.c.unit_id, obligation.c.due_on, obligation.c.id)
    )
    for row in rows:
        yield MovedItem(**row._mapping)


def cancel_edition(connection: Connection, *, edition_id: int) -> int:
    """Cancel everything of an edition that nobody has finished; returns how many."""
    statement = (
        obligation.update()
        .where(obligation.c.edition_id == edition_id, obligation.c.state.in_(CHANGEABLE))
        .values(state=State.CANCELLED.value, version=obligation.c.version + 1)
    )
    return int(connection.execute(statement).rowcount)
