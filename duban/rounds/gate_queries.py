"""What the gates are judged by, in sets: points whose day has come, groups of their obligations, who is missing.

Knows no wording and no rule of what "done" means; that is duban.rounds.gate_rules.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    false,
    func,
    literal,
    null,
    or_,
    select,
    update,
)

from calendars.model import CampaignKind, TargetState
from duban.core.access import VisibleUnits
from duban.editions.tables import edition, milestone, milestone_order, point
from duban.figures.measures import RateTally, rate_tally, total_tally
from duban.figures.tables import progress
from duban.obligations.lights import Facts
from duban.obligations.states import NOT_STARTED, OPEN, OUT, WAITING, State
from duban.obligations.tables import obligation
from duban.problems.tables import problem, problem_carry
from duban.rosters.queries import subject_counts_by_unit
from duban.rosters.rules import RosterCounts, total_counts
from duban.rosters.tables import roster, subject
from duban.rounds.gate_rules import FINISHED, GateGroup, LedgerCounts
from duban.rounds.tables import reminder, round_
from duban.units.queries import units_by_id
from duban.units.tables import unit

PUBLISHED = "published"

# A gate's result is the bureau's own: it counts every unit.
_ALL = VisibleUnits(everything=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePoint:
    """A dated point with a gate whose day has come and that is still open."""

    point_id: int
    milestone_id: int
    edition_id: int
    campaign: str
    name: str
    year: int
    kind: CampaignKind
    coordinator_unit_id: int
    coordinator: str
    published_on: date | None
    title: str
    label: str
    number: int | None
    due_on: date
    provisional: bool
    source_document: str
    source_item: str
    per_subject: bool
    problem_ledger: bool
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGateRow:
    """One obligation that may be missing at its gate."""

    point_id: int
    obligation_id: int
    unit: str
    subject: str | None
    group: GateGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierStage:
    """A point of a stage that another one follows."""

    point_id: int
    key: str
    title: str
    label: str
    due_on: date


def gate_snapshot(connection: Connection) -> None:
    """Let every statement of a reading connection see one moment; SQLite's transactions do so by themselves."""
    if connection.dialect.name == "postgresql":
        connection.execution_options(isolation_level="REPEATABLE READ")


def due_gate_points(
    connection: Connection, today: date, edition_id: int | None = None
) -> dict[int, list[DuePoint]]:
    """Open gates of published editions whose date is today or before, by edition, in order of time."""
    found = (
        select(
            point.c.id.label("point_id"),
            point.c.milestone_id,
            point.c.edition_id,
            edition.c.campaign,
            edition.c.name,
            edition.c.year,
            edition.c.kind,
            edition.c.coordinator_unit_id,
            unit.c.name.label("coordinator"),
            edition.c.published_on,
            milestone.c.title,
            point.c.label,
            milestone.c.stage.label("number"),
            point.c.due_on,
            point.c.provisional,
            milestone.c.source_document,
            milestone.c.source_item,
            milestone.c.per_subject,
            milestone.c.problem_ledger,
        )
        .join_from(point, milestone, milestone.c.id == point.c.milestone_id)
        .join(edition, edition.c.id == point.c.edition_id)
        .join(unit, unit.c.id == edition.c.coordinator_unit_id)
        .where(_open_gate(), edition.c.state == PUBLISHED, milestone.c.gate, point.c.due_on <= today)
        .order_by(point.c.edition_id, point.c.due_on, milestone.c.position)
    )
    if edition_id is not None:
        found = found.where(point.c.edition_id == edition_id)
    by_edition: dict[int, list[DuePoint]] = {}
    rows = connection.execute(found).all()
    after = _earlier_keys(connection, [row.milestone_id for row in rows])
    for row in rows:
        values = dict(row._mapping)
        values |= {"kind": CampaignKind(row.kind), "after": tuple(after[row.milestone_id])}
        by_edition.setdefault(row.edition_id, []).append(DuePoint(**values))
    return by_edition


def _earlier_keys(connection: Connection, milestone_ids: Sequence[int]) -> dict[int, list[str]]:
    """The stages that each of these milestones follows, by key."""
    found = defaultdict[int, list[str]](list)
    if milestone_ids:
        statement = (
            select(milestone_order.c.milestone_id, milestone.c.key)
            .join(milestone, milestone.c.id == milestone_order.c.earlier_id)
            .where(milestone_order.c.milestone_id.in_(milestone_ids))
            .order_by(milestone.c.position)
        )
        for row in connection.execute(statement):
            found[row.milestone_id].append(row.key)
    return found


