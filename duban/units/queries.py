"""Units, the names they are known by, and their contacts.

Every name of a unit (code, name, aliases) is found by one key: NFKC, Traditional turned Simplified, no spaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select, true

from calendars.reader.units import name_key
from duban.core.access import VisibleUnits
from duban.obligations.states import Transition, allowed_states
from duban.obligations.tables import obligation
from duban.units.tables import contact, unit, unit_alias


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitEntry:
    """One unit as stored."""

    id: int
    code: str
    name: str
    kind: str
    parent_id: int | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactEntry:
    """One way to reach a unit. Rank 1 is told first."""

    id: int
    unit_id: int
    name: str
    duty: str
    channel: str
    address: str
    rank: int
    active: bool


@dataclass(frozen=True, slots=True)
class UnitNames:
    """Every unit by every name; asked a hundred thousand times when an edition is applied."""

    by_name: Mapping[str, int]
    by_key: Mapping[str, int]

    def find(self, name: str) -> int | None:
        # Folding a name takes far longer than a look-up, and most names are written as registered.
        found = self.by_name.get(name)
        return found if found is not None else self.by_key.get(name_key(name))


def unit_names(connection: Connection) -> UnitNames:
    """The names of all units."""
    by_name: dict[str, int] = {}
    for row in connection.execute(select(unit.c.id, unit.c.code, unit.c.name)):
        by_name[row.name] = row.id
        by_name.setdefault(row.code, row.id)
    rows = connection.execute(select(unit_alias.c.alias_key, unit_alias.c.unit_id))
    return UnitNames(by_name, {row.alias_key: row.unit_id for row in rows})


def find_unit(connection: Connection, name: str) -> UnitEntry | None:
    """The unit of that code, name or alias."""
    row = connection.execute(
        select(unit).where((unit.c.name == name) | (unit.c.code == name)).limit(1)
    ).first()
    if row is None:
        row = connection.execute(
            select(unit)
            .join_from(unit_alias, unit, unit.c.id == unit_alias.c.unit_id)
            .where(unit_alias.c.alias_key == name_key(name))
        ).first()
    return _unit(row) if row else None


def all_units(connection: Connection) -> tuple[UnitEntry, ...]:
    """The register, in the order units were entered."""
    return tuple(_unit(row) for row in connection.execute(select(unit).order_by(unit.c.id)))


def names_in_use(connection: Connection, *, besides: int, limit: int) -> tuple[str, ...]:
    """Some names of units in use, but that one's."""
    wanted = select(unit.c.name).where(unit.c.active, unit.c.id != besides).order_by(unit.c.id).limit(limit)
    return tuple(connection.scalars(wanted))


def unit_by_id(connection: Connection, unit_id: int) -> UnitEntry | None:
    """One unit."""
    row = connection.execute(select(unit).where(unit.c.id == unit_id)).first()
    return _unit(row) if row else None


def contact_by_id(connection: Connection, contact_id: int) -> ContactEntry | None:
    """One contact, in use or not."""
    row = connection.execute(select(contact).where(contact.c.id == contact_id)).first()
    return ContactEntry(**row._mapping) if row else None


def unfinished_of_unit(connection: Connection, unit_id: int) -> int:
    """How many obligations of the unit are not done."""
    return connection.execute(
        select(func.count()).where(
            obligation.c.unit_id == unit_id,
            obligation.c.state.in_(sorted(state.value for state in allowed_states(Transition.HAND_OVER))),
        )
    ).scalar_one()


def units_by_id(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """The names of some units."""
    wanted = sorted(set(ids))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        rows = connection.execute(select(unit.c.id, unit.c.name).where(unit.c.id.in_(some)))
        found |= {row.id: row.name for row in rows}
    return found


def contacts_of(connection: Connection, unit_id: int | None = None) -> tuple[ContactEntry, ...]:
    """The contacts of one unit, or of all, by unit, duty and rank."""
    statement = select(contact).order_by(contact.c.unit_id, contact.c.duty, contact.c.rank, contact.c.id)
    if unit_id is not None:
        statement = statement.where(contact.c.unit_id == unit_id)
    return tuple(ContactEntry(**row._mapping) for row in connection.execute(statement))


def active_contacts(connection: Connection, unit_ids: Sequence[int]) -> dict[int, tuple[ContactEntry, ...]]:
    """Who can be reached in each of these units, by duty and rank."""
    statement = (
        select(contact)
        .where(contact.c.unit_id.in_(list(unit_ids)), contact.c.active)
        .order_by(contact.c.unit_id, contact.c.duty.desc(), contact.c.rank, contact.c.id)
    )
    found: dict[int, tuple[ContactEntry, ...]] = {}
    for row in connection.execute(statement):
        found[row.unit_id] = (*found.get(row.unit_id, ()), ContactEntry(**row._mapping))
    return found


def aliases_of(connection: Connection, unit_id: int | None = None) -> dict[str, int]:
    """Alias keys of one unit, or of all, with the unit's id."""
    statement = select(unit_alias.c.alias_key, unit_alias.c.unit_id)
    if unit_id is not None:
        statement = statement.where(unit_alias.c.unit_id == unit_id)
    return {row.alias_key: row.unit_id for row in connection.execute(statement)}


def insert_units(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """New units: code, name, kind. Parents are set afterwards, when all of them have an id."""
    _many(connection, unit.insert(), rows)


def update_units(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Changed units by `b_id`: name, kind, active, parent_id."""
    names = ("name", "kind", "parent_id", "active")
    values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in names}
    _many(connection, unit.update().where(unit.c.id == bindparam("b_id")).values(**values), rows)


def insert_aliases(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """New names: alias_key, unit_id."""
    _many(connection, unit_alias.insert(), rows)


def insert_contacts(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """New contacts: unit_id, name, duty, channel, address, rank."""
    _many(connection, contact.insert(), rows)


def update_contacts(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Changed contacts by `b_id`: name, duty, rank; a contact that comes back is active again."""
    values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in ("name", "duty", "rank", "active")}
    _many(connection, contact.update().where(contact.c.id == bindparam("b_id")).values(**values), rows)


def _many(connection: Connection, statement: Any, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        connection.execute(statement, [dict(row) for row in rows])


def _unit(row: Row[Any]) -> UnitEntry:
    return UnitEntry(
        id=row.id, code=row.code, name=row.name, kind=row.kind, parent_id=row.parent_id, active=row.active
    )


def visible(sight: VisibleUnits, unit_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """The rows whose unit the person may see."""
    return true() if sight.everything else unit_id.in_(sorted(sight.unit_ids))
