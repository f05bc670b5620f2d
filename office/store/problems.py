"""Problem ledgers: problems with their measures, changed one by one, each change conditional on the state it saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from office.errors import NotFound, Refused
from office.store.tables import edition, measure, milestone, person, problem, unit
from rules.problems import Pace, Problem, ProblemState


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureShown:
    """One measure beneath a problem, numbered from 1."""

    nth: int
    title: str
    due_on: date | None
    done_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemShown:
    """One line of the problem ledger."""

    id: int
    edition_id: int
    campaign_name: str
    code: str
    title: str
    unit_id: int
    unit: str
    pace: Pace
    found_on: date
    due_on: date | None
    state: ProblemState
    fixed_by: str | None
    fixed_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None
    measures: tuple[MeasureShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How a ledger stands: found is always fixed plus open; of the fixed, some are already struck off."""

    found: int
    fixed: int
    open: int
    struck_off: int


def problems(
    connection: Connection,
    *,
    edition_id: int | None = None,
    unit_id: int | None = None,
    state: ProblemState | None = None,
    problem_id: int | None = None,
) -> tuple[ProblemShown, ...]:
    """The ledger, by edition and code; each filter narrows it."""
    fixer, closer = person.alias("fixer"), person.alias("closer")
    found = (
        select(
            problem,
            edition.c.name.label("campaign_name"),
            unit.c.name.label("unit"),
            fixer.c.name.label("fixer"),
            closer.c.name.label("closer"),
        )
        .select_from(
            problem.join(edition, edition.c.id == problem.c.edition_id)
            .join(unit, unit.c.id == problem.c.unit_id)
            .outerjoin(fixer, fixer.c.id == problem.c.fixed_by)
            .outerjoin(closer, closer.c.id == problem.c.closed_by)
        )
        .order_by(problem.c.edition_id, problem.c.id)
    )
    wanted = {"edition_id": edition_id, "unit_id": unit_id, "id": problem_id}
    found = found.where(*(problem.c[name] == value for name, value in wanted.items() if value is not None))
    if state is not None:
        found = found.where(problem.c.state == state.value)
    rows = connection.execute(found).all()
    measures = _measures(connection, [row.id for row in rows])
    return tuple(_shown(row, tuple(measures.get(row.id, ()))) for row in rows)


def tally(connection: Connection, *, edition_id: int | None = None, unit_id: int | None = None) -> Tally:
    """The counts of a ledger."""
    wanted = {"edition_id": edition_id, "unit_id": unit_id}
    rows = connection.execute(
        select(problem.c.state, func.count().label("n"))
        .where(*(problem.c[name] == value for name, value in wanted.items() if value is not None))
        .group_by(problem.c.state)
    )
    counts = {ProblemState(row.state): int(row.n) for row in rows}
    struck_off, waiting = counts.get(ProblemState.CLOSED, 0), counts.get(ProblemState.FIXED, 0)
    still_open = counts.get(ProblemState.OPEN, 0)
    return Tally(
        found=struck_off + waiting + still_open,
        fixed=struck_off + waiting,
        open=still_open,
        struck_off=struck_off,
    )


def load(connection: Connection, edition_id: int, code: str) -> tuple[int, Problem]:
    """One problem by its number in its edition, with its id."""
    row = connection.execute(
        select(problem).where(problem.c.edition_id == edition_id, problem.c.code == code)
    ).first()
    if row is None:
        raise NotFound(f"没有编号为{code}的问题，请用 duban problem list 查看编号。")
    undone = connection.execute(
        select(func.count()).where(measure.c.problem_id == row.id, measure.c.done_on.is_(None))
    ).scalar_one()
    return row.id, Problem(
        code=row.code,
        state=ProblemState(row.state),
        unit_id=row.unit_id,
        found_on=row.found_on,
        fixed_by=row.fixed_by,
        open_measures=undone,
    )


def codes(connection: Connection, edition_id: int) -> frozenset[str]:
    """Every number the edition's ledger already has."""
    return frozenset(
        connection.execute(select(problem.c.code).where(problem.c.edition_id == edition_id)).scalars()
    )


def ledger_milestones(connection: Connection, edition_id: int) -> dict[str, int]:
    """The edition's milestones that keep a problem ledger, by key."""
    rows = connection.execute(
        select(milestone.c.key, milestone.c.id).where(
            milestone.c.edition_id == edition_id, milestone.c.problem_ledger, ~milestone.c.withdrawn
        )
    )
    return {row.key: row.id for row in rows}


def insert_problem(connection: Connection, measures: Sequence[Mapping[str, object]], **values: object) -> int:
    """A new open problem with its measures (title, due_on), numbered in order; returns its id."""
    key = connection.execute(
        problem.insert().values(**values, state=ProblemState.OPEN.value)
    ).inserted_primary_key
    assert key is not None
    rows = [{"problem_id": int(key[0]), "nth": nth, **one} for nth, one in enumerate(measures, start=1)]
    if rows:
        connection.execute(measure.insert(), rows)
    return int(key[0])


def change(connection: Connection, problem_id: int, seen: Problem, **values: object) -> None:
    """Write the new values if the state is still what was seen, and refuse otherwise."""
    done = connection.execute(
        update(problem)
        .where(problem.c.id == problem_id, problem.c.state == seen.state.value)
        .values(**values)
    )
    if done.rowcount != 1:
        raise Refused(f"问题{seen.code}刚刚被别人改动，您的操作没有生效，请查看最新情况后再办。")


def finish_measure(connection: Connection, problem_id: int, nth: int, *, by: int | None, on: date) -> None:
    """Tick one measure off; refused when it is not there or already done."""
    done = connection.execute(
        update(measure)
        .where(measure.c.problem_id == problem_id, measure.c.nth == nth, measure.c.done_on.is_(None))
        .values(done_on=on, done_by=by)
    )
    if done.rowcount != 1:
        raise Refused(f"没有未完成的第 {nth} 条措施，请用 duban problem list 查看措施序号。")


def _measures(connection: Connection, ids: Iterable[int]) -> dict[int, list[MeasureShown]]:
    wanted = list(ids)
    found: dict[int, list[MeasureShown]] = {}
    for start in range(0, len(wanted), 500):
        rows = connection.execute(
            select(measure)
            .where(measure.c.problem_id.in_(wanted[start : start + 500]))
            .order_by(measure.c.nth)
        )
        for row in rows:
            shown = MeasureShown(nth=row.nth, title=row.title, due_on=row.due_on, done_on=row.done_on)
            found.setdefault(row.problem_id, []).append(shown)
    return found


def _shown(row: Row[Any], measures: tuple[MeasureShown, ...]) -> ProblemShown:
    return ProblemShown(
        id=row.id,
        edition_id=row.edition_id,
        campaign_name=row.campaign_name,
        code=row.code,
        title=row.title,
        unit_id=row.unit_id,
        unit=row.unit,
        pace=Pace(row.pace),
        found_on=row.found_on,
        due_on=row.due_on,
        state=ProblemState(row.state),
        fixed_by=row.fixer,
        fixed_at=row.fixed_at,
        closed_by=row.closer,
        closed_at=row.closed_at,
        measures=measures,
    )