def gate_group_counts(
    connection: Connection, point_ids: Sequence[int], kind: CampaignKind
) -> dict[int, list[GateGroup]]:
    """The obligations of the points as groups that share their facts; one statement."""
    facts = _facts(kind).where(obligation.c.point_id.in_(point_ids)).subquery()
    found = connection.execute(
        select(*facts.c, func.count().label("obligations")).group_by(*facts.c).order_by(facts.c.point_id)
    )
    groups: dict[int, list[GateGroup]] = {}
    for row in found:
        groups.setdefault(row.point_id, []).append(_group(row, row.obligations))
    return groups


def open_gate_rows(
    connection: Connection, point_ids: Sequence[int], kind: CampaignKind
) -> Iterator[OpenGateRow]:
    """Every obligation of the points that is not finished by its state, by point and unit; one statement."""
    if not point_ids:
        return
    settled = sorted(FINISHED[kind] | OUT | NOT_STARTED)
    found = (
        _facts(kind)
        .add_columns(obligation.c.id, unit.c.name.label("unit"), subject.c.name.label("subject"))
        .join_from(obligation, unit, unit.c.id == obligation.c.unit_id)
        .outerjoin(subject, subject.c.id == obligation.c.subject_id)
        .where(obligation.c.point_id.in_(point_ids), obligation.c.state.not_in(settled))
        .order_by(obligation.c.point_id, obligation.c.unit_id, obligation.c.id)
    )
    for row in connection.execute(found):
        yield OpenGateRow(
            point_id=row.point_id,
            obligation_id=row.id,
            unit=row.unit,
            subject=row.subject,
            group=_group(row, 1),
        )


def points_before(connection: Connection, edition_id: int, keys: frozenset[str]) -> list[EarlierStage]:
    """The points of the milestones of these keys."""
    if not keys:
        return []
    found = connection.execute(
        select(
            point.c.id.label("point_id"), milestone.c.key, milestone.c.title, point.c.label, point.c.due_on
        )
        .join_from(point, milestone, milestone.c.id == point.c.milestone_id)
        .where(point.c.edition_id == edition_id, milestone.c.key.in_(sorted(keys)))
        .where(~point.c.withdrawn, ~milestone.c.withdrawn)
        .order_by(point.c.due_on, milestone.c.position)
    )
    return [EarlierStage(**row._mapping) for row in found]


def ledger_counts(connection: Connection, edition_id: int, milestone_id: int, due_on: date) -> LedgerCounts:
    """The problems of a stage; what was found without naming a stage belongs to every one that keeps a ledger."""
    carried = select(problem_carry.c.id).where(problem_carry.c.problem_id == problem.c.id).exists()
    found = connection.execute(
        select(
            problem.c.code,
            problem.c.state,
            unit.c.name.label("unit"),
            and_(problem.c.state != "closed", carried, problem.c.due_on > due_on).label("carried"),
        )
        .join_from(problem, unit, unit.c.id == problem.c.unit_id)
        .where(problem.c.edition_id == edition_id)
        .where(or_(problem.c.milestone_id == milestone_id, problem.c.milestone_id.is_(None)))
        .order_by(problem.c.code)
    ).all()
    still = tuple(f"{row.code}（{row.unit}）" for row in found if row.state != "closed")
    carried_on = sum(bool(row.carried) for row in found)
    return LedgerCounts(struck_off=len(found) - len(still), open=still, carried=carried_on)


def roster_counts(connection: Connection, edition_id: int) -> RosterCounts | None:
    """The whole roster's counts; None while nobody knows who has to take part."""
    ids = connection.scalars(select(roster.c.id).where(roster.c.edition_id == edition_id)).all()
    counts = (one for key in ids for one in subject_counts_by_unit(connection, key, _ALL).values())
    return total_counts(counts) if ids else None


def insert_gate_result(
    connection: Connection, one: DuePoint, result: Mapping[str, object], now: datetime
) -> bool:
    """Keep the result if the gate is still open and nothing of the point has moved; of two rounds one wins."""
    published = select(edition.c.id).where(edition.c.id == one.edition_id, edition.c.state == PUBLISHED)
    done = connection.execute(
        update(point)
        .where(point.c.id == one.point_id, _open_gate(), point.c.due_on == one.due_on, published.exists())
        .values(gate_closed_at=now, gate_result=dict(result))
    )
    return done.rowcount == 1


def _open_gate() -> ColumnElement[bool]:
    return and_(point.c.gate_closed_at.is_(None), ~point.c.withdrawn)


def _facts(kind: CampaignKind) -> Select[Any]:
    """What an outcome is made of; figures are looked up for quotas only."""
    quota = kind is CampaignKind.QUOTA
    own = progress.c.obligation_id == obligation.c.id
    newest = (
        select(progress.c.value)
        .where(own)
        .order_by(progress.c.as_of_on.desc(), progress.c.id.desc())
        .limit(1)
    )
    reached_on = select(func.min(progress.c.as_of_on)).where(own, progress.c.value >= obligation.c.target)
    return select(
        obligation.c.point_id,
        obligation.c.state,
        obligation.c.due_on,
        func.coalesce(obligation.c.submitted_on, obligation.c.closed_on).label("done_on"),
        obligation.c.late,
        obligation.c.target_state if quota else null().label("target_state"),
        (newest.correlate(obligation).scalar_subquery() >= obligation.c.target if quota else false()).label(
            "reached"
        ),
        (reached_on.correlate(obligation).scalar_subquery() if quota else literal(None)).label("reached_on"),
    )


