"""What the board is computed from: groups of obligations that share their facts, streamed; never one row each.

Only quotas with a target are read one by one, because their light depends on their own newest figure. Knows no light.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, null, or_, select

from office.store.tables import edition, milestone, obligation, point, progress, subject, unit
from rules.moves import OPEN, State

_PAGE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardEdition:
    """A published edition."""

    id: int
    campaign: str
    name: str
    year: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPoint:
    """A dated point, for what its obligations have in common."""

    id: int
    due_on: date
    starts_on: date | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Obligations that share their facts. `unit_id` is 0 where units were not asked apart.

    `done_on` is the day of handing in, else of closing. `opened_on`, `target` and `reported` are of one obligation
    with a target, and None in every other group. `is_new`: first owed after the day before.
    """

    edition_id: int
    unit_id: int
    point_id: int
    state: State
    due_on: date
    done_on: date | None
    late: bool
    returned: bool
    is_new: bool
    obligations: int
    obligation_id: int | None
    opened_on: date | None
    target: Decimal | None
    reported: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One obligation in a list of the board."""

    obligation_id: int
    campaign: str
    year: int
    title: str
    label: str
    unit: str
    subject: str | None
    due_on: date


def published(
    connection: Connection, *, year: int | None = None, campaign: str | None = None
) -> dict[int, BoardEdition]:
    """Published editions by id; `campaign` is a key or part of the name."""
    found = (
        select(edition.c.id, edition.c.campaign, edition.c.name, edition.c.year, edition.c.kind)
        .where(edition.c.state == "published")
        .order_by(edition.c.year, edition.c.campaign)
    )
    if year is not None:
        found = found.where(edition.c.year == year)
    if campaign is not None:
        named = edition.c.name.contains(campaign, autoescape=True)
        found = found.where(or_(edition.c.campaign == campaign, named))
    return {row.id: BoardEdition(**row._mapping) for row in connection.execute(found)}


def points(connection: Connection, edition_ids: Sequence[int]) -> dict[int, BoardPoint]:
    """The editions' points by id."""
    found = connection.execute(
        select(point.c.id, point.c.due_on, point.c.starts_on, point.c.provisional).where(
            point.c.edition_id.in_(edition_ids)
        )
    )
    return {row.id: BoardPoint(**row._mapping) for row in found}


def groups(
    connection: Connection,
    edition_ids: Sequence[int],
    *,
    yesterday: date,
    by_unit: bool = False,
    unit_ids: Sequence[int] = (),
) -> Iterator[Group]:
    """Obligations without a pace of their own, in order of edition (and unit where those are asked apart)."""
    # Grouped by the names of the expressions: PostgreSQL takes the same one with its own parameters for another.
    names = ["edition_id", "unit_id"] if by_unit else ["edition_id"]
    keys = [*names, "point_id", "state", "due_on", "done_on", "late", "returned", "is_new"]
    found = (
        select(
            obligation.c.edition_id,
            obligation.c.unit_id if by_unit else literal(0).label("nobody"),
            *_facts(yesterday),
            func.count().label("obligations"),
            *(null().label(name) for name in ("obligation_id", "opened_on", "target", "reported")),
        )
        .where(_wanted(edition_ids, unit_ids), ~_paced())
        .group_by(*keys)
        .order_by(*names)
    )
    yield from _stream(connection, found)


def paced(
    connection: Connection,
    edition_ids: Sequence[int],
    *,
    yesterday: date,
    unit_ids: Sequence[int] = (),
) -> Iterator[Group]:
    """Every open obligation with a target, one by one with its newest figure, in order of edition and unit."""
    found = (
        select(
            obligation.c.edition_id,
            obligation.c.unit_id,
            *_facts(yesterday),
            literal(1).label("obligations"),
            obligation.c.id.label("obligation_id"),
            obligation.c.opened_on,
            obligation.c.target,
            _newest_figure().label("reported"),
        )
        .where(_wanted(edition_ids, unit_ids), _paced())
        .order_by(obligation.c.edition_id, obligation.c.unit_id)
    )
    yield from _stream(connection, found)


