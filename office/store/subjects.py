"""Subjects of a roster: found, recorded, counted and listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select

from office.store.sights import within
from office.store.tables import subject, unit
from rules.rosters import RosterCounts
from rules.sight import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectEntry:
    """One subject as stored."""

    id: int
    code: str
    name: str
    unit_id: int
    unit: str
    in_scope: bool
    taken_part_on: date | None
    outcome: str | None
    outcome_on: date | None


def find_subject(connection: Connection, roster_id: int, code: str, sight: Sight) -> SubjectEntry | None:
    """The subject of that code, or the only one of that name; one of a foreign unit is not there."""
    rows = connection.execute(
        subjects_of(roster_id)
        .where((subject.c.code == code.upper()) | (subject.c.name == code), within(sight, subject.c.unit_id))
        .limit(2)
    ).all()
    return entry(rows[0]) if len(rows) == 1 else None


def missing(
    connection: Connection, roster_id: int, sight: Sight, unit_id: int | None = None
) -> Iterator[SubjectEntry]:
    """Those who have to take part and have not, by unit and code: the list that has to be exact."""
    statement = (
        subjects_of(roster_id)
        .where(subject.c.in_scope == 1, subject.c.taken_part_on.is_(None))
        .where(within(sight, subject.c.unit_id))
        .order_by(subject.c.unit_id, subject.c.code)
    )
    if unit_id is not None:
        statement = statement.where(subject.c.unit_id == unit_id)
    for row in connection.execute(statement):
        yield entry(row)


def record(
    connection: Connection,
    subject_id: int,
    *,
    taken_part_on: date | None,
    outcome: str | None,
    outcome_on: date | None,
) -> None:
    """Write what happened to one subject."""
    values = {"taken_part_on": taken_part_on, "outcome": outcome, "outcome_on": outcome_on}
    connection.execute(subject.update().where(subject.c.id == subject_id).values(**values))


def ids_of(subject_id: int) -> Select[tuple[int]]:
    """One subject, as a choice."""
    return select(subject.c.id).where(subject.c.id == subject_id)


def counts(connection: Connection, roster_id: int, sight: Sight) -> dict[int, RosterCounts]:
    """The counts that have to be kept apart, by unit id, of the units the person may see."""
    rows = connection.execute(
        select(
            subject.c.unit_id,
            *_TALLIES,
        )
        .where(subject.c.roster_id == roster_id, subject.c.in_scope == 1)
        .where(within(sight, subject.c.unit_id))
        .group_by(subject.c.unit_id)
    )
    return {row.unit_id: _counts(row) for row in rows}


def totals(connection: Connection, sight: Sight) -> dict[int, RosterCounts]:
    """The same counts in all, by roster id, of every roster with a subject the person may see."""
    rows = connection.execute(
        select(subject.c.roster_id, *_TALLIES)
        .where(subject.c.in_scope == 1, within(sight, subject.c.unit_id))
        .group_by(subject.c.roster_id)
    )
    return {row.roster_id: _counts(row) for row in rows}


def _tally(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


_TALLIES = (
    func.count().label("due"),
    _tally(subject.c.taken_part_on.is_not(None)).label("taken_part"),
    _tally(subject.c.outcome.is_not(None)).label("completed"),
    _tally(subject.c.outcome == "passed").label("passed"),
    _tally(subject.c.outcome == "basically_passed").label("basically_passed"),
    _tally(subject.c.outcome == "failed").label("failed"),
)


def _counts(row: Row[Any]) -> RosterCounts:
    return RosterCounts(
        due=row.due,
        taken_part=row.taken_part,
        completed=row.completed,
        passed=row.passed,
        basically_passed=row.basically_passed,
        failed=row.failed,
    )


def subjects_of(roster_id: int) -> Any:
    """The subjects of a roster with the names of their units, to be narrowed."""
    return (
        select(subject, unit.c.name.label("unit"))
        .join_from(subject, unit, unit.c.id == subject.c.unit_id)
        .where(subject.c.roster_id == roster_id)
    )


def entry(row: Row[Any]) -> SubjectEntry:
    """One row of them."""
    return SubjectEntry(
        id=row.id,
        code=row.code,
        name=row.name,
        unit_id=row.unit_id,
        unit=row.unit,
        in_scope=bool(row.in_scope),
        taken_part_on=row.taken_part_on,
        outcome=row.outcome,
        outcome_on=row.outcome_on,
    )
