"""What the gates are judged by, in sets: points whose day has come, groups of their obligations, who is missing.

Knows no wording and no rule of what "done" means; that is rules.gates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
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

from office.store import subjects
from office.store.tables import (
    edition,
    milestone,
    obligation,
    point,
    problem,
    progress,
    roster,
    subject,
    unit,
)
from rules.campaign import CampaignKind, TargetState
from rules.gates import FINISHED, GateGroup, LedgerCounts
from rules.moves import NOT_STARTED, OUT, State
from rules.rosters import RosterCounts
from rules.sight import Sight

PUBLISHED = "published"

# A gate's result is the bureau's own: it counts every unit.
_ALL = Sight(everything=True)


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
class OpenRow:
    """One obligation that may be missing at its gate."""

    point_id: int
    obligation_id: int
    unit: str
    subject: str | None
    group: GateGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """A point of a stage that another one names in `after`."""

    point_id: int
    key: str
    title: str
    label: str
    due_on: date


def snapshot(connection: Connection) -> None:
    """Let every statement of a reading connection see one moment; SQLite's transactions do so by themselves."""
    if connection.dialect.name == "postgresql":
        connection.execution_options(isolation_level="REPEATABLE READ")


def due_points(
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
            milestone.c.body,
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
    for row in connection.execute(found):
        by_edition.setdefault(row.edition_id, []).append(_due_point(row))
    return by_edition


def group_counts(
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


def open_rows(connection: Connection, point_ids: Sequence[int], kind: CampaignKind) -> Iterator[OpenRow]:
    """Every obligation of the points that is not finished by its state, by point and unit; one statement."""
    settled = _values(FINISHED[kind] | OUT | NOT_STARTED)
    found = (
        _facts(kind)
        .add_columns(obligation.c.id, unit.c.name.label("unit"), subject.c.name.label("subject"))
        .join_from(obligation, unit, unit.c.id == obligation.c.unit_id)
        .outerjoin(subject, subject.c.id == obligation.c.subject_id)
        .where(obligation.c.point_id.in_(point_ids), obligation.c.state.not_in(settled))
        .order_by(obligation.c.point_id, obligation.c.unit_id, obligation.c.id)
    )
    for row in connection.execute(found):
        yield OpenRow(
            point_id=row.point_id,
            obligation_id=row.id,
            unit=row.unit,
            subject=row.subject,
            group=_group(row, 1),
        )


def points_before(connection: Connection, edition_id: int, keys: frozenset[str]) -> list[Before]:
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
    return [Before(**row._mapping) for row in found]


def ledger_counts(connection: Connection, edition_id: int, milestone_id: int) -> LedgerCounts:
    """The problems of a stage; what was found without naming a stage belongs to every one that keeps a ledger."""
    found = connection.execute(
        select(problem.c.code, problem.c.state, unit.c.name.label("unit"))
        .join_from(problem, unit, unit.c.id == problem.c.unit_id)
        .where(problem.c.edition_id == edition_id)
        .where(or_(problem.c.milestone_id == milestone_id, problem.c.milestone_id.is_(None)))
        .order_by(problem.c.code)
    ).all()
    still = tuple(f"{row.code}（{row.unit}）" for row in found if row.state != "closed")
    return LedgerCounts(struck_off=len(found) - len(still), open=still)


def roster_counts(connection: Connection, edition_id: int) -> RosterCounts | None:
    """The whole roster's counts; None while nobody knows who has to take part."""
    from rules.rosters import total

    ids = connection.scalars(select(roster.c.id).where(roster.c.edition_id == edition_id)).all()
    return (
        total(one for key in ids for one in subjects.counts(connection, key, _ALL).values()) if ids else None
    )


def close_gate(connection: Connection, one: DuePoint, result: Mapping[str, object], now: datetime) -> bool:
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
    return select(
        obligation.c.point_id,
        obligation.c.state,
        obligation.c.due_on,
        func.coalesce(obligation.c.submitted_on, obligation.c.closed_on).label("done_on"),
        obligation.c.late,
        obligation.c.target_state if quota else null().label("target_state"),
        (_newest_figure() >= obligation.c.target if quota else false()).label("reached"),
        (_reached_on() if quota else literal(None)).label("reached_on"),
    )


def _newest_figure() -> ColumnElement[Any]:
    return (
        select(progress.c.value)
        .where(progress.c.obligation_id == obligation.c.id)
        .order_by(progress.c.as_of_on.desc(), progress.c.id.desc())
        .limit(1)
        .correlate(obligation)
        .scalar_subquery()
    )


def _reached_on() -> ColumnElement[Any]:
    return (
        select(func.min(progress.c.as_of_on))
        .where(progress.c.obligation_id == obligation.c.id, progress.c.value >= obligation.c.target)
        .correlate(obligation)
        .scalar_subquery()
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


def _due_point(row: Row[Any]) -> DuePoint:
    values = dict(row._mapping)
    after = tuple(values.pop("body").get("after") or ())
    return DuePoint(**values | {"kind": CampaignKind(row.kind), "after": after})


def _values(states: frozenset[State]) -> list[str]:
    return sorted(state.value for state in states)
