"""The obligations of an edition, written in sets from temporary tables in which it is staged: its points, the sets of
units that lead them, their targets.

Milestones that share their leads share one set, so that a hundred thousand units are written once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    true,
)

from calendars.model import TargetState
from duban.core.db import Amount, Id, upsert
from duban.editions.tables import event_date, milestone_support
from duban.obligations.states import NOT_STARTED, OPEN, WAITING, State
from duban.obligations.support_rules import UNANSWERED, SupportState
from duban.obligations.tables import forwarding, obligation, support_duty
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
    Column("ladder", String(32), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("hard_due_on", Date),
    Column("moved", Boolean, nullable=False),
    Column("shifted", Boolean, nullable=False),
    Column("previous_due_on", Date),
    Column("previous_last_workday", Date),
    Column("previous_provisional", Boolean),
    Column("event_on", Date),
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
    ladder: str
    opened_on: date
    due_on: date
    hard_due_on: date | None
    moved: bool = False
    shifted: bool = False
    previous_due_on: date | None = None
    previous_last_workday: date | None = None
    previous_provisional: bool | None = None
    event_on: date | None = None


@contextmanager
def stage(
    connection: Connection,
    points: Sequence[StagedPoint],
    leads: Iterable[Sequence[int]] = (),
    targets: Sequence[Mapping[str, Any]] = (),
) -> Iterator[None]:
    """Stage an edition; the n-th of `leads` are the units of set number n, `targets` rows of `staged_target`."""
    _temporary.create_all(connection, checkfirst=False)
    rows: dict[Table, Sequence[Mapping[str, Any]]] = {
        staged_point: [
            {name: getattr(one, name) for name in StagedPoint.__dataclass_fields__} for one in points
        ],
        staged_lead: [{"set_no": n, "unit_id": one} for n, some in enumerate(leads) for one in some],
        staged_target: targets,
    }
    for table, some in rows.items():
        if some:
            connection.execute(table.insert(), some)
    yield
    # After a failure the transaction is taken back, and these tables with it.
    _temporary.drop_all(connection, checkfirst=False)


def insert_for_units(connection: Connection, *, edition_id: int, flow_run_id: str | None) -> int:
    """One obligation for each point and lead that has none; returns how many are new."""
    chosen = (
        _owed(edition_id, flow_run_id, staged_lead.c.unit_id, literal(0))
        .join_from(staged_point, staged_lead, staged_lead.c.set_no == staged_point.c.set_no)
        .join(staged_target, _own_target(staged_lead.c.unit_id), isouter=True)
        .where(~staged_point.c.per_subject)
    )
    return _insert(connection, chosen)


def insert_for_subjects(
    connection: Connection, *, edition_id: int, roster_id: int, flow_run_id: str | None
) -> int:
    """One obligation for each point that is per subject and each subject in scope; returns how many are new."""
    chosen = (
        _owed(edition_id, flow_run_id, subject.c.unit_id, subject.c.id)
        .join_from(staged_point, subject, subject.c.roster_id == roster_id)
        .join(staged_target, _own_target(subject.c.unit_id), isouter=True)
        .where(staged_point.c.per_subject, subject.c.in_scope == 1, _on_its_day(subject.c.id))
    )
    return _insert(connection, chosen)


def write_duties(connection: Connection, *, edition_id: int, flow_run_id: str | None) -> tuple[int, int]:
    """One duty for each staged point and unit that supports there, and no more for others: (new or asked again,
    withdrawn). What was reported stays.
    """
    stands = exists().where(
        staged_point.c.point_id == support_duty.c.point_id,
        milestone_support.c.milestone_id == staged_point.c.milestone_id,
        milestone_support.c.unit_id == support_duty.c.unit_id,
    )
    withdrawn = withdraw_duties(connection, edition_id, ~stands)
    again = (
        support_duty.update()
        .where(
            support_duty.c.point_id == staged_point.c.point_id,
            support_duty.c.state == SupportState.WITHDRAWN.value,
            stands,
        )
        .values(
            state=SupportState.PENDING.value,
            opened_on=staged_point.c.opened_on,
            version=support_duty.c.version + 1,
        )
    )
    new = select(
        literal(edition_id).label("edition_id"),
        staged_point.c.point_id,
        milestone_support.c.unit_id,
        staged_point.c.opened_on,
        literal(SupportState.PENDING.value).label("state"),
        literal(flow_run_id, String(36)).label("flow_run_id"),
    ).join_from(
        staged_point, milestone_support, milestone_support.c.milestone_id == staged_point.c.milestone_id
    )
    return int(connection.execute(again).rowcount) + _insert(connection, new, support_duty), withdrawn


def withdraw_duties(connection: Connection, edition_id: int, *where: ColumnElement[bool]) -> int:
    """Ask of nobody any more what nobody has reported; returns how many."""
    gone = support_duty.update().where(
        support_duty.c.edition_id == edition_id, support_duty.c.state.in_(sorted(UNANSWERED)), *where
    )
    values = {"state": SupportState.WITHDRAWN.value, "version": support_duty.c.version + 1}
    return int(connection.execute(gone.values(**values)).rowcount)


def _on_its_day(subject_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """A point that is counted from an event is owed by the subjects of that day alone."""
    own = exists().where(
        event_date.c.milestone_id == staged_point.c.milestone_id,
        event_date.c.subject_id == subject_id,
        event_date.c.event_on == staged_point.c.event_on,
    )
    return or_(staged_point.c.event_on.is_(None), own)


def _owed(
    edition_id: int,
    flow_run_id: str | None,
    unit_id: ColumnElement[Any],
    subject_id: ColumnElement[Any],
) -> Select[Any]:
    """What is written for one obligation, unless the unit has handed this very obligation to the one that owes it, or
    its cell says "--": then it owes nothing.
    """
    other = obligation.alias()
    forwarded = exists().where(
        forwarding.c.point_id == staged_point.c.point_id,
        forwarding.c.from_unit_id == unit_id,
        other.c.id == forwarding.c.obligation_id,
        other.c.subject_id == subject_id,
    )
    return select(
        literal(edition_id).label("edition_id"),
        staged_point.c.milestone_id,
        staged_point.c.point_id,
        unit_id.label("unit_id"),
        subject_id.label("subject_id"),
        staged_point.c.ladder,
        staged_point.c.opened_on,
        staged_point.c.due_on,
        staged_point.c.hard_due_on,
        _begins().label("state"),
        staged_target.c.state.label("target_state"),
        staged_target.c.value.label("target"),
        literal(flow_run_id, String(36)).label("flow_run_id"),
    ).where(~forwarded, staged_target.c.state.is_distinct_from(TargetState.NONE.value))


def _begins() -> ColumnElement[str]:
    """A cell that the source leaves blank waits for a person; everything else is handed out."""
    blank = (staged_target.c.state == TargetState.BLANK.value, State.REGISTERED.value)
    return case(blank, else_=State.ASSIGNED.value)


def _own_target(unit_id: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(
        staged_target.c.milestone_id == staged_point.c.milestone_id, staged_target.c.unit_id == unit_id
    )


def _insert(connection: Connection, chosen: Select[Any], into: Table = obligation) -> int:
    names = [column.name for column in chosen.selected_columns]
    # Without a condition SQLite reads the ON of the conflict as one of the join.
    statement = upsert(connection, into).from_select(names, chosen.where(true())).on_conflict_do_nothing()
    # Without this PostgreSQL's answer is thrown away before it can be asked.
    return int(connection.execute(statement.execution_options(preserve_rowcount=True)).rowcount)


# What a calendar may still change or take back: not what is closed, nor what a person has waived or cancelled.
CHANGEABLE = sorted(OPEN | NOT_STARTED | {State.SUSPENDED})
_WAITING = sorted(WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedItem:
    """One obligation whose unit has to be told that its date moved."""

    unit_id: int
    obligation_id: int
    previous_due_on: date
    previous_last_workday: date
    previous_provisional: bool


def _change(connection: Connection, *where: ColumnElement[bool], **values: Any) -> int:
    """One statement; returns how many obligations it changed."""
    statement = obligation.update().where(*where).values(**values, version=obligation.c.version + 1)
    return int(connection.execute(statement).rowcount)


def cancel_edition(connection: Connection, *, edition_id: int) -> int:
    """Cancel everything of an edition that nobody has finished; returns how many."""
    here = (obligation.c.edition_id == edition_id, obligation.c.state.in_(CHANGEABLE))
    return _change(connection, *here, state=State.CANCELLED.value)


def cancel_gone(connection: Connection, *, edition_id: int) -> int:
    """Cancel what the file no longer asks for and nobody has finished; returns how many."""
    point_stands = exists().where(staged_point.c.point_id == obligation.c.point_id)
    lead_stands = exists().where(
        staged_point.c.point_id == obligation.c.point_id,
        staged_lead.c.set_no == staged_point.c.set_no,
        staged_lead.c.unit_id == obligation.c.unit_id,
    )
    not_its_day = exists().where(
        staged_point.c.point_id == obligation.c.point_id, ~_on_its_day(obligation.c.subject_id)
    )
    was_forwarded = exists().where(forwarding.c.obligation_id == obligation.c.id)
    return _change(
        connection,
        obligation.c.edition_id == edition_id,
        obligation.c.state.in_(CHANGEABLE),
        or_(
            ~point_stands,
            and_(obligation.c.subject_id == 0, ~lead_stands, ~was_forwarded),
            and_(obligation.c.subject_id != 0, not_its_day),
        ),
        state=State.CANCELLED.value,
    )


def cancel_unowed(connection: Connection) -> int:
    """Cancel what nobody has finished and the file now marks "--"; returns how many."""
    return _change(
        connection,
        *_staged_cell(TargetState.NONE),
        obligation.c.state.in_(CHANGEABLE),
        state=State.CANCELLED.value,
        target=None,
        target_state=TargetState.NONE.value,
    )


def _staged_cell(*states: TargetState) -> tuple[ColumnElement[bool], ...]:
    return (
        obligation.c.milestone_id == staged_target.c.milestone_id,
        obligation.c.unit_id == staged_target.c.unit_id,
        staged_target.c.state.in_([state.value for state in states]),
    )


def open_decided(connection: Connection, *, today: date) -> int:
    """Hand out what waited for a person and now has a target in the file; returns how many."""
    return _change(
        connection,
        obligation.c.point_id == staged_point.c.point_id,
        obligation.c.state == State.REGISTERED.value,
        obligation.c.target_state.is_distinct_from(TargetState.BLANK.value),
        state=State.ASSIGNED.value,
        opened_on=_opened_from(today),
    )


def _opened_from(today: date) -> ColumnElement[date]:
    return case((staged_point.c.opened_on > today, staged_point.c.opened_on), else_=today)


def revive_returned(connection: Connection, *, today: date) -> int:
    """Owe again what was cancelled because the file had dropped it, or marked it "--", and now names it again."""
    returned = exists().where(
        staged_lead.c.set_no == staged_point.c.added_set_no, staged_lead.c.unit_id == obligation.c.unit_id
    )
    subjects = and_(staged_point.c.per_subject, _on_its_day(obligation.c.subject_id))
    dropped = and_(staged_point.c.added_set_no.is_not(None), or_(subjects, returned))
    stands = exists().where(
        staged_lead.c.set_no == staged_point.c.set_no, staged_lead.c.unit_id == obligation.c.unit_id
    )
    unowed = and_(obligation.c.target_state == TargetState.NONE.value, stands)
    blank, none = (exists().where(*_staged_cell(one)) for one in (TargetState.BLANK, TargetState.NONE))
    return _change(
        connection,
        obligation.c.point_id == staged_point.c.point_id,
        obligation.c.state == State.CANCELLED.value,
        or_(dropped, unowed),
        ~none,
        state=case((blank, State.REGISTERED.value), else_=State.ASSIGNED.value),
        opened_on=_opened_from(today),
        due_on=staged_point.c.due_on,
        hard_due_on=staged_point.c.hard_due_on,
    )


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
    wall = staged_point.c.hard_due_on
    _change(
        connection,
        here,
        ~untouched,
        obligation.c.state.in_(CHANGEABLE + _WAITING),
        hard_due_on=wall,
        due_on=case((obligation.c.due_on > wall, wall), else_=obligation.c.due_on),
    )
    return _change(connection, here, untouched, may, due_on=staged_point.c.due_on, hard_due_on=wall)


def retarget(connection: Connection) -> int:
    """Give unfinished obligations the target the file now states; returns how many changed. What a person has decided
    about a blank cell stays, and so does what stood in a cell before.
    """
    decided = and_(
        staged_target.c.state == TargetState.BLANK.value,
        obligation.c.target_state.is_distinct_from(TargetState.BLANK.value),
        obligation.c.target_state.is_not(None),
    )
    return _change(
        connection,
        obligation.c.milestone_id == staged_target.c.milestone_id,
        obligation.c.unit_id == staged_target.c.unit_id,
        staged_target.c.state != TargetState.NONE.value,
        ~decided,
        obligation.c.state.in_(CHANGEABLE + _WAITING),
        or_(
            obligation.c.target.is_distinct_from(staged_target.c.value),
            obligation.c.target_state.is_distinct_from(staged_target.c.state),
        ),
        target=staged_target.c.value,
        target_state=staged_target.c.state,
    )


def change_ladders(connection: Connection) -> int:
    """Remind of unfinished obligations by the ladder the file now states; returns how many changed."""
    return _change(
        connection,
        obligation.c.point_id == staged_point.c.point_id,
        obligation.c.state.in_(CHANGEABLE + _WAITING),
        obligation.c.ladder != staged_point.c.ladder,
        ladder=staged_point.c.ladder,
    )


def moved_items(connection: Connection, *, opened_by: date | None) -> tuple[MovedItem, ...]:
    """Open obligations whose shown date moved, by unit and date: those a reminder had gone out for, and with
    `opened_by` also all that were already owed on that day."""
    told: ColumnElement[bool] = exists().where(
        reminder.c.obligation_id == obligation.c.id, reminder.c.status == "planned"
    )
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
            obligation.c.state.in_(sorted(OPEN)),
            obligation.c.due_on == staged_point.c.due_on,
            obligation.c.extended_times == 0,
            told if opened_by is None else or_(told, obligation.c.opened_on <= opened_by),
        )
        .order_by(obligation.c.unit_id, obligation.c.due_on, obligation.c.id)
    )
    return tuple(MovedItem(**row._mapping) for row in rows)
