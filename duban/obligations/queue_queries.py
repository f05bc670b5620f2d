"""What waits for somebody's decision: submissions to review or sign off, extensions to decide; the longest waiting first.

Each queue is read from an index that holds only what waits, page by page, so that closed matters cost nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, func, literal, select, tuple_

from duban.core.access import VisibleUnits
from duban.editions.tables import edition, milestone, point
from duban.evidence.tables import submission
from duban.obligations.queries import REVIEWED, parts_in_reviews
from duban.obligations.states import ObligationFacts, State, Transition, allowed_states
from duban.obligations.tables import extension, obligation, sign_off
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
    return {
        one.id: ObligationFacts(
            state=state,
            unit_id=one.unit_id,
            review_levels=one.review_levels,
            **parts_in_reviews(reviewed[one.id], closed[one.id], levels=one.review_levels),
        )
        for one in rows
    }


def asked_extensions(
    connection: Connection, sight: VisibleUnits, *, after: int | None = None, limit: int
) -> tuple[AskedExtension, ...]:
    """Requests in the order they were made; `after` is the number of the last one of the page before."""
    statement = _ASKED.where(*_undecided(sight)).order_by(extension.c.asked_at, extension.c.id).limit(limit)
    if after is not None:
        before = select(extension.c.asked_at).where(extension.c.id == after).scalar_subquery()
        statement = statement.where(
            tuple_(extension.c.asked_at, extension.c.id) > tuple_(before, literal(after))
        )
    return tuple(
        AskedExtension(**dict(row._mapping) | {"state": State(row.state)})
        for row in connection.execute(statement)
    )


def count_extensions(connection: Connection, sight: VisibleUnits) -> tuple[int, datetime | None]:
    """How many requests nobody has answered, and when the first was made."""
    joined = extension.join(obligation, obligation.c.id == extension.c.obligation_id)
    row = connection.execute(
        select(func.count(), func.min(extension.c.asked_at)).select_from(joined).where(*_undecided(sight))
    ).one()
    return row[0], row[1]


def _of(sight: VisibleUnits, edition_id: int | None, unit_id: int | None) -> list[ColumnElement[bool]]:
    wanted = ((obligation.c.edition_id, edition_id), (obligation.c.unit_id, unit_id))
    return [
        visible(sight, obligation.c.unit_id),
        *(column == value for column, value in wanted if value is not None),
    ]


def _undecided(sight: VisibleUnits) -> Iterable[ColumnElement[bool]]:
    """What was handed in meanwhile needs no extension. The state is wrapped, so that the query begins with the index
    of what is undecided and not with everything that is open.
    """
    states = sorted(state.value for state in allowed_states(Transition.DECIDE_EXTENSION))
    return (
        extension.c.decided_at.is_(None),
        func.coalesce(obligation.c.state, "").in_(states),
        visible(sight, obligation.c.unit_id),
    )


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
_OF_EXTENSION = {
    **_NAMES,
    "asked_by_id": extension.c.asked_by.label("asked_by_id"),
    "asked_by": person.c.name.label("asked_by"),
    **{
        name: extension.c[name]
        for name in ("id", "obligation_id", "asked_at", "reason", "progress", "wanted_on")
    },
}
_ASKED = select(
    *(
        _OF_EXTENSION[one.name] if one.name in _OF_EXTENSION else obligation.c[one.name]
        for one in fields(AskedExtension)
    )
).select_from(
    _TOLD.join(extension, extension.c.obligation_id == obligation.c.id).join(
        person, person.c.id == extension.c.asked_by
    )
)
