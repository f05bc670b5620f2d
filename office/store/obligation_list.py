"""The ledger as a list: filtered, in order of date, read page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from office.store.sights import within
from office.store.tables import (
    edition,
    extension,
    milestone,
    obligation,
    person,
    point,
    progress,
    subject,
    unit,
)
from rules.moves import WAITING, State
from rules.people import Actor, Role
from rules.sight import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is looked for; None asks nothing. `mine` is the person whose desk it is. Dates include both ends."""

    unit_id: int | None = None
    campaign: str | None = None  # key or part of the name
    edition_id: int | None = None
    year: int | None = None
    states: frozenset[State] = frozenset()
    due_from: date | None = None
    due_until: date | None = None
    mine: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One row of the ledger as stored; its light is derived elsewhere."""

    id: int
    campaign: str
    campaign_name: str
    year: int
    edition_id: int
    milestone: str
    label: str
    unit_id: int
    unit: str
    subject: str | None
    state: State
    due_on: date
    hard_due_on: date | None
    point_due_on: date
    point_last_workday: date
    point_provisional: bool
    starts_on: date
    submitted_on: date | None
    closed_on: date | None
    late: bool
    returned_times: int
    extended_times: int
    extension_pending: bool
    handler: str | None
    target_state: str | None
    target: Decimal | None
    reported: Decimal | None


class LightFacts(NamedTuple):
    """A named tuple because a million of them are compared with each other."""

    state: str
    due_on: date
    submitted_on: date | None
    closed_on: date | None
    starts_on: date
    target: Decimal | None
    reported: Decimal | None


def count(connection: Connection, wanted: Filter, sight: Sight) -> int:
    """How many rows the filter finds."""
    # Counted over ids, so that the columns of a row cost nothing here.
    ids = _only(_joined(select(obligation.c.id)), wanted, sight).subquery()
    return connection.execute(select(func.count()).select_from(ids)).scalar_one()


def rows(
    connection: Connection, wanted: Filter, sight: Sight, *, offset: int, limit: int
) -> tuple[Listed, ...]:
    """Some rows of the list, the earliest date first."""
    found = (
        _only(_joined(_SHOWN), wanted, sight)
        .order_by(obligation.c.due_on, obligation.c.id)
        .offset(offset)
        .limit(limit)
    )
    return tuple(_listed(row) for row in connection.execute(found))


def facts(connection: Connection, wanted: Filter, sight: Sight) -> Iterator[tuple[int, LightFacts]]:
    """Of every row of the list, in the same order, its id and what its light is made of; a few at a time."""
    found = _only(_joined(_FACTS), wanted, sight).order_by(obligation.c.due_on, obligation.c.id)
    for obligation_id, *columns in connection.execute(found.execution_options(yield_per=_PAGE)):
        yield obligation_id, LightFacts(*columns)


def rows_of(connection: Connection, ids: Sequence[int], sight: Sight) -> tuple[Listed, ...]:
    """These rows, in the order of the list."""
    found = _joined(_SHOWN).where(obligation.c.id.in_(ids), within(sight, obligation.c.unit_id))
    ordered = found.order_by(obligation.c.due_on, obligation.c.id)
    return tuple(_listed(row) for row in connection.execute(ordered))


def row(connection: Connection, obligation_id: int, sight: Sight) -> Listed | None:
    """One row of the list; None also when it belongs to a unit that the person may not see."""
    one = _joined(_SHOWN).where(obligation.c.id == obligation_id, within(sight, obligation.c.unit_id))
    found = connection.execute(one).first()
    return _listed(found) if found else None


def edition_id(connection: Connection, campaign: str, year: int) -> int | None:
    """The id of one edition; its whole value is office.store.editions' business."""
    return connection.execute(
        select(edition.c.id).where(edition.c.campaign == campaign, edition.c.year == year)
    ).scalar()


