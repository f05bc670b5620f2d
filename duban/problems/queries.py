"""Problem ledgers: problems with their measures, changed one by one, each change conditional on the state it saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from duban.core.access import VisibleUnits
from duban.core.errors import Refused
from duban.editions.tables import edition, milestone
from duban.figures.measures import MeasureRate
from duban.obligations.tables import obligation
from duban.problems.rules import Problem, ProblemPace, ProblemState
from duban.problems.tables import measure, problem, problem_carry
from duban.units.queries import visible
from duban.units.tables import person, unit


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
    pace: ProblemPace
    found_on: date
    due_on: date | None
    state: ProblemState
    fixed_by: str | None
    fixed_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None
    carried: str | None  # why it was carried on to the date it has
    measures: tuple[MeasureShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemTally:
    """How a ledger stands: found is always fixed plus open; of the fixed, some are already struck off."""

    found: int = 0
    fixed: int = 0
    open: int = 0
    struck_off: int = 0

    @property
    def striking_off(self) -> MeasureRate:
        """销号率."""
        return MeasureRate(
            key="struck_off",
            name="销号率",
            part=self.struck_off,
            whole=self.found,
            definition="已销号÷发现问题",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFilter:
    """Which problems are looked for; None asks nothing. `overdue_on`: still open and due before that day."""

    edition_id: int | None = None
    unit_id: int | None = None
    state: ProblemState | None = None
    pace: ProblemPace | None = None
    text: str = ""
    overdue_on: date | None = None


_carried = (
    select(problem_carry.c.reason)
    .where(problem_carry.c.problem_id == problem.c.id)
    .order_by(problem_carry.c.id.desc())
    .limit(1)
    .scalar_subquery()
)


def problem_rows(
    connection: Connection,
    wanted: ProblemFilter,
    sight: VisibleUnits,
    *,
    problem_id: int | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[ProblemShown, ...]:
    """The ledger, by edition and number, as far as the person may see."""
    fixer, closer = person.alias("fixer"), person.alias("closer")
    own = ("id", "edition_id", "code", "title", "unit_id", "pace", "found_on", "due_on", "state")
    found = (
        select(
            *(problem.c[name] for name in own),
            problem.c.fixed_at,
            problem.c.closed_at,
            edition.c.name.label("campaign_name"),
            unit.c.name.label("unit"),
            fixer.c.name.label("fixed_by"),
            closer.c.name.label("closed_by"),
            _carried.label("carried"),
        )
        .select_from(
            problem.join(edition, edition.c.id == problem.c.edition_id)
            .join(unit, unit.c.id == problem.c.unit_id)
            .outerjoin(fixer, fixer.c.id == problem.c.fixed_by)
            .outerjoin(closer, closer.c.id == problem.c.closed_by)
        )
        .where(problem_filter(wanted, sight))
        .order_by(problem.c.edition_id, problem.c.id)
        .offset(offset)
        .limit(limit)
    )
    if problem_id is not None:
        found = found.where(problem.c.id == problem_id)
    rows = connection.execute(found).all()
    measures = _measures(connection, [row.id for row in rows])
    return tuple(
        ProblemShown(
            **dict(row._mapping, pace=ProblemPace(row.pace), state=ProblemState(row.state)),
            measures=tuple(measures.get(row.id, ())),
        )
        for row in rows
    )


def problem_filter(wanted: ProblemFilter, sight: VisibleUnits) -> ColumnElement[bool]:
    """The problems that the filter finds, as a condition."""
    conditions = [visible(sight, problem.c.unit_id)]
    same = {
        "edition_id": wanted.edition_id,
        "unit_id": wanted.unit_id,
        "state": wanted.state.value if wanted.state else None,
        "pace": wanted.pace.value if wanted.pace else None,
    }
    conditions += [problem.c[name] == value for name, value in same.items() if value is not None]
    if wanted.text:
        inside = (
            column.contains(wanted.text, autoescape=True) for column in (problem.c.code, problem.c.title)
        )
        conditions.append(or_(*inside))
    if wanted.overdue_on is not None:
        conditions += [problem.c.state == ProblemState.OPEN.value, problem.c.due_on < wanted.overdue_on]
    return and_(*conditions)


def problem_tally(connection: Connection, wanted: ProblemFilter, sight: VisibleUnits) -> ProblemTally:
    """The counts of what the filter finds."""
    return _tally(_counts(connection, wanted, sight, problem.c.state))


def problem_tallies(connection: Connection, sight: VisibleUnits) -> dict[int, ProblemTally]:
    """The counts of every edition's ledger that has a problem the person may see."""
    return _tallies(connection, ProblemFilter(), sight, problem.c.edition_id)


