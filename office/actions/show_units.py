"""Look at the register of units. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from office.actions.office import Office
from office.errors import NotFound
from office.store import units as store
from office.store.engine import Connection
from office.store.units import ContactEntry, UnitEntry
from rules.people import Actor
from rules.sight import sight_of


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLine:
    """One line of the register; `contacts` counts those in use."""

    id: int
    code: str
    name: str
    kind: str
    parent: str | None
    active: bool
    contacts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitShown:
    """One unit with all it is known by and everyone who is told."""

    id: int
    code: str
    name: str
    kind: str
    parent: str | None
    active: bool
    aliases: tuple[str, ...]
    contacts: tuple[ContactEntry, ...]


def list_units(office: Office, *, by: Actor) -> tuple[UnitLine, ...]:
    """Every unit that the person may see, in the order they were entered."""
    sight = sight_of(by)
    with office.store.reading() as connection:
        units = store.all_units(connection)
        contacts = store.contacts_of(connection)
    names = {one.id: one.name for one in units}
    counts: dict[int, int] = {}
    for contact in contacts:
        counts[contact.unit_id] = counts.get(contact.unit_id, 0) + contact.active
    return tuple(
        UnitLine(
            id=one.id,
            code=one.code,
            name=one.name,
            kind=one.kind,
            parent=names.get(one.parent_id) if one.parent_id else None,
            active=one.active,
            contacts=counts.get(one.id, 0),
        )
        for one in units
        if sight.sees(one.id)
    )


def show_unit(office: Office, name: str, *, by: Actor) -> UnitShown:
    """The unit of that code, name or alias; NotFound with the next step."""
    with office.store.reading() as connection:
        found = store.find_unit(connection, name)
        if found is None or not sight_of(by).sees(found.id):
            raise NotFound(f"没有叫“{name}”的单位，请核对名称，或先登记单位。")
        return _shown(connection, found)


def show_unit_by_id(office: Office, unit_id: int, *, by: Actor) -> UnitShown:
    """The unit of that number; NotFound for one that the person may not see."""
    with office.store.reading() as connection:
        found = store.unit_by_id(connection, unit_id)
        if found is None or not sight_of(by).sees(unit_id):
            raise NotFound(f"没有编号为 {unit_id} 的单位，请在单位列表中查看。")
        return _shown(connection, found)


def _shown(connection: Connection, found: UnitEntry) -> UnitShown:
    parents = store.units_by_id(connection, [found.parent_id] if found.parent_id else [])
    return UnitShown(
        id=found.id,
        code=found.code,
        name=found.name,
        kind=found.kind,
        parent=parents.get(found.parent_id) if found.parent_id else None,
        active=found.active,
        aliases=tuple(sorted(store.aliases_of(connection, found.id))),
        contacts=store.contacts_of(connection, found.id),
    )
