"""Dispatches as people look them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from office.store.tables import contact, dispatch, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDispatch:
    """One message to one address. `accepted_at` is when the provider took it: it has not arrived by that."""

    id: int
    day: date
    kind: str
    ref: str
    unit_id: int
    unit: str
    contact: str | None
    channel: str
    address: str
    status: str
    reason: str | None
    attempts: int
    items: int
    not_before: datetime
    handed_at: datetime | None
    accepted_at: datetime | None
    provider_code: str | None
    provider_message: str | None
    fallback_of: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchFilter:
    """What is looked for; None asks nothing."""

    statuses: Sequence[str] = ()
    unit_id: int | None = None
    day: date | None = None


def dispatches(connection: Connection, wanted: DispatchFilter, *, limit: int) -> tuple[ListedDispatch, ...]:
    """The newest first, at most `limit`."""
    statement = (
        select(*_SHOWN)
        .join_from(dispatch, unit, unit.c.id == dispatch.c.unit_id)
        .outerjoin(contact, contact.c.id == dispatch.c.contact_id)
        .where(*_conditions(wanted))
        .order_by(dispatch.c.id.desc())
        .limit(limit)
    )
    return tuple(ListedDispatch(**row._mapping) for row in connection.execute(statement))


def counts(connection: Connection, wanted: DispatchFilter) -> dict[str, int]:
    """How many there are of each status."""
    statement = (
        select(dispatch.c.status, func.count()).where(*_conditions(wanted)).group_by(dispatch.c.status)
    )
    return {status: int(number) for status, number in connection.execute(statement)}


def _conditions(wanted: DispatchFilter) -> list[ColumnElement[bool]]:
    same = ((dispatch.c.unit_id, wanted.unit_id), (dispatch.c.day, wanted.day))
    conditions: list[ColumnElement[bool]] = [column == value for column, value in same if value is not None]
    if wanted.statuses:
        conditions.append(dispatch.c.status.in_(wanted.statuses))
    return conditions


_NAMED: dict[str, Any] = {"unit": unit.c.name.label("unit"), "contact": contact.c.name.label("contact")}
_SHOWN = [
    _NAMED[field.name] if field.name in _NAMED else dispatch.c[field.name] for field in fields(ListedDispatch)
]
