"""Units that have been handed something and have not acknowledged it (未签收), with how they can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import ColumnElement, Connection, func, select

from office.store.sights import within
from office.store.tables import edition, obligation, unit
from rules.moves import State
from rules.sight import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadUnit:
    """How many obligations one unit has not acknowledged, since when, and when the first of them is due."""

    unit_id: int
    unit: str
    obligations: int
    since: date
    first_due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadUnits:
    """One page of units; `total` and `obligations` count all of them, and are 0 beyond the last page."""

    units: tuple[UnreadUnit, ...]
    total: int
    obligations: int


def unread_units(
    connection: Connection,
    sight: Sight,
    *,
    opened_until: date,
    edition_id: int | None = None,
    offset: int = 0,
    limit: int,
) -> UnreadUnits:
    """Who has left something unread since that day or longer, the longest first; one index answers it."""
    # Summed before anything is joined: a name is looked up for the units of the page only.
    sums = (
        select(
            obligation.c.unit_id,
            func.count().label("obligations"),
            func.min(obligation.c.opened_on).label("since"),
            func.min(obligation.c.due_on).label("first_due_on"),
        )
        .where(*_unread(sight, opened_until, edition_id))
        .group_by(obligation.c.unit_id)
        .subquery()
    )
    page = (
        select(
            sums, func.count().over().label("all_units"), func.sum(sums.c.obligations).over().label("whole")
        )
        .order_by(sums.c.since, sums.c.unit_id)
        .offset(offset)
        .limit(limit)
        .subquery()
    )
    rows = connection.execute(
        select(page, unit.c.name.label("unit"))
        .join(unit, unit.c.id == page.c.unit_id)
        .order_by(page.c.since, page.c.unit_id)
    ).all()
    return UnreadUnits(
        units=tuple(
            UnreadUnit(**{one.name: row._mapping[one.name] for one in fields(UnreadUnit)}) for row in rows
        ),
        total=rows[0].all_units if rows else 0,
        obligations=int(rows[0].whole) if rows else 0,
    )


def count_unread(
    connection: Connection, sight: Sight, *, opened_until: date, edition_id: int | None = None
) -> tuple[int, int, date | None]:
    """How many obligations of how many units, and since when the first."""
    row = connection.execute(
        select(
            func.count(),
            func.count(func.distinct(obligation.c.unit_id)),
            func.min(obligation.c.opened_on),
        ).where(*_unread(sight, opened_until, edition_id))
    ).one()
    return row[0], row[1], row[2]


def _unread(sight: Sight, opened_until: date, edition_id: int | None) -> Sequence[ColumnElement[bool]]:
    """By edition first: only so does the rounds' index lead to what is still assigned, past all that is closed."""
    published = select(edition.c.id).where(edition.c.state == "published")
    if edition_id is not None:
        published = published.where(edition.c.id == edition_id)
    return (
        obligation.c.edition_id.in_(published),
        obligation.c.state == State.ASSIGNED.value,
        obligation.c.opened_on <= opened_until,
        within(sight, obligation.c.unit_id),
    )
