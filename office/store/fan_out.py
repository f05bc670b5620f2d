"""Obligations of an edition, written in sets: one statement, however many units or subjects there are.

The edition is staged (office.store.staging) before any of these is called.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, and_, exists, literal, select

from office.store.conflicts import insert
from office.store.staging import staged_lead, staged_point, staged_target
from office.store.tables import forwarding, obligation, subject
from rules.moves import State


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
    statement = insert(connection, obligation).from_select(list(_TARGETS), chosen).on_conflict_do_nothing()
    # Without this PostgreSQL's answer is thrown away before it can be asked.
    return int(connection.execute(statement.execution_options(preserve_rowcount=True)).rowcount)
