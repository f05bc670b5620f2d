"""The leader's page unit by unit: which units owe, how many judged obligations each has, the groups of a few of them.

The database counts over groups that were judged before, so that a million rows need not come here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    case,
    column,
    exists,
    func,
    or_,
    select,
    union_all,
    values,
)

from duban.core.access import VisibleUnits
from duban.obligations.states import DONE, OPEN, WAITING, State
from duban.obligations.tables import obligation
from duban.reports.board_queries import FactGroup, done_day, is_beyond_wall, is_done, point_words
from duban.units.queries import visible
from duban.units.tables import unit

# So many groups are handed to one statement; a database takes only so many parameters.
_CHUNK = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitHead:
    """A unit as a column of the matrix."""

    id: int
    name: str
    kind: str


def units_by(
    connection: Connection,
    groups: Iterable[FactGroup],
    *,
    quotas: bool,
    only: Sequence[int] | None = None,
    kind: str | None = None,
) -> dict[int, int]:
    """How many obligations of these groups each unit has; `only` asks for some units, `kind` for those of a kind.

    `quotas` says whether there are any open ones with a light of their own, which are then left out.
    """
    counted: dict[int, int] = {}
    narrowed = _narrowed(only, kind)
    for keys in _chunks(sorted({_key(group) for group in groups})):
        for unit_id, number in connection.execute(_count_by_unit(keys, quotas, narrowed)):
            counted[unit_id] = counted.get(unit_id, 0) + int(number)
    return counted


def _narrowed(only: Sequence[int] | None, kind: str | None) -> list[ColumnElement[bool]]:
    some: list[ColumnElement[bool]] = [] if only is None else [obligation.c.unit_id.in_(only)]
    if kind is not None:
        some.append(obligation.c.unit_id.in_(select(unit.c.id).where(unit.c.kind == kind)))
    return some


_Key = tuple[int, str, str, date, int, int]


def _key(group: FactGroup) -> _Key:
    """What tells the group from others of the same lot: what is open has no day of handing in."""
    return (
        group.edition_id,
        group.state.value,
        group.ladder,
        group.due_on,
        int(group.beyond),
        int(group.late),
    )


def _chunks(keys: Sequence[_Key]) -> Iterator[Sequence[_Key]]:
    return (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))


def _count_by_unit(keys: Sequence[_Key], quotas: bool, narrowed: list[ColumnElement[bool]]) -> Select[Any]:
    lots: dict[str, list[_Key]] = {}
    for key in keys:
        state = State(key[1])
        lot = "done" if state in DONE else "waiting" if state in WAITING else "open"
        lots.setdefault(lot, []).append(key)
    both = union_all(*(_matching(lot, some, quotas, narrowed) for lot, some in lots.items())).subquery()
    return select(both.c.unit_id, func.sum(both.c.number)).group_by(both.c.unit_id)


def _matching(
    lot: str, keys: Sequence[_Key], quotas: bool, narrowed: list[ColumnElement[bool]]
) -> Select[Any]:
    """Obligations per unit that match these groups, found through the index that has them."""
    own = obligation.c
    columns = (own.edition_id, own.state, own.ladder, own.due_on, own.late.label("beyond"), own.late)
    judged = (
        values(*(column(c.name, c.type) for c in columns), name=f"judged_{lot}")
        .data(list(keys))
        .cte(f"judged_{lot}_groups")
    )
    same = [own.edition_id == judged.c.edition_id, own.state == judged.c.state, own.due_on == judged.c.due_on]
    if lot == "done":
        same += [is_done, is_beyond_wall() == judged.c.beyond, own.late == judged.c.late]
    elif lot == "waiting":
        same += [own.ladder == judged.c.ladder, is_beyond_wall() == judged.c.beyond]
    else:
        same += [own.ladder == judged.c.ladder]
        if quotas:
            same.append(or_(own.target.is_(None), own.state.not_in(point_words(OPEN))))
    found = select(own.unit_id, func.count().label("number")).select_from(judged)
    return found.where(*same, *narrowed).group_by(own.unit_id)


def unit_heads(connection: Connection, unit_ids: Sequence[int]) -> dict[int, UnitHead]:
    """Names and kinds of a few units."""
    rows = connection.execute(select(unit.c.id, unit.c.name, unit.c.kind).where(unit.c.id.in_(unit_ids)))
    return {row.id: UnitHead(**row._mapping) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSpan:
    """Which obligations are of the year: their editions, and the dates between which they lie."""

    edition_ids: tuple[int, ...]
    first: date
    last: date


def owing_units(connection: Connection, span: DueSpan, sight: VisibleUnits) -> int:
    """How many units owe anything of the year."""
    found = select(func.count()).select_from(unit).where(_owes(span), visible(sight, unit.c.id))
    return int(connection.execute(found).scalar_one())


def owing_kinds(connection: Connection, span: DueSpan, sight: VisibleUnits) -> dict[str, int]:
    """How many units of each kind owe anything of the year."""
    found = select(unit.c.kind, func.count()).where(_owes(span), visible(sight, unit.c.id))
    rows = connection.execute(found.group_by(unit.c.kind).order_by(unit.c.kind))
    return {kind: int(number) for kind, number in rows}


def first_units(
    connection: Connection, span: DueSpan, sight: VisibleUnits, *, kind: str, limit: int
) -> list[UnitHead]:
    """The first units of a kind that owe anything, in the order they were entered."""
    found = (
        select(unit.c.id, unit.c.name, unit.c.kind)
        .where(unit.c.kind == kind, _owes(span), visible(sight, unit.c.id))
        .order_by(unit.c.id)
        .limit(limit)
    )
    return [UnitHead(**row._mapping) for row in connection.execute(found)]


def owing_ids(connection: Connection, span: DueSpan, sight: VisibleUnits) -> list[int]:
    """Every unit that owes anything, in the order they were entered."""
    found = select(unit.c.id).where(_owes(span), visible(sight, unit.c.id)).order_by(unit.c.id)
    return list(connection.scalars(found))


def _owes(span: DueSpan) -> ColumnElement[bool]:
    # Looked up by unit and date: the edition is added to nothing, so that its own index is not taken instead.
    return exists().where(
        obligation.c.unit_id == unit.c.id,
        obligation.c.due_on.between(span.first, span.last),
        (obligation.c.edition_id + 0).in_(span.edition_ids),
    )


def groups_of_units(
    connection: Connection, span: DueSpan, unit_ids: Sequence[int], *, yesterday: date
) -> list[tuple[int, FactGroup]]:
    """The groups of a few units apart, whatever their state."""
    far = case((obligation.c.state.in_(point_words(WAITING | DONE)), is_beyond_wall()), else_=0).label(
        "beyond"
    )
    columns = [
        obligation.c.unit_id,
        obligation.c.edition_id,
        obligation.c.state,
        obligation.c.ladder,
        obligation.c.due_on,
        done_day().label("done_on"),
        obligation.c.closed_on,
        far,
        obligation.c.late,
        case((obligation.c.returned_times > 0, 1), else_=0).label("returned"),
        case((obligation.c.opened_on > yesterday, 1), else_=0).label("is_new"),
    ]
    found = (
        select(*columns, func.count())
        .where(
            obligation.c.unit_id.in_(unit_ids),
            obligation.c.due_on.between(span.first, span.last),
            (obligation.c.edition_id + 0).in_(span.edition_ids),
        )
        .group_by(*(c.name for c in columns))
    )
    return [
        (
            unit_id,
            FactGroup(
                key, State(state), ladder, due, done, closed, bool(far), bool(late), bool(r), bool(n), c
            ),
        )
        for unit_id, key, state, ladder, due, done, closed, far, late, r, n, c in connection.execute(found)
    ]
