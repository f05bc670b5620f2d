"""What letters say about obligations, read for a whole batch at once and only of what still stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from office.store.tables import (
    contact,
    edition,
    milestone,
    obligation,
    point,
    progress,
    reminder,
    round_,
    unit,
)
from rules.campaign import CampaignKind
from rules.moves import OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterFacts:
    """One obligation as letters need it. `target` and `reported` are set for quotas only."""

    obligation_id: int
    state: str
    unit: str
    campaign: str
    year: int
    milestone: str
    label: str
    document: str
    due_on: date
    hard_due_on: date | None
    submitted_on: date | None
    closed_on: date | None
    starts_on: date | None
    provisional: bool
    extended_times: int
    returned_times: int
    evidence: tuple[str, ...]
    coordinator: str
    target: Decimal | None = None
    reported: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One reminder of a digest: whom it is for, its kind, and its obligation."""

    unit_id: int
    round_id: int
    kind: str
    obligation_id: int


def reminded(
    connection: Connection, *, since_round_id: int, round_id: int, unit_ids: Iterable[int]
) -> tuple[Told, ...]:
    """The reminders of these units in the rounds from `since_round_id` to `round_id` that still stand.

    What was handed in, waived, suspended, withdrawn, extended or moved since it was planned is not among them.
    """
    rounds = connection.scalars(
        select(round_.c.id).where(round_.c.id.between(since_round_id, round_id))
    ).all()
    found = connection.execute(
        select(reminder.c.target_unit_id, reminder.c.round_id, reminder.c.kind, reminder.c.obligation_id)
        .join_from(reminder, obligation, obligation.c.id == reminder.c.obligation_id)
        .join(edition, edition.c.id == obligation.c.edition_id)
        .join(point, point.c.id == obligation.c.point_id)
        .where(
            reminder.c.round_id.in_(rounds),
            reminder.c.status == "planned",
            reminder.c.target_unit_id.in_(list(unit_ids)),
            obligation.c.due_on == reminder.c.due_on,
            obligation.c.state.in_(sorted(OPEN)),
            edition.c.state == "published",
            ~point.c.withdrawn,
        )
        .order_by(obligation.c.due_on, obligation.c.id, reminder.c.round_id)
    )
    return tuple(Told(unit_id=row[0], round_id=row[1], kind=row[2], obligation_id=row[3]) for row in found)


def matters(connection: Connection, obligation_ids: Iterable[int]) -> dict[int, MatterFacts]:
    """Facts by obligation, in slices that any database takes; those of withdrawn editions are left out."""
    ids = sorted(set(obligation_ids))
    rows: list[Row[Any]] = []
    for first in range(0, len(ids), _SLICE):
        rows.extend(connection.execute(_matters().where(obligation.c.id.in_(ids[first : first + _SLICE]))))
    evidence = _evidence(connection, {row.milestone_id for row in rows})
    reported = latest_progress(connection, [row.obligation_id for row in rows if row.target is not None])
    return {row.obligation_id: _facts(row, evidence, reported) for row in rows}


def latest_progress(connection: Connection, obligation_ids: Sequence[int]) -> dict[int, Decimal]:
    """The newest figure reported for each obligation that has one."""
    newest: dict[int, Decimal] = {}
    for first in range(0, len(obligation_ids), _SLICE):
        found = connection.execute(
            select(progress.c.obligation_id, progress.c.value)
            .where(progress.c.obligation_id.in_(obligation_ids[first : first + _SLICE]))
            .order_by(progress.c.as_of_on, progress.c.id)
        )
        newest.update((row.obligation_id, row.value) for row in found)
    return newest


def contact_names(connection: Connection, contact_ids: Iterable[int]) -> dict[int, str]:
    found = connection.execute(
        select(contact.c.id, contact.c.name).where(contact.c.id.in_(list(contact_ids)))
    )
    return {row.id: row.name for row in found}


def unit_names(connection: Connection, unit_ids: Iterable[int]) -> dict[int, str]:
    found = connection.execute(select(unit.c.id, unit.c.name).where(unit.c.id.in_(list(unit_ids))))
    return {row.id: row.name for row in found}


_SLICE = 5_000


def _matters() -> Select[Any]:
    office = unit.alias()
    quota: ColumnElement[bool] = edition.c.kind == CampaignKind.QUOTA.value
    return (
        select(
            obligation.c.id.label("obligation_id"),
            *(obligation.c[name] for name in _OF_OBLIGATION),
            point.c.starts_on,
            point.c.provisional,
            point.c.label,
            milestone.c.title.label("milestone"),
            (milestone.c.source_document + " " + milestone.c.source_item).label("document"),
            edition.c.name.label("campaign"),
            edition.c.year,
            quota.label("quota"),
            unit.c.name.label("unit"),
            office.c.name.label("coordinator"),
        )
        .join_from(obligation, edition, edition.c.id == obligation.c.edition_id)
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .join(point, point.c.id == obligation.c.point_id)
        .join(unit, unit.c.id == obligation.c.unit_id)
        .join(office, office.c.id == edition.c.coordinator_unit_id)
        .where(edition.c.state.in_(("published", "paused")))
    )


_OF_OBLIGATION = (
    "milestone_id",
    "state",
    "due_on",
    "hard_due_on",
    "submitted_on",
    "closed_on",
    "extended_times",
    "returned_times",
    "target",
)


def _evidence(connection: Connection, milestone_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    found = connection.execute(
        select(milestone.c.id, milestone.c.body).where(milestone.c.id.in_(list(milestone_ids)))
    )
    return {row.id: tuple(item["title"] for item in row.body.get("evidence") or ()) for row in found}


def _facts(
    row: Row[Any], evidence: Mapping[int, tuple[str, ...]], reported: Mapping[int, Decimal]
) -> MatterFacts:
    values = {name: getattr(row, name) for name in MatterFacts.__dataclass_fields__ if hasattr(row, name)}
    values["target"] = row.target if row.quota else None
    return MatterFacts(
        **values, evidence=evidence[row.milestone_id], reported=reported.get(row.obligation_id)
    )