def unit_tallies(connection: Connection, edition_id: int, sight: VisibleUnits) -> dict[int, ProblemTally]:
    """The counts of one edition's ledger by unit, in the order of the register."""
    found = _tallies(connection, ProblemFilter(edition_id=edition_id), sight, problem.c.unit_id)
    return dict(sorted(found.items()))


def _tallies(
    connection: Connection, wanted: ProblemFilter, sight: VisibleUnits, by: ColumnElement[int]
) -> dict[int, ProblemTally]:
    groups: dict[int, list[Any]] = {}
    for row in _counts(connection, wanted, sight, by, problem.c.state):
        groups.setdefault(row[0], []).append(row)
    return {key: _tally(rows) for key, rows in groups.items()}


def count_problems(connection: Connection, wanted: ProblemFilter, sight: VisibleUnits) -> int:
    """How many problems the filter finds."""
    return connection.execute(
        select(func.count()).select_from(problem).where(problem_filter(wanted, sight))
    ).scalar_one()


def _counts(
    connection: Connection, wanted: ProblemFilter, sight: VisibleUnits, *by: ColumnElement[Any]
) -> Sequence[Row[Any]]:
    found = select(*by, func.count().label("n")).where(problem_filter(wanted, sight)).group_by(*by)
    return connection.execute(found).all()


def _tally(rows: Iterable[Row[Any]]) -> ProblemTally:
    counts = {ProblemState(row.state): int(row.n) for row in rows}
    struck_off, waiting = counts.get(ProblemState.CLOSED, 0), counts.get(ProblemState.FIXED, 0)
    still_open = counts.get(ProblemState.OPEN, 0)
    return ProblemTally(
        found=struck_off + waiting + still_open,
        fixed=struck_off + waiting,
        open=still_open,
        struck_off=struck_off,
    )


def problem_codes(connection: Connection, edition_id: int) -> frozenset[str]:
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


def insert_problems(
    connection: Connection,
    edition_id: int,
    rows: Sequence[Mapping[str, object]],
    measures: Mapping[str, Sequence[str]],
) -> None:
    """New open problems, with the titles of their measures by code; a measure is due when its problem is."""
    made = [{**row, "edition_id": edition_id, "state": ProblemState.OPEN.value} for row in rows]
    connection.execute(problem.insert(), made)
    ids = {
        row.code: row.id
        for row in connection.execute(
            select(problem.c.id, problem.c.code).where(problem.c.edition_id == edition_id)
        )
    }
    beneath = [
        {"problem_id": ids[row["code"]], "nth": nth, "title": title, "due_on": row["due_on"]}
        for row in rows
        for nth, title in enumerate(measures[str(row["code"])], start=1)
    ]
    if beneath:
        connection.execute(measure.insert(), beneath)


def settle_problems(connection: Connection, ids: Iterable[int], seen: ProblemState, **values: object) -> int:
    """Write the new values on all of these that are still in the state that was seen; returns how many."""
    wanted, done = sorted(ids), 0
    for start in range(0, len(wanted), 500):
        some = problem.c.id.in_(wanted[start : start + 500])
        done += connection.execute(
            update(problem).where(some, problem.c.state == seen.value).values(**values)
        ).rowcount
    return done


