"""What waits for somebody's decision: submissions to review or sign off, extensions and forwards; the longest first.

Each queue is read from an index that holds only what waits, page by page, so that closed matters cost nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, func, literal, or_, select, tuple_

from duban.core.access import VisibleUnits
from duban.editions.tables import edition, milestone, point
from duban.evidence.tables import submission
from duban.obligations.closing_queries import ledger_standings, waiting_for
from duban.obligations.queries import REVIEWED, parts_in_reviews
from duban.obligations.states import OPEN, ObligationFacts, State
from duban.obligations.tables import extension, forward_request, obligation, sign_off
from duban.units.queries import visible
from duban.units.tables import person, unit


class QueuePosition(NamedTuple):
    """Where the next page begins: behind the last row of the one before."""

    day: date
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedObligation:
    """One obligation whose submission waits for a reviewer or a closer."""

    id: int
    edition_id: int
    campaign: str
    year: int
    milestone: str
    label: str
    unit_id: int
    unit: str
    submitted_on: date
    due_on: date
    hard_due_on: date | None
    late: bool
    returned_times: int
    review_levels: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedExtension:
    """One request that nobody has answered yet."""

    id: int
    obligation_id: int
    campaign: str
    year: int
    milestone: str
    label: str
    unit_id: int
    unit: str
    state: State
    asked_by_id: int
    asked_by: str
    asked_at: datetime
    reason: str
    progress: str
    wanted_on: date
    due_on: date
    hard_due_on: date | None
    extended_times: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedForward:
    """One request to forward that nobody has answered yet; `unit` owes it until somebody does."""

    id: int
    obligation_id: int
    campaign: str
    year: int
    milestone: str
    label: str
    unit_id: int
    unit: str
    to_unit_id: int
    to_unit: str
    state: State
    asked_by_id: int
    asked_by: str
    asked_at: datetime
    reason: str
    due_on: date
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingFilter:
    """How many there are, and since when the first of them waits."""

    count: int
    since: date | None


def submitted_obligations(
    connection: Connection,
    state: State,
    sight: VisibleUnits,
    *,
    edition_id: int | None = None,
    unit_id: int | None = None,
    after: QueuePosition | None = None,
    limit: int,
) -> tuple[SubmittedObligation, ...]:
    """One page of what is in this state, in the order of the index over (state, submitted_on)."""
    statement = (
        _SUBMITTED.where(obligation.c.state == state.value, *_of(sight, edition_id, unit_id))
        .order_by(obligation.c.submitted_on, obligation.c.id)
        .limit(limit)
    )
    if after is not None:
        place = tuple_(obligation.c.submitted_on, obligation.c.id)
        statement = statement.where(place > (after.day, after.id))
    return tuple(
        SubmittedObligation(**dict(row._mapping) | {"late": bool(row.late)})
        for row in connection.execute(statement)
    )


def count_submitted(
    connection: Connection,
    state: State,
    sight: VisibleUnits,
    *,
    edition_id: int | None = None,
    unit_id: int | None = None,
) -> WaitingFilter:
    """How many are in this state; for whoever sees everything the index alone answers."""
    row = connection.execute(
        select(func.count(), func.min(obligation.c.submitted_on)).where(
            obligation.c.state == state.value, *_of(sight, edition_id, unit_id)
        )
    ).one()
    return WaitingFilter(count=row[0], since=row[1])


def review_facts(
    connection: Connection, rows: Sequence[SubmittedObligation], state: State
) -> Mapping[int, ObligationFacts]:
    """Of each row everybody who had a part in it, as the rules of four eyes ask; a few queries for a whole page."""
    ids = [one.id for one in rows]
    reviewed, closed = defaultdict[int, list[Row[Any]]](list), defaultdict[int, list[int]](list)
    for row in connection.execute(REVIEWED.where(submission.c.obligation_id.in_(ids))):
        reviewed[row.obligation_id].append(row)
    signed = select(sign_off.c.obligation_id, sign_off.c.signed_by)
    for row in connection.execute(signed.where(sign_off.c.obligation_id.in_(ids))):
        closed[row.obligation_id].append(row.signed_by)
    stages, ledgers = waiting_for(connection, ids), ledger_standings(connection, ids)
    return {
        one.id: ObligationFacts(
            state=state,
            unit_id=one.unit_id,
            review_levels=one.review_levels,
            waits_for=stages.get(one.id, ()),
            ledger=ledgers.get(one.id),
            **parts_in_reviews(reviewed[one.id], closed[one.id], levels=one.review_levels),
        )
        for one in rows
    }


def asked_extensions(
    connection: Connection, sight: VisibleUnits, *, after: int | None = None, limit: int
) -> tuple[AskedExtension, ...]:
    """Requests in the order they were made; `after` is the number of the last one of the page before."""
    rows = _asked(connection, extension, _EXTENSIONS, visible(sight, obligation.c.unit_id), after, limit)
    return tuple(AskedExtension(**dict(row._mapping) | {"state": State(row.state)}) for row in rows)


def count_extensions(connection: Connection, sight: VisibleUnits) -> tuple[int, datetime | None]:
    """How many requests nobody has answered, and when the first was made."""
    return _count_asked(connection, extension, visible(sight, obligation.c.unit_id))


def asked_forwards(
    connection: Connection, sight: VisibleUnits, *, after: int | None = None, limit: int
) -> tuple[AskedForward, ...]:
    """Requests of and to the units that are seen, in the order they were made."""
    rows = _asked(connection, forward_request, _FORWARDS, _concerned(sight), after, limit)
    return tuple(AskedForward(**dict(row._mapping) | {"state": State(row.state)}) for row in rows)


def count_forwards(connection: Connection, sight: VisibleUnits) -> tuple[int, datetime | None]:
    """How many requests nobody has answered, and when the first was made."""
    return _count_asked(connection, forward_request, _concerned(sight))


def _concerned(sight: VisibleUnits) -> ColumnElement[bool]:
    return or_(visible(sight, obligation.c.unit_id), visible(sight, forward_request.c.to_unit_id))


def _asked(
    connection: Connection,
    table: Table,
    columns: Select[Any],
    seen: ColumnElement[bool],
    after: int | None,
    limit: int,
) -> Sequence[Row[Any]]:
    statement = columns.where(*_undecided(table), seen).order_by(table.c.asked_at, table.c.id).limit(limit)
    if after is not None:
        before = select(table.c.asked_at).where(table.c.id == after).scalar_subquery()
        statement = statement.where(tuple_(table.c.asked_at, table.c.id) > tuple_(before, literal(after)))
    return connection.execute(statement).all()


def _count_asked(
    connection: Connection, table: Table, seen: ColumnElement[bool]
) -> tuple[int, datetime | None]:
    joined = table.join(obligation, obligation.c.id == table.c.obligation_id)
    found = select(func.count(), func.min(table.c.asked_at)).select_from(joined)
    row = connection.execute(found.where(*_undecided(table), seen)).one()
    return row[0], row[1]


def _of(sight: VisibleUnits, edition_id: int | None, unit_id: int | None) -> list[ColumnElement[bool]]:
    wanted = ((obligation.c.edition_id, edition_id), (obligation.c.unit_id, unit_id))
    return [
        visible(sight, obligation.c.unit_id),
        *(column == value for column, value in wanted if value is not None),
    ]


def _undecided(table: Table) -> Iterable[ColumnElement[bool]]:
    """What was handed in meanwhile needs no answer. The state is wrapped, so that the query begins with the index
    of what is undecided and not with everything that is open.
    """
    states = sorted(state.value for state in OPEN)
    return table.c.decided_at.is_(None), func.coalesce(obligation.c.state, "").in_(states)


_NAMES: dict[str, Any] = {
    "campaign": edition.c.name.label("campaign"),
    "year": edition.c.year,
    "milestone": milestone.c.title.label("milestone"),
    "review_levels": milestone.c.review_levels,
    "label": point.c.label,
    "unit": unit.c.name.label("unit"),
}
_TOLD = (
    obligation.join(edition, edition.c.id == obligation.c.edition_id)
    .join(milestone, milestone.c.id == obligation.c.milestone_id)
    .join(point, point.c.id == obligation.c.point_id)
    .join(unit, unit.c.id == obligation.c.unit_id)
)
_SUBMITTED = select(
    *(
        _NAMES[one.name] if one.name in _NAMES else obligation.c[one.name]
        for one in fields(SubmittedObligation)
    )
).select_from(_TOLD)


def _requests(table: Table, shown: type[Any], **own: Any) -> Select[Any]:
    """The columns of `shown`: the request's own, else the obligation's."""
    names = {
        **_NAMES,
        "asked_by_id": table.c.asked_by.label("asked_by_id"),
        "asked_by": person.c.name.label("asked_by"),
        **own,
    }
    columns = [
        names[one.name] if one.name in names else (table if one.name in table.c else obligation).c[one.name]
        for one in fields(shown)
    ]
    joined = _TOLD.join(table, table.c.obligation_id == obligation.c.id)
    return select(*columns).select_from(joined.join(person, person.c.id == table.c.asked_by))


_receiver = unit.alias()
_EXTENSIONS = _requests(extension, AskedExtension)
_FORWARDS = _requests(forward_request, AskedForward, to_unit=_receiver.c.name.label("to_unit")).join(
    _receiver, _receiver.c.id == forward_request.c.to_unit_id
)
