"""Dispatches as people look them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from duban.core.access import VisibleUnits
from duban.editions.tables import edition
from duban.obligations.states import State
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from duban.units.queries import visible
from duban.units.tables import contact, unit


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
    kinds: Sequence[str] = ()
    reason: str | None = None
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedReason:
    """Messages that did not go out for one reason, and the days they are of. `status` is failed or unsure."""

    status: str
    reason: str | None
    messages: int
    units: int
    first_on: date
    last_on: date


def list_dispatch_rows(
    connection: Connection,
    wanted: DispatchFilter,
    sight: VisibleUnits,
    *,
    limit: int,
    before: int | None = None,
) -> tuple[ListedDispatch, ...]:
    """The newest first, at most `limit`; `before` is the number of the last one of the page before."""
    statement = (
        select(*_SHOWN)
        .join_from(dispatch, unit, unit.c.id == dispatch.c.unit_id)
        .outerjoin(contact, contact.c.id == dispatch.c.contact_id)
        .where(*_conditions(wanted, sight))
        .order_by(dispatch.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(dispatch.c.id < before)
    return tuple(ListedDispatch(**row._mapping) for row in connection.execute(statement))


def dispatch_counts(connection: Connection, wanted: DispatchFilter, sight: VisibleUnits) -> dict[str, int]:
    """How many there are of each status."""
    statement = (
        select(dispatch.c.status, func.count()).where(*_conditions(wanted, sight)).group_by(dispatch.c.status)
    )
    return {status: int(number) for status, number in connection.execute(statement)}


def failed_reasons(connection: Connection, sight: VisibleUnits, *, since: date) -> tuple[FailedReason, ...]:
    """What did not go out since that day and nobody else took over, the most frequent reason first."""
    messages = func.count().label("messages")
    rows = connection.execute(
        select(
            dispatch.c.status,
            dispatch.c.reason,
            messages,
            func.count(func.distinct(dispatch.c.unit_id)).label("units"),
            func.min(dispatch.c.day).label("first_on"),
            func.max(dispatch.c.day).label("last_on"),
        )
        .where(*_stuck(sight, since))
        .group_by(dispatch.c.status, dispatch.c.reason)
        .order_by(messages.desc(), dispatch.c.status, dispatch.c.reason)
    )
    return tuple(FailedReason(**row._mapping) for row in rows)


def stuck_dispatches(
    connection: Connection, sight: VisibleUnits, *, since: date, status: str, reason: str | None
) -> tuple[int, ...]:
    """The numbers of the messages of one reason."""
    same = dispatch.c.reason.is_(None) if reason is None else dispatch.c.reason == reason
    statement = select(dispatch.c.id).where(*_stuck(sight, since), dispatch.c.status == status, same)
    return tuple(connection.scalars(statement.order_by(dispatch.c.id)))


def _stuck(sight: VisibleUnits, since: date) -> list[ColumnElement[bool]]:
    other = dispatch.alias("other")
    taken_over = (
        select(other.c.id).where(other.c.fallback_of == dispatch.c.id, other.c.status != "failed").exists()
    )
    return [
        dispatch.c.status.in_(("failed", "unsure")),
        dispatch.c.day >= since,
        ~taken_over,
        visible(sight, dispatch.c.unit_id),
    ]


def _conditions(wanted: DispatchFilter, sight: VisibleUnits) -> list[ColumnElement[bool]]:
    same = (
        (dispatch.c.unit_id, wanted.unit_id),
        (dispatch.c.day, wanted.day),
        (dispatch.c.reason, wanted.reason),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in same if value is not None]
    if wanted.statuses:
        conditions.append(dispatch.c.status.in_(wanted.statuses))
    if wanted.kinds:
        conditions.append(dispatch.c.kind.in_(wanted.kinds))
    if wanted.since is not None:
        conditions.append(dispatch.c.day >= wanted.since)
    return [*conditions, visible(sight, dispatch.c.unit_id)]


_NAMED: dict[str, Any] = {"unit": unit.c.name.label("unit"), "contact": contact.c.name.label("contact")}
_SHOWN = [
    _NAMED[field.name] if field.name in _NAMED else dispatch.c[field.name] for field in fields(ListedDispatch)
]


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
    sight: VisibleUnits,
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
    connection: Connection, sight: VisibleUnits, *, opened_until: date, edition_id: int | None = None
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


def _unread(sight: VisibleUnits, opened_until: date, edition_id: int | None) -> Sequence[ColumnElement[bool]]:
    """By edition first: only so does the rounds' index lead to what is still assigned, past all that is closed."""
    published = select(edition.c.id).where(edition.c.state == "published")
    if edition_id is not None:
        published = published.where(edition.c.id == edition_id)
    return (
        obligation.c.edition_id.in_(published),
        obligation.c.state == State.ASSIGNED.value,
        obligation.c.opened_on <= opened_until,
        visible(sight, obligation.c.unit_id),
    )