def _group(row: Row[Any], obligations: int) -> GateGroup:
    return GateGroup(
        state=State(row.state),
        due_on=row.due_on,
        obligations=obligations,
        done_on=row.done_on,
        late=bool(row.late),
        target_state=TargetState(row.target_state) if row.target_state else None,
        reached=bool(row.reached),
        reached_on=row.reached_on,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PointCount:
    """One dated point with the tally of its rates; dates are of the document."""

    stage: int | None
    title: str
    label: str
    due_on: date
    provisional: bool
    gate: bool
    gate_closed: bool
    tally: RateTally
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
class Missing:
    """Who owes a point whose date has passed."""

    title: str
    label: str
    due_on: date
    unit: str


def point_counts(connection: Connection, edition_id: int, today: date) -> tuple[PointCount, ...]:
    """Every dated point of an edition, in order of time."""
    # Grouped by state and date, of which there are few, so that a million obligations are read once and plainly.
    keys = (obligation.c.point_id, obligation.c.state, obligation.c.due_on)
    grouped = connection.execute(
        select(*keys, func.count()).where(obligation.c.edition_id == edition_id).group_by(*keys)
    )
    tallies: dict[int, list[tuple[RateTally, int]]] = defaultdict(list)
    waiting, overdue = Counter[int](), Counter[int]()
    for point_id, state, due_on, number in grouped:
        facts = Facts(state=State(state), due_on=due_on)
        # Whether it was late is not asked here: no rate of a point's table needs it.
        tallies[point_id].append((rate_tally(facts, today, late=False, returned=False), number))
        waiting[point_id] += number if facts.state in WAITING else 0
        overdue[point_id] += number if facts.state in OPEN and due_on < today else 0
    rows = connection.execute(
        select(
            point.c.id,
            milestone.c.stage,
            milestone.c.title,
            point.c.label,
            point.c.due_on,
            point.c.provisional,
            milestone.c.gate,
            point.c.gate_closed_at.is_not(None).label("gate_closed"),
        )
        .join_from(point, milestone, milestone.c.id == point.c.milestone_id)
        .where(point.c.edition_id == edition_id, point.c.withdrawn.is_(False))
        .order_by(point.c.due_on, milestone.c.position)
    )
    found = []
    for row in rows:
        values: dict[str, Any] = dict(row._mapping)
        key = values.pop("id")
        tally = total_tally(tallies[key])
        found.append(PointCount(**values, tally=tally, waiting=waiting[key], overdue=overdue[key]))
    return tuple(found)


def missing_units(connection: Connection, edition_id: int, today: date, *, limit: int) -> tuple[Missing, ...]:
    """Units with something overdue, oldest first."""
    rows = connection.execute(
        select(milestone.c.title, point.c.label, obligation.c.due_on, unit.c.name.label("unit"))
        .join_from(obligation, point, point.c.id == obligation.c.point_id)
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .join(unit, unit.c.id == obligation.c.unit_id)
        .where(
            obligation.c.edition_id == edition_id,
            obligation.c.state.in_(sorted(OPEN)),
            obligation.c.due_on < today,
        )
        .distinct()
        .order_by(obligation.c.due_on, milestone.c.title, unit.c.name)
        .limit(limit)
    )
    return tuple(Missing(**row._mapping) for row in rows)


def unit_targets(connection: Connection, edition_id: int) -> tuple[UnitTarget, ...]:
    """Every obligation with a target, beside the newest figure reported for it."""
    newest = (
        select(progress.c.obligation_id, func.max(progress.c.id).label("id"))
        .group_by(progress.c.obligation_id)
        .subquery()
    )
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
            obligation.c.state.not_in(sorted(OUT)),
        )
        .order_by(milestone.c.position, unit.c.id)
    )
    return tuple(UnitTarget(**row._mapping) for row in rows)


def subject_counts(connection: Connection, edition_id: int) -> tuple[tuple[str, RosterCounts], ...]:
    """Roster subjects by unit, in the order of the register."""
    ids = connection.scalars(select(roster.c.id).where(roster.c.edition_id == edition_id)).all()
    found = [one for key in ids for one in subject_counts_by_unit(connection, key, _ALL).items()]
    names = units_by_id(connection, {unit_id for unit_id, _ in found})
    return tuple((names[unit_id], counts) for unit_id, counts in sorted(found, key=lambda one: one[0]))


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
