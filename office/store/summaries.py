"""How one edition stands, in counts: by point, by unit's target, by roster subject and by problem."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, func, literal, select

from office.store.tables import (
    milestone,
    obligation,
    point,
    problem,
    progress,
    reminder,
    roster,
    round_,
    subject,
    unit,
)
from rules.moves import DONE, OPEN, OUT, WAITING, State


@dataclass(frozen=True, slots=True, kw_only=True)
class PointCount:
    """One dated point. `owed` leaves out what is waived, suspended or cancelled; dates are of the document."""

    stage: int | None
    title: str
    label: str
    due_on: date
    provisional: bool
    gate: bool
    gate_closed: bool
    owed: int
    done: int
    waiting: int
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTarget:
    """A unit's target with the newest figure it reported; None while nothing was reported."""

    unit: str
    title: str
    target: Decimal
    reported: Decimal | None
    as_of_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectCount:
    """One unit's share of a roster."""

    unit: str
    in_scope: int
    taken_part: int
    passed: int
    basically_passed: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemCount:
    """One unit's problems: found = open + fixed + closed."""

    unit: str
    found: int
    open: int
    fixed: int
    closed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Who owes a point whose date has passed."""

    title: str
    label: str
    due_on: date
    unit: str


def point_counts(connection: Connection, edition_id: int, today: date) -> tuple[PointCount, ...]:
    """Every dated point of an edition, in order of time."""
    counts = _counts_by_point(connection, edition_id, today)
    rows = connection.execute(
        select(
            point.c.id,
            milestone.c.stage,
            milestone.c.title,
            point.c.label,
            point.c.due_on,
            point.c.provisional,
            milestone.c.gate,
            point.c.gate_closed_at,
        )
        .join_from(point, milestone, milestone.c.id == point.c.milestone_id)
        .where(point.c.edition_id == edition_id, point.c.withdrawn.is_(False))
        .order_by(point.c.due_on, milestone.c.position)
    )
    return tuple(
        PointCount(
            stage=row.stage,
            title=row.title,
            label=row.label,
            due_on=row.due_on,
            provisional=row.provisional,
            gate=row.gate,
            gate_closed=row.gate_closed_at is not None,
            owed=counts[row.id]["owed"],
            done=counts[row.id]["done"],
            waiting=counts[row.id]["waiting"],
            overdue=counts[row.id]["overdue"],
        )
        for row in rows
    )


def _counts_by_point(connection: Connection, edition_id: int, today: date) -> dict[int, Counter[str]]:
    """Grouped by state and date, of which there are few, so that a million obligations are read once and plainly."""
    keys = (obligation.c.point_id, obligation.c.state, obligation.c.due_on)
    rows = connection.execute(
        select(*keys, func.count().label("number"))
        .where(obligation.c.edition_id == edition_id)
        .group_by(*keys)
    )
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for row in rows:
        state = State(row.state)
        for name, counted in (
            ("owed", state not in OUT),
            ("done", state in DONE),
            ("waiting", state in WAITING),
            ("overdue", state in OPEN and row.due_on < today),
        ):
            counts[row.point_id][name] += row.number if counted else 0
    return counts


def missing_units(connection: Connection, edition_id: int, today: date, *, limit: int) -> tuple[Missing, ...]:
    """Units with something overdue, oldest first."""
    rows = connection.execute(
        select(milestone.c.title, point.c.label, obligation.c.due_on, unit.c.name.label("unit"))
        .join_from(obligation, point, point.c.id == obligation.c.point_id)
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .join(unit, unit.c.id == obligation.c.unit_id)
        .where(obligation.c.edition_id == edition_id, _overdue(today))
        .distinct()
        .order_by(obligation.c.due_on, milestone.c.title, unit.c.name)
        .limit(limit)
    )
    return tuple(Missing(**row._mapping) for row in rows)


def unit_targets(connection: Connection, edition_id: int) -> tuple[UnitTarget, ...]:
    """Every obligation with a target, beside the newest figure reported for it."""
    newest = _newest_progress()
    rows = connection.execute(
        select(
            unit.c.name.label("unit"),
            milestone.c.title,
            obligation.c.target,
            progress.c.value.label("reported"),
            progress.c.as_of_on,
        )
        .join_from(obligation, unit, unit.c.id == obligation.c.unit_id)
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .outerjoin(newest, newest.c.obligation_id == obligation.c.id)
        .outerjoin(progress, progress.c.id == newest.c.id)
        .where(
            obligation.c.edition_id == edition_id,
            obligation.c.target.is_not(None),
            obligation.c.state.not_in(_values(OUT)),
        )
        .order_by(milestone.c.position, unit.c.id)
    )
    return tuple(UnitTarget(**row._mapping) for row in rows)


def subject_counts(connection: Connection, edition_id: int) -> tuple[SubjectCount, ...]:
    """Roster subjects by unit."""
    inside = subject.c.in_scope == 1

    def outcome(name: str) -> ColumnElement[int]:
        return func.count(case((and_(inside, subject.c.outcome == name), 1))).label(name)

    rows = connection.execute(
        select(
            unit.c.name.label("unit"),
            func.count(case((inside, 1))).label("in_scope"),
            func.count(case((and_(inside, subject.c.taken_part_on.is_not(None)), 1))).label("taken_part"),
            *(outcome(name) for name in ("passed", "basically_passed", "failed")),
        )
        .join_from(subject, roster, roster.c.id == subject.c.roster_id)
        .join(unit, unit.c.id == subject.c.unit_id)
        .where(roster.c.edition_id == edition_id)
        .group_by(unit.c.id, unit.c.name)
        .order_by(unit.c.id)
    )
    return tuple(SubjectCount(**row._mapping) for row in rows)


def problem_counts(connection: Connection, edition_id: int) -> tuple[ProblemCount, ...]:
    """Problems by unit."""
    states = ("open", "fixed", "closed")
    rows = connection.execute(
        select(
            unit.c.name.label("unit"),
            func.count().label("found"),
            *(func.count(case((problem.c.state == state, 1))).label(state) for state in states),
        )
        .join_from(problem, unit, unit.c.id == problem.c.unit_id)
        .where(problem.c.edition_id == edition_id)
        .group_by(unit.c.id, unit.c.name)
        .order_by(unit.c.id)
    )
    return tuple(ProblemCount(**row._mapping) for row in rows)


def kinds_planned_on(connection: Connection, edition_id: int, day: date) -> frozenset[str]:
    """Which kinds of reminder the day's round planned for the edition.

    Asked kind by kind with an early end: counting them all would read every reminder of the day for each edition.
    """
    of_the_day = select(round_.c.id).where(round_.c.held_on == day)
    planned = (reminder.c.round_id.in_(of_the_day), reminder.c.status == "planned")
    kinds = connection.execute(select(reminder.c.kind).where(*planned).distinct()).scalars().all()
    return frozenset(
        kind
        for kind in kinds
        if connection.scalar(
            select(literal(1))
            .select_from(reminder)
            .join(obligation, obligation.c.id == reminder.c.obligation_id)
            .where(*planned, reminder.c.kind == kind, obligation.c.edition_id == edition_id)
            .limit(1)
        )
    )


def _newest_progress() -> Subquery:
    return (
        select(progress.c.obligation_id, func.max(progress.c.id).label("id"))
        .group_by(progress.c.obligation_id)
        .subquery()
    )


def _overdue(today: date) -> ColumnElement[bool]:
    return and_(obligation.c.state.in_(_values(OPEN)), obligation.c.due_on < today)


def _values(states: frozenset[State]) -> list[str]:
    return sorted(state.value for state in states)
