"""What only a leader settles: the last review level, what is past the superior's wall, problems past their date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from office.store.board import Shown, shown
from office.store.sights import within
from office.store.tables import edition, milestone, obligation, problem, review, submission, unit
from rules.moves import OPEN, State
from rules.problems import ProblemState
from rules.sight import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class LateProblem:
    """A problem of a rectification that is still open after its date."""

    id: int
    edition_id: int
    campaign: str
    year: int
    code: str
    title: str
    unit_id: int
    unit: str
    due_on: date


def last_levels(connection: Connection, sight: Sight, *, limit: int) -> tuple[list[int], int]:
    """What waits for the last of several review levels: some ids, the longest waiting first, and how many in all."""
    newest = (
        select(func.max(submission.c.id))
        .where(submission.c.obligation_id == obligation.c.id)
        .correlate(obligation)
        .scalar_subquery()
    )
    passed = (
        select(func.count())
        .where(review.c.submission_id == newest, review.c.verdict == "passed")
        .correlate(obligation)
        .scalar_subquery()
    )
    waits = (
        select(obligation.c.id, obligation.c.submitted_on)
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .where(
            obligation.c.state == State.SUBMITTED.value,
            milestone.c.review_levels > 1,
            passed == milestone.c.review_levels - 1,
            within(sight, obligation.c.unit_id),
        )
    )
    found = connection.execute(waits.order_by(obligation.c.submitted_on, obligation.c.id).limit(limit))
    return [row.id for row in found], _count(connection, waits)


def over_wall(
    connection: Connection, sight: Sight, *, today: date, limit: int
) -> tuple[tuple[Shown, ...], int]:
    """Open obligations past the superior's date, which nobody here can move."""
    past: ColumnElement[bool] = obligation.c.hard_due_on < today
    condition = (
        past
        & obligation.c.state.in_(sorted(state.value for state in OPEN))
        & within(sight, obligation.c.unit_id)
        & obligation.c.edition_id.in_(select(edition.c.id).where(edition.c.state == "published"))
    )
    listed = shown(connection, condition, limit)
    return tuple(listed), _count(connection, select(obligation.c.id).where(condition))


def late_problems(
    connection: Connection, sight: Sight, *, today: date, limit: int
) -> tuple[tuple[LateProblem, ...], int]:
    """Problems that are still open after their date, the oldest first."""
    condition = (
        (problem.c.state == ProblemState.OPEN.value)
        & (problem.c.due_on < today)
        & within(sight, problem.c.unit_id)
        & (edition.c.state == "published")
    )
    joined = problem.join(edition, edition.c.id == problem.c.edition_id)
    found = (
        select(
            problem.c.id,
            problem.c.edition_id,
            edition.c.name.label("campaign"),
            edition.c.year,
            problem.c.code,
            problem.c.title,
            problem.c.unit_id,
            unit.c.name.label("unit"),
            problem.c.due_on,
        )
        .select_from(joined.join(unit, unit.c.id == problem.c.unit_id))
        .where(condition)
        .order_by(problem.c.due_on, problem.c.id)
        .limit(limit)
    )
    total = _count(connection, select(problem.c.id).select_from(joined).where(condition))
    return tuple(LateProblem(**row._mapping) for row in connection.execute(found)), total


def _count(connection: Connection, found: Select[Any]) -> int:
    return int(connection.execute(select(func.count()).select_from(found.subquery())).scalar_one())