def members(
    connection: Connection, group: Group, *, yesterday: date, unit_ids: Sequence[int] = (), limit: int
) -> list[Shown]:
    """Some obligations of a group, by unit."""
    if group.obligation_id is not None:
        return shown(connection, obligation.c.id == group.obligation_id, limit)
    same = and_(
        _wanted((group.edition_id,), unit_ids),
        ~_paced(),
        obligation.c.point_id == group.point_id,
        obligation.c.state == group.state.value,
        obligation.c.due_on == group.due_on,
        _done_on().is_not_distinct_from(group.done_on),
        obligation.c.late == int(group.late),
        _returned() == int(group.returned),
        _is_new(yesterday) == int(group.is_new),
    )
    return shown(connection, same, limit)


def unit_names(connection: Connection, unit_ids: Sequence[int]) -> Mapping[int, str]:
    """The names of units, for the few that are shown."""
    names: dict[int, str] = {}
    for start in range(0, len(unit_ids), 500):
        some = unit_ids[start : start + 500]
        rows = connection.execute(select(unit.c.id, unit.c.name).where(unit.c.id.in_(some)))
        names |= {row.id: row.name for row in rows}
    return names


def _stream(connection: Connection, found: Select[Any]) -> Iterator[Group]:
    states = {state.value: state for state in State}
    result = connection.execute(found.execution_options(yield_per=_PAGE))
    for edition_id, unit_id, point_id, state, due_on, done_on, late, returned, is_new, *rest in result:
        yield Group(
            edition_id,
            unit_id,
            point_id,
            states[state],
            due_on,
            done_on,
            bool(late),
            bool(returned),
            bool(is_new),
            *rest,
        )


def shown(connection: Connection, same: ColumnElement[bool], limit: int) -> list[Shown]:
    """Some obligations as the board lists them, by unit."""
    found = (
        select(
            obligation.c.id.label("obligation_id"),
            edition.c.name.label("campaign"),
            edition.c.year,
            milestone.c.title,
            point.c.label,
            unit.c.name.label("unit"),
            subject.c.name.label("subject"),
            obligation.c.due_on,
        )
        .join_from(obligation, edition, edition.c.id == obligation.c.edition_id)
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .join(point, point.c.id == obligation.c.point_id)
        .join(unit, unit.c.id == obligation.c.unit_id)
        .outerjoin(subject, subject.c.id == obligation.c.subject_id)
        .where(same)
        .order_by(obligation.c.unit_id, obligation.c.id)
        .limit(limit)
    )
    return [Shown(**row._mapping) for row in connection.execute(found)]


def _facts(yesterday: date) -> tuple[ColumnElement[Any], ...]:
    """What a light, a mark or a measure is made of, in the order of Group's fields."""
    return (
        obligation.c.point_id,
        obligation.c.state,
        obligation.c.due_on,
        _done_on().label("done_on"),
        obligation.c.late,
        _returned().label("returned"),
        _is_new(yesterday).label("is_new"),
    )


def _wanted(edition_ids: Sequence[int], unit_ids: Sequence[int]) -> ColumnElement[bool]:
    wanted = obligation.c.edition_id.in_(edition_ids)
    return and_(wanted, obligation.c.unit_id.in_(unit_ids)) if unit_ids else wanted


def _paced() -> ColumnElement[bool]:
    """Whose light depends on a figure of its own."""
    still_open = obligation.c.state.in_(sorted(state.value for state in OPEN))
    return and_(obligation.c.target.is_not(None), still_open)


def _done_on() -> ColumnElement[Any]:
    return func.coalesce(obligation.c.submitted_on, obligation.c.closed_on)


def _returned() -> ColumnElement[int]:
    return case((obligation.c.returned_times > 0, 1), else_=0)


def _is_new(yesterday: date) -> ColumnElement[int]:
    return case((obligation.c.opened_on > yesterday, 1), else_=0)


def _newest_figure() -> ColumnElement[Any]:
    return (
        select(progress.c.value)
        .where(progress.c.obligation_id == obligation.c.id)
        .order_by(progress.c.as_of_on.desc(), progress.c.id.desc())
        .limit(1)
        .correlate(obligation)
        .scalar_subquery()
    )
