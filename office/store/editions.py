"""Editions with their milestones and dated points, as applied from the calendar files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from office.store.tables import edition, milestone, milestone_support, point
from rules.bodies import content_hash, plain, restored
from rules.campaign import Edition, Milestone, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEdition:
    """One edition as stored; `value` is what was applied last."""

    id: int
    state: str
    published_on: date | None
    content_hash: str
    value: Edition
    own: bool = False  # changed in the portal: the year's files leave it alone


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMilestone:
    """One milestone as stored, also one that is gone from the file."""

    id: int
    key: str
    withdrawn: bool
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPoint:
    """One dated point as stored."""

    id: int
    milestone_id: int
    label: str
    starts_on: date | None
    due_on: date
    hard_due_on: date | None
    last_workday: date
    provisional: bool
    withdrawn: bool


def find_edition(connection: Connection, campaign: str, year: int) -> StoredEdition | None:
    """The edition of a campaign for a year."""
    row = connection.execute(
        select(edition).where(edition.c.campaign == campaign, edition.c.year == year)
    ).first()
    return _edition(row) if row else None


def edition_by_id(connection: Connection, edition_id: int) -> StoredEdition | None:
    """The edition of that number."""
    row = connection.execute(select(edition).where(edition.c.id == edition_id)).first()
    return _edition(row) if row else None


def editions(
    connection: Connection, *, year: int | None = None, state: str | None = None
) -> tuple[StoredEdition, ...]:
    """All editions, by year and campaign; each filter narrows them."""
    statement = select(edition).order_by(edition.c.year, edition.c.campaign)
    if year is not None:
        statement = statement.where(edition.c.year == year)
    if state is not None:
        statement = statement.where(edition.c.state == state)
    return tuple(_edition(row) for row in connection.execute(statement))


def years_of(connection: Connection, campaign: str) -> tuple[int, ...]:
    """The years a campaign has an edition for, in order."""
    found = select(edition.c.year).where(edition.c.campaign == campaign).order_by(edition.c.year)
    return tuple(connection.execute(found).scalars())


def write_edition(
    connection: Connection,
    value: Edition,
    *,
    edition_id: int | None,
    coordinator_id: int,
    now: datetime,
    flow_run_id: str | None,
) -> int:
    """Insert the edition as a draft, or bring the stored one to this value; returns its id."""
    values = {
        "campaign": value.campaign,
        "year": value.year,
        "name": value.name,
        "kind": value.kind.value,
        "subject_year": value.subject_year,
        "coordinator_unit_id": coordinator_id,
        "ladder": value.ladder,
        "content_hash": content_hash(value),
        "body": plain(value),
        "flow_run_id": flow_run_id,
        "updated_at": now,
    }
    if edition_id is not None:
        connection.execute(edition.update().where(edition.c.id == edition_id).values(**values))
        return edition_id
    return _key(connection.execute(edition.insert().values(**values, state="draft")))


def set_state(
    connection: Connection, edition_id: int, state: str, *, now: datetime, published_on: date | None = None
) -> None:
    """draft, published, paused or withdrawn; `published_on` where it is published now."""
    values: dict[str, object] = {"state": state, "updated_at": now}
    if published_on is not None:
        values["published_on"] = published_on
    connection.execute(edition.update().where(edition.c.id == edition_id).values(**values))


def set_own(connection: Connection, edition_id: int, *, own: bool) -> None:
    """Whether the portal or the year's file has the last word about it."""
    connection.execute(edition.update().where(edition.c.id == edition_id).values(own=own))


def milestones_of(connection: Connection, edition_id: int) -> dict[str, StoredMilestone]:
    """The milestones of an edition by key, withdrawn ones too."""
    rows = connection.execute(select(milestone).where(milestone.c.edition_id == edition_id))
    return {
        row.key: StoredMilestone(id=row.id, key=row.key, withdrawn=row.withdrawn, body=row.body)
        for row in rows
    }


def points_of(connection: Connection, edition_id: int) -> dict[tuple[int, str], StoredPoint]:
    """The points of an edition by milestone id and label, withdrawn ones too."""
    rows = connection.execute(select(point).where(point.c.edition_id == edition_id))
    return {(row.milestone_id, row.label): _point(row) for row in rows}


def write_milestone(
    connection: Connection, edition_id: int, position: int, value: Milestone, milestone_id: int | None
) -> int:
    """Insert a milestone, or bring the stored one to this value and back into force; returns its id."""
    values = {
        "position": position,
        "stage": value.stage,
        "title": value.title,
        "source_document": value.source.document,
        "source_item": value.source.item,
        "due_phrase": value.due_phrase,
        "rule": value.rule,
        "undated": value.undated,
        "implied": value.implied,
        "gate": value.gate,
        "per_subject": value.per_subject,
        "problem_ledger": value.problem_ledger,
        "review_levels": value.review_levels,
        "withdrawn": False,
        "body": plain(value),
    }
    if milestone_id is not None:
        connection.execute(milestone.update().where(milestone.c.id == milestone_id).values(**values))
        return milestone_id
    return _key(connection.execute(milestone.insert().values(**values, edition_id=edition_id, key=value.key)))


def write_point(
    connection: Connection, edition_id: int, milestone_id: int, value: Point, point_id: int | None
) -> int:
    """Insert a point, or bring the stored one to this value and back into force; returns its id."""
    values = {
        "starts_on": value.starts_on,
        "due_on": value.due_on,
        "hard_due_on": value.hard_due_on,
        "last_workday": value.last_workday,
        "provisional": value.provisional,
        "assumptions": list(value.assumptions),
        "withdrawn": False,
    }
    if point_id is not None:
        connection.execute(point.update().where(point.c.id == point_id).values(**values))
        return point_id
    keys = {"edition_id": edition_id, "milestone_id": milestone_id, "label": value.label}
    return _key(connection.execute(point.insert().values(**values, **keys)))


def write_supporting(connection: Connection, milestone_id: int, unit_ids: Iterable[int]) -> None:
    """Replace the supporting units of a milestone."""
    connection.execute(milestone_support.delete().where(milestone_support.c.milestone_id == milestone_id))
    rows = [{"milestone_id": milestone_id, "unit_id": one} for one in dict.fromkeys(unit_ids)]
    if rows:
        connection.execute(milestone_support.insert(), rows)


def withdraw(connection: Connection, *, milestone_ids: Sequence[int], point_ids: Sequence[int]) -> None:
    """Mark what is gone from the file; the rows stay for history."""
    for table, ids in ((milestone, milestone_ids), (point, point_ids)):
        if ids:
            statement = table.update().where(table.c.id == bindparam("b_id")).values(withdrawn=True)
            connection.execute(statement, [{"b_id": one} for one in ids])


def _edition(row: Row[Any]) -> StoredEdition:
    return StoredEdition(
        id=row.id,
        state=row.state,
        published_on=row.published_on,
        content_hash=row.content_hash,
        value=restored(Edition, row.body),
        own=row.own,
    )


def _point(row: Row[Any]) -> StoredPoint:
    return StoredPoint(
        id=row.id,
        milestone_id=row.milestone_id,
        label=row.label,
        starts_on=row.starts_on,
        due_on=row.due_on,
        hard_due_on=row.hard_due_on,
        last_workday=row.last_workday,
        provisional=row.provisional,
        withdrawn=row.withdrawn,
    )


def _key(result: Any) -> int:
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])
