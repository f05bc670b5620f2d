"""What the board is computed from: groups of obligations that share their facts, streamed; never one row each.

Only quotas with a target are read one by one, because their light depends on their own newest figure. Knows no light.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)

from duban.core.access import VisibleUnits
from duban.editions.tables import edition, milestone, point
from duban.figures.tables import progress
from duban.obligations.states import DONE, NOT_STARTED, OPEN, OUT, WAITING, State
from duban.obligations.tables import obligation
from duban.rosters.tables import subject
from duban.units.queries import visible
from duban.units.tables import unit

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
class BoardGroup:
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


def board_editions(
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


def board_points(connection: Connection, edition_ids: Sequence[int]) -> dict[int, BoardPoint]:
    """The editions' points by id."""
    found = connection.execute(
        select(point.c.id, point.c.due_on, point.c.starts_on, point.c.provisional).where(
            point.c.edition_id.in_(edition_ids)
        )
    )
    return {row.id: BoardPoint(**row._mapping) for row in found}


def board_groups(
    connection: Connection,
    edition_ids: Sequence[int],
    *,
    yesterday: date,
    by_unit: bool = False,
    unit_ids: Sequence[int] = (),
) -> Iterator[BoardGroup]:
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


def paced_obligations(
    connection: Connection,
    edition_ids: Sequence[int],
    *,
    yesterday: date,
    unit_ids: Sequence[int] = (),
) -> Iterator[BoardGroup]:
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


def board_members(
    connection: Connection, group: BoardGroup, *, yesterday: date, unit_ids: Sequence[int] = (), limit: int
) -> list[Shown]:
    """Some obligations of a group, by unit."""
    if group.obligation_id is not None:
        return is_shown(connection, obligation.c.id == group.obligation_id, limit)
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
    return is_shown(connection, same, limit)


def board_unit_names(connection: Connection, unit_ids: Sequence[int]) -> Mapping[int, str]:
    """The names of units, for the few that are shown."""
    names: dict[int, str] = {}
    for start in range(0, len(unit_ids), 500):
        some = unit_ids[start : start + 500]
        rows = connection.execute(select(unit.c.id, unit.c.name).where(unit.c.id.in_(some)))
        names |= {row.id: row.name for row in rows}
    return names


