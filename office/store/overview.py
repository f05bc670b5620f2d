"""What the leader's page is computed from: groups that share their facts, each asked of the index that answers it alone.

Open matters come from the round's own index, finished ones from the index of what is done; years that are over are
never read beyond what they left open. Knows no light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal_column, select

from office.store.board import BoardEdition, BoardPoint, Shown, shown
from office.store.tables import edition, obligation, point
from rules.moves import DONE, NOT_STARTED, OPEN, OUT, WAITING, State

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


def editions(connection: Connection) -> dict[int, BoardEdition]:
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


def unfinished(
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


def finished(connection: Connection, edition_ids: Sequence[int]) -> list[FactGroup]:
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
        .where(obligation.c.edition_id.in_(edition_ids), obligation.c.state.in_(words(states)))
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
            beyond().label("beyond"),
            case((obligation.c.opened_on > yesterday, 1), else_=0).label("is_new"),
            func.max(done_on).label("done_on"),
            func.count().label("number"),
        )
        .where(obligation.c.edition_id.in_(edition_ids), obligation.c.state.in_(words(WAITING)))
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


def members(
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
    return shown(connection, and_(*same), limit)


def member_ids(
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
        same.append(beyond() == int(group.beyond))
    if group.state in OPEN:
        same.append(own.target.is_(None))
    return same


def done_day() -> ColumnElement[Any]:
    """The day of handing in, else of closing."""
    return func.coalesce(obligation.c.submitted_on, obligation.c.closed_on)


def beyond() -> ColumnElement[int]:
    """Keeps what came in time apart from what did not, so that a group's latest day stands for all of it."""
    return case((done_day() > obligation.c.due_on, 1), else_=0)


def words(states: frozenset[State]) -> list[str]:
    return sorted(state.value for state in states)
