"""Changes of obligations that a changed calendar brings, in sets: cancelled, owed again, moved, given a new target.

The edition is staged (office.store.staging) before any of these is called. What is finished is never touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, case, exists, or_, select

from office.store.staging import staged_lead, staged_point, staged_target
from office.store.tables import forwarding, obligation, reminder
from rules.moves import NOT_STARTED, OPEN, WAITING, State

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