def _stream(connection: Connection, found: Select[Any]) -> Iterator[BoardGroup]:
    states = {state.value: state for state in State}
    result = connection.execute(found.execution_options(yield_per=_PAGE))
    for edition_id, unit_id, point_id, state, due_on, done_on, late, returned, is_new, *rest in result:
        yield BoardGroup(
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


def is_shown(connection: Connection, same: ColumnElement[bool], limit: int) -> list[Shown]:
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


# Written out, because a partial index is only found by its own words.
is_done: ColumnElement[bool] = literal_column(
    f"obligation.state IN ({', '.join(repr(s.value) for s in sorted(DONE))})"
)


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Obligations that share their facts. `done_on` is the day of handing in, else of closing; of what waits, the
    latest of those that came in time, or of those that came late. `ladder` only helps to find the group again.
    """

    edition_id: int
    state: State
    ladder: str
    due_on: date
    done_on: date | None
    closed_on: date | None
    beyond: bool
    late: bool
    returned: bool
    is_new: bool
    obligations: int


def overview_editions(connection: Connection) -> dict[int, BoardEdition]:
    """Every published edition by id; there are a few dozen a year."""
    found = (
        select(edition.c.id, edition.c.campaign, edition.c.name, edition.c.year, edition.c.kind)
        .where(edition.c.state == "published")
        .order_by(edition.c.year, edition.c.campaign)
    )
    return {row.id: BoardEdition(**row._mapping) for row in connection.execute(found)}


def points_by_date(connection: Connection, edition_ids: Sequence[int]) -> dict[tuple[int, date], BoardPoint]:
    """A point for each edition and date; where several share a date, one that is provisional if any is."""
    rows = connection.execute(
        select(point.c.edition_id, point.c.id, point.c.due_on, point.c.starts_on, point.c.provisional)
        .where(point.c.edition_id.in_(edition_ids), point.c.withdrawn.is_(False))
        .order_by(point.c.provisional, point.c.id)
    )
    return {
        (row.edition_id, row.due_on): BoardPoint(
            id=row.id, due_on=row.due_on, starts_on=row.starts_on, provisional=bool(row.provisional)
        )
        for row in rows
    }


def unfinished_groups(
    connection: Connection,
    edition_ids: Sequence[int],
    *,
    yesterday: date,
    states: frozenset[State] = OPEN | OUT | NOT_STARTED,
) -> list[FactGroup]:
    """Groups of what waits for review and of what is in these states; quotas with a target among the others."""
    return [
        *_open(connection, edition_ids, yesterday, states),
        *_waiting(connection, edition_ids, yesterday),
    ]


def finished_groups(connection: Connection, edition_ids: Sequence[int]) -> list[FactGroup]:
    """Groups of what is signed off."""
    keys = [
        obligation.c[name]
        for name in ("edition_id", "state", "due_on", "closed_on", "submitted_on", "late", "returned_times")
    ]
    found = (
        select(*keys, func.count()).where(obligation.c.edition_id.in_(edition_ids), is_done).group_by(*keys)
    )
    return [
        FactGroup(
            edition_id,
            State(state),
            "",
            due_on,
            submitted_on or closed_on,
            closed_on,
            (submitted_on or closed_on or due_on) > due_on,
            bool(late),
            returned_times > 0,
            False,
            number,
        )
        for edition_id, state, due_on, closed_on, submitted_on, late, returned_times, number in connection.execute(
            found
        )
    ]


def _open(
    connection: Connection, edition_ids: Sequence[int], yesterday: date, states: frozenset[State]
) -> list[FactGroup]:
    keys = [obligation.c[name] for name in ("edition_id", "state", "ladder", "due_on", "opened_on")]
    found = (
        select(*keys, func.count())
        .where(obligation.c.edition_id.in_(edition_ids), obligation.c.state.in_(point_words(states)))
        .group_by(*keys)
    )
    return [
        FactGroup(
            edition_id,
            State(state),
            ladder,
            due_on,
            None,
            None,
            False,
            False,
            False,
            opened_on > yesterday,
            number,
        )
        for edition_id, state, ladder, due_on, opened_on, number in connection.execute(found)
    ]


def _waiting(connection: Connection, edition_ids: Sequence[int], yesterday: date) -> list[FactGroup]:
    done_on = done_day()
    found = (
        select(
            obligation.c.edition_id,
            obligation.c.state,
            obligation.c.ladder,
            obligation.c.due_on,
            is_beyond_wall().label("beyond"),
            case((obligation.c.opened_on > yesterday, 1), else_=0).label("is_new"),
            func.max(done_on).label("done_on"),
            func.count().label("number"),
        )
        .where(obligation.c.edition_id.in_(edition_ids), obligation.c.state.in_(point_words(WAITING)))
        .group_by("edition_id", "state", "ladder", "due_on", "beyond", "is_new")
    )
    return [
        FactGroup(
            row.edition_id,
            State(row.state),
            row.ladder,
            row.due_on,
            row.done_on,
            None,
            bool(row.beyond),
            False,
            False,
            bool(row.is_new),
            row.number,
        )
        for row in connection.execute(found)
    ]


def group_members(
    connection: Connection,
    group: FactGroup,
    *,
    yesterday: date,
    unit_ids: Sequence[int] = (),
    limit: int,
) -> list[Shown]:
    """Some obligations of a group of what is open or waits, by unit; none that has a light of its own."""
    same = _same(group, yesterday)
    if unit_ids:
        same.append(obligation.c.unit_id.in_(unit_ids))
    return is_shown(connection, and_(*same), limit)


def group_member_ids(
    connection: Connection, group: FactGroup, *, yesterday: date, offset: int, limit: int
) -> list[int]:
    """Some ids of a group, by unit; none that has a light of its own."""
    found = (
        select(obligation.c.id)
        .where(*_same(group, yesterday))
        .order_by(obligation.c.unit_id, obligation.c.id)
        .offset(offset)
        .limit(limit)
    )
    return list(connection.scalars(found))


def _same(group: FactGroup, yesterday: date) -> list[ColumnElement[bool]]:
    own = obligation.c
    same = [
        own.edition_id == group.edition_id,
        own.state == group.state.value,
        own.due_on == group.due_on,
    ]
    if group.state in DONE:
        return [
            *same,
            is_done,
            own.closed_on.is_not_distinct_from(group.closed_on),
            done_day().is_not_distinct_from(group.done_on),
            own.late == int(group.late),
            (own.returned_times > 0) if group.returned else (own.returned_times == 0),
        ]
    same += [
        own.ladder == group.ladder,
        own.opened_on > yesterday if group.is_new else own.opened_on <= yesterday,
    ]
    if group.state in WAITING:
        same.append(is_beyond_wall() == int(group.beyond))
    if group.state in OPEN:
        same.append(own.target.is_(None))
    return same


def done_day() -> ColumnElement[Any]:
    """The day of handing in, else of closing."""
    return func.coalesce(obligation.c.submitted_on, obligation.c.closed_on)


def is_beyond_wall() -> ColumnElement[int]:
    """Keeps what came in time apart from what did not, so that a group's latest day stands for all of it."""
    return case((done_day() > obligation.c.due_on, 1), else_=0)


def point_words(states: frozenset[State]) -> list[str]:
    return sorted(state.value for state in states)


_cell_list_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFilter:
    """Which obligations: of one edition, of one unit, or where they meet; `year` holds for a unit alone."""

    edition_id: int | None = None
    unit_id: int | None = None
    year: int | None = None


class CellMarks(NamedTuple):
    """What lights and measures are made of; many obligations share them."""

    state: str
    due_on: date
    done_on: date | None
    late: int
    returned: int
    starts_on: date
    target: Decimal | None
    reported: Decimal | None


def cell_marks(
    connection: Connection, cell: CellFilter, sight: VisibleUnits
) -> Iterator[tuple[int, CellMarks]]:
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
        .where(edition.c.state == "published", visible(sight, obligation.c.unit_id), *_of(cell))
        .order_by(obligation.c.due_on, obligation.c.id)
    )
    for obligation_id, *columns in connection.execute(found.execution_options(yield_per=_cell_list_PAGE)):
        yield obligation_id, CellMarks(*columns)


def _of(cell: CellFilter) -> list[ColumnElement[bool]]:
    wanted: tuple[tuple[ColumnElement[Any], int | None], ...] = (
        (obligation.c.edition_id, cell.edition_id),
        (obligation.c.unit_id, cell.unit_id),
        (edition.c.year, cell.year),
    )
    return [column == value for column, value in wanted if value is not None]


def cell_names(connection: Connection, cell: CellFilter) -> tuple[str | None, str | None]:
    """What the edition and the unit of the cell are called; None for what is not there or was not asked."""
    campaign = connection.execute(
        select(edition.c.name, edition.c.year).where(
            edition.c.id == cell.edition_id, edition.c.state == "published"
        )
    ).first()
    named = connection.execute(select(unit.c.name).where(unit.c.id == cell.unit_id)).scalar()
    return (f"{campaign.name}{campaign.year}" if campaign else None), named
