"""The dated points of published editions, as the schedules need them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from office.store.tables import edition, point


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedPoint:
    """One point of an edition: when it opens, is due, and the last workday reminders count from."""

    starts_on: date | None
    due_on: date
    last_workday: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEdition:
    """A published edition with its points in order of time."""

    id: int
    campaign: str
    year: int
    name: str
    kind: str
    ladder: str
    published_on: date | None
    points: tuple[DatedPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionState:
    """An edition by name, whatever its state."""

    id: int
    name: str
    kind: str
    state: str


def edition_state(connection: Connection, campaign: str, year: int) -> EditionState | None:
    """The edition of a campaign for a year, without its content."""
    row = connection.execute(
        select(edition.c.id, edition.c.name, edition.c.kind, edition.c.state).where(
            edition.c.campaign == campaign, edition.c.year == year
        )
    ).first()
    return EditionState(**row._mapping) if row else None


def published_editions(connection: Connection) -> tuple[PublishedEdition, ...]:
    """Every published edition, oldest year first."""
    points: dict[int, list[DatedPoint]] = {}
    for edition_id, dated in _points(connection):
        points.setdefault(edition_id, []).append(dated)
    rows = connection.execute(
        select(edition).where(edition.c.state == "published").order_by(edition.c.year, edition.c.campaign)
    )
    return tuple(
        PublishedEdition(
            id=row.id,
            campaign=row.campaign,
            year=row.year,
            name=row.name,
            kind=row.kind,
            ladder=row.ladder,
            published_on=row.published_on,
            points=tuple(points.get(row.id, ())),
        )
        for row in rows
    )


def _points(connection: Connection) -> Iterator[tuple[int, DatedPoint]]:
    rows = connection.execute(
        select(point.c.edition_id, point.c.starts_on, point.c.due_on, point.c.last_workday)
        .where(point.c.withdrawn.is_(False))
        .order_by(point.c.due_on)
    )
    for row in rows:
        yield (
            row.edition_id,
            DatedPoint(starts_on=row.starts_on, due_on=row.due_on, last_workday=row.last_workday),
        )
