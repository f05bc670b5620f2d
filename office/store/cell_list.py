"""The obligations behind one light or one figure, with what both are made of; streamed, the earliest date first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, select

from office.store.overview import done_day
from office.store.sights import within
from office.store.tables import edition, obligation, point, progress, unit
from rules.sight import Sight

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Which obligations: of one edition, of one unit, or where they meet; `year` holds for a unit alone."""

    edition_id: int | None = None
    unit_id: int | None = None
    year: int | None = None


class Marks(NamedTuple):
    """What lights and measures are made of; many obligations share them."""

    state: str
    due_on: date
    done_on: date | None
    late: int
    returned: int
    starts_on: date
    target: Decimal | None
    reported: Decimal | None


def marks(connection: Connection, cell: Cell, sight: Sight) -> Iterator[tuple[int, Marks]]:
    """Every obligation of the cell in published editions, by date."""
    newest = (
        select(progress.c.value)
        .where(progress.c.obligation_id == obligation.c.id)
        .order_by(progress.c.as_of_on.desc(), progress.c.id.desc())
        .limit(1)
        .correlate(obligation)
        .scalar_subquery()
    )
    found = (
        select(
            obligation.c.id,
            obligation.c.state,
            obligation.c.due_on,
            done_day(),
            obligation.c.late,
            case((obligation.c.returned_times > 0, 1), else_=0),
            func.coalesce(point.c.starts_on, obligation.c.opened_on),
            obligation.c.target,
            newest,
        )
        .select_from(
            obligation.join(edition, edition.c.id == obligation.c.edition_id).join(
                point, point.c.id == obligation.c.point_id
            )
        )
        .where(edition.c.state == "published", within(sight, obligation.c.unit_id), *_of(cell))
        .order_by(obligation.c.due_on, obligation.c.id)
    )
    for obligation_id, *columns in connection.execute(found.execution_options(yield_per=_PAGE)):
        yield obligation_id, Marks(*columns)


def _of(cell: Cell) -> list[ColumnElement[bool]]:
    wanted: tuple[tuple[ColumnElement[Any], int | None], ...] = (
        (obligation.c.edition_id, cell.edition_id),
        (obligation.c.unit_id, cell.unit_id),
        (edition.c.year, cell.year),
    )
    return [column == value for column, value in wanted if value is not None]


def names(connection: Connection, cell: Cell) -> tuple[str | None, str | None]:
    """What the edition and the unit of the cell are called; None for what is not there or was not asked."""
    campaign = connection.execute(
        select(edition.c.name, edition.c.year).where(
            edition.c.id == cell.edition_id, edition.c.state == "published"
        )
    ).first()
    named = connection.execute(select(unit.c.name).where(unit.c.id == cell.unit_id)).scalar()
    return (f"{campaign.name}{campaign.year}" if campaign else None), named