def insert_carries(connection: Connection, problems: Iterable[Problem], **values: object) -> None:
    """That these were carried on: reason, due_on, carried_by, carried_at."""
    rows = [{"problem_id": one.id, "previous_due_on": one.due_on, **values} for one in problems]
    connection.execute(problem_carry.insert(), rows)


def set_measure_finished(
    connection: Connection, problem_id: int, nth: int, *, by: int | None, on: date
) -> None:
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
            values = {name: row._mapping[name] for name in MeasureShown.__dataclass_fields__}
            found.setdefault(row.problem_id, []).append(MeasureShown(**values))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """An edition with a problem ledger; `milestones` are the titles by key where problems may be entered."""

    edition_id: int
    campaign: str
    name: str
    year: int
    state: str
    milestones: dict[str, str]
    tally: ProblemTally


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemSelection:
    """Problems of one edition: these, by id or by number, or all that a filter finds."""

    edition_id: int
    ids: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    wanted: ProblemFilter | None = None


def problem_ledgers(connection: Connection, tallies: Mapping[int, ProblemTally]) -> tuple[LedgerEntry, ...]:
    """Editions in force that keep a ledger, and every one that has problems, the newest year first."""
    kept = and_(milestone.c.problem_ledger, ~milestone.c.withdrawn)
    rows = connection.execute(
        select(edition.c.id, edition.c.campaign, edition.c.name, edition.c.year, edition.c.state)
        .add_columns(milestone.c.key, milestone.c.title)
        .select_from(edition.outerjoin(milestone, and_(milestone.c.edition_id == edition.c.id, kept)))
        .where(
            or_(
                edition.c.id.in_(sorted(tallies)),
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
                tally=tallies.get(row.id, ProblemTally()),
            ),
        )
        if row.key is not None:
            entry.milestones[row.key] = row.title
    return tuple(found.values())


def owing_ledgers(connection: Connection, sight: VisibleUnits) -> frozenset[int]:
    """The editions that ask these units for a problem ledger."""
    return frozenset(
        connection.scalars(
            select(obligation.c.edition_id)
            .join(milestone, milestone.c.id == obligation.c.milestone_id)
            .where(milestone.c.problem_ledger, visible(sight, obligation.c.unit_id))
            .distinct()
        )
    )


def problem_units(
    connection: Connection, edition_id: int, sight: VisibleUnits
) -> tuple[tuple[int, str], ...]:
    """The units with problems on a ledger, as far as the person may see."""
    mine = problem_filter(ProblemFilter(edition_id=edition_id), sight)
    some = select(problem.c.unit_id).where(mine)
    rows = connection.execute(select(unit.c.id, unit.c.name).where(unit.c.id.in_(some)).order_by(unit.c.id))
    return tuple((row.id, row.name) for row in rows)


def chosen_problems(
    connection: Connection, choice: ProblemSelection, sight: VisibleUnits
) -> tuple[Problem, ...]:
    """The problems of the choice, by number, as far as the person may see; locked on PostgreSQL."""
    undone = select(func.count()).where(measure.c.problem_id == problem.c.id, measure.c.done_on.is_(None))
    own = (problem.c[name] for name in ("id", "code", "state", "unit_id", "fixed_by", "due_on"))
    found = (
        select(*own, undone.correlate(problem).scalar_subquery().label("open_measures"))
        .where(problem.c.edition_id == choice.edition_id)
        .where(problem_filter(choice.wanted or ProblemFilter(), sight))
        .order_by(problem.c.id)
        .with_for_update(of=problem)
    )
    if choice.wanted is None:
        named = or_(problem.c.id.in_(sorted(choice.ids)), problem.c.code.in_(sorted(choice.codes)))
        found = found.where(named)
    rows = connection.execute(found)
    return tuple(Problem(**dict(row._mapping, state=ProblemState(row.state))) for row in rows)