_PAGE = 500
_newest = (
    select(progress.c.value)
    .where(progress.c.obligation_id == obligation.c.id)
    .order_by(progress.c.as_of_on.desc(), progress.c.id.desc())
    .limit(1)
    .correlate(obligation)
    .scalar_subquery()
)
_asked = (
    select(extension.c.id)
    .where(extension.c.obligation_id == obligation.c.id, extension.c.decided_at.is_(None))
    .correlate(obligation)
    .exists()
)
_SHOWN = select(
    obligation.c.id,
    edition.c.campaign,
    edition.c.name.label("campaign_name"),
    edition.c.year,
    obligation.c.edition_id,
    milestone.c.title.label("milestone"),
    point.c.label,
    obligation.c.unit_id,
    unit.c.name.label("unit"),
    subject.c.name.label("subject"),
    obligation.c.state,
    obligation.c.due_on,
    obligation.c.hard_due_on,
    point.c.due_on.label("point_due_on"),
    point.c.last_workday.label("point_last_workday"),
    point.c.provisional.label("point_provisional"),
    func.coalesce(point.c.starts_on, obligation.c.opened_on).label("starts_on"),
    obligation.c.submitted_on,
    obligation.c.closed_on,
    obligation.c.late,
    obligation.c.returned_times,
    obligation.c.extended_times,
    _asked.label("extension_pending"),
    person.c.name.label("handler"),
    obligation.c.target_state,
    obligation.c.target,
    _newest.label("reported"),
)

_FACTS = select(
    obligation.c.id,
    obligation.c.state,
    obligation.c.due_on,
    obligation.c.submitted_on,
    obligation.c.closed_on,
    func.coalesce(point.c.starts_on, obligation.c.opened_on),
    obligation.c.target,
    _newest,
)


def _joined(columns: Select[Any]) -> Select[Any]:
    return columns.select_from(
        obligation.join(edition, edition.c.id == obligation.c.edition_id)
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .join(point, point.c.id == obligation.c.point_id)
        .join(unit, unit.c.id == obligation.c.unit_id)
        .outerjoin(person, person.c.id == obligation.c.handler_id)
        .outerjoin(subject, subject.c.id == obligation.c.subject_id)
    )


def _only(found: Select[Any], wanted: Filter, sight: Sight) -> Select[Any]:
    found = found.where(within(sight, obligation.c.unit_id))
    same = (
        (obligation.c.unit_id, wanted.unit_id),
        (obligation.c.edition_id, wanted.edition_id),
        (edition.c.year, wanted.year),
    )
    found = found.where(*(column == value for column, value in same if value is not None))
    if wanted.campaign is not None:
        named = edition.c.name.contains(wanted.campaign, autoescape=True)
        found = found.where(or_(edition.c.campaign == wanted.campaign, named))
    if wanted.states:
        found = found.where(obligation.c.state.in_(sorted(state.value for state in wanted.states)))
    if wanted.due_from is not None:
        found = found.where(obligation.c.due_on >= wanted.due_from)
    if wanted.due_until is not None:
        found = found.where(obligation.c.due_on <= wanted.due_until)
    return found.where(_desk(wanted.mine)) if wanted.mine else found


def _desk(mine: Actor) -> ColumnElement[bool]:
    """A handler's own and what nobody in the unit has taken on; for reviewers what waits for them."""
    own = or_(
        obligation.c.handler_id == mine.person_id,
        obligation.c.backup_id == mine.person_id,
        and_(obligation.c.handler_id.is_(None), obligation.c.unit_id == mine.unit_id),
    )
    waiting = obligation.c.state.in_(sorted(state.value for state in WAITING))
    if Role.HANDLER not in mine.roles:
        return waiting
    return or_(own, waiting) if mine.roles - {Role.HANDLER} else own


def shown() -> Select[Any]:
    """The columns of a row, for a list with a filter of its own."""
    return _joined(_SHOWN)


def listed_of(values: Mapping[str, Any]) -> Listed:
    """A row out of those columns."""
    flags = {name: bool(values[name]) for name in ("late", "extension_pending", "point_provisional")}
    return Listed(**{**values, **flags, "state": State(values["state"])})


def _listed(row: Row[Any]) -> Listed:
    return listed_of(dict(row._mapping))
