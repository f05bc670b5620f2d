"""Which editions keep a problem ledger, and problems settled in sets. Which may be settled is decided in rules.problems."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from office.store.problems import ProblemFilter, chosen
from office.store.tables import edition, milestone, problem, unit
from rules.problems import Problem, ProblemState
from rules.sight import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """An edition with a problem ledger; `milestones` are the titles by key where problems may be entered."""

    edition_id: int
    campaign: str
    name: str
    year: int
    state: str
    milestones: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Problems of one edition: these, or all that a filter finds."""

    edition_id: int
    ids: frozenset[int] = frozenset()
    wanted: ProblemFilter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenProblem:
    """One of them, as the rules look at it, with its id."""

    id: int
    unit_id: int
    unit: str
    seen: Problem


def ledgers(connection: Connection, with_problems: Iterable[int]) -> tuple[LedgerEntry, ...]:
    """Editions in force that keep a ledger, and every one that has problems, the newest year first."""
    kept = and_(milestone.c.problem_ledger, ~milestone.c.withdrawn)
    rows = connection.execute(
        select(edition.c.id, edition.c.campaign, edition.c.name, edition.c.year, edition.c.state)
        .add_columns(milestone.c.key, milestone.c.title)
        .select_from(edition.outerjoin(milestone, and_(milestone.c.edition_id == edition.c.id, kept)))
        .where(
            or_(
                edition.c.id.in_(sorted(with_problems)),
                and_(milestone.c.id.is_not(None), edition.c.state.in_(("published", "paused"))),
            )
        )
        .order_by(edition.c.year.desc(), edition.c.name, edition.c.id, milestone.c.position)
    )
    found: dict[int, LedgerEntry] = {}
    for row in rows:
        entry = found.setdefault(
            row.id,
            LedgerEntry(
                edition_id=row.id,
                campaign=row.campaign,
                name=row.name,
                year=row.year,
                state=row.state,
                milestones={},
            ),
        )
        if row.key is not None:
            entry.milestones[row.key] = row.title
    return tuple(found.values())


def units_of(connection: Connection, edition_id: int, sight: Sight) -> tuple[tuple[int, str], ...]:
    """The units with problems on a ledger, as far as the person may see."""
    mine = chosen(ProblemFilter(edition_id=edition_id), sight)
    some = select(problem.c.unit_id).where(mine)
    rows = connection.execute(select(unit.c.id, unit.c.name).where(unit.c.id.in_(some)).order_by(unit.c.id))
    return tuple((row.id, row.name) for row in rows)


def chosen_problems(connection: Connection, choice: Choice, sight: Sight) -> tuple[ChosenProblem, ...]:
    """The problems of the choice, by number, as far as the person may see; locked on PostgreSQL."""
    rows = connection.execute(
        select(problem, unit.c.name.label("unit"))
        .join_from(problem, unit, unit.c.id == problem.c.unit_id)
        .where(_of(choice, sight))
        .order_by(problem.c.id)
        .with_for_update(of=problem)
    )
    return tuple(
        ChosenProblem(
            id=row.id,
            unit_id=row.unit_id,
            unit=row.unit,
            seen=Problem(
                code=row.code,
                state=ProblemState(row.state),
                unit_id=row.unit_id,
                found_on=row.found_on,
                fixed_by=row.fixed_by,
            ),
        )
        for row in rows
    )


def strike_off(connection: Connection, ids: Iterable[int], *, by: int, at: datetime) -> int:
    """Strike these off, all that are still reported as fixed; returns how many."""
    return _settle(connection, ids, state=ProblemState.CLOSED.value, closed_by=by, closed_at=at)


def give_back(connection: Connection, ids: Iterable[int]) -> int:
    """Open these again, all that are still reported as fixed; returns how many."""
    return _settle(connection, ids, state=ProblemState.OPEN.value, fixed_by=None, fixed_at=None)


def _of(choice: Choice, sight: Sight) -> ColumnElement[bool]:
    mine = and_(problem.c.edition_id == choice.edition_id, chosen(choice.wanted or ProblemFilter(), sight))
    return mine if choice.wanted is not None else and_(mine, problem.c.id.in_(sorted(choice.ids)))


def _settle(connection: Connection, ids: Iterable[int], **values: Any) -> int:
    wanted, done = sorted(ids), 0
    for start in range(0, len(wanted), 500):
        done += connection.execute(
            update(problem)
            .where(problem.c.id.in_(wanted[start : start + 500]), problem.c.state == ProblemState.FIXED.value)
            .values(**values)
        ).rowcount
    return done
