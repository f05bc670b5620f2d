"""Units, the names they are known by, their contacts, their people and their roles.

Every name of a unit (code, name, aliases) is found by one key: NFKC, Traditional turned Simplified, no spaces.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
)

from calendars.reader.units import name_key
from duban.accounts.tables import person_unit
from duban.core.access import Actor, Role, VisibleUnits
from duban.core.errors import NotFound, Refused
from duban.core.text import cleaned
from duban.obligations.states import Transition, allowed_states
from duban.obligations.tables import obligation
from duban.units.rules import near_names
from duban.units.tables import contact, person, person_role, unit, unit_alias

Row = Mapping[str, object]


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
    offices: Mapping[int, int]

    def find(self, name: str) -> int | None:
        # Folding a name takes far longer than a look-up, and most names are written as registered.
        found = self.by_name.get(name)
        return found if found is not None else self.by_key.get(name_key(name))

    def find_answering(self, name: str) -> int | None:
        """The unit that answers for that name: of a district its office."""
        found = self.find(name)
        return found if found is None else self.offices.get(found, found)


def unit_names(connection: Connection) -> UnitNames:
    """The names of all units."""
    by_name: dict[str, int] = {}
    for row in connection.execute(select(unit.c.id, unit.c.code, unit.c.name)):
        by_name[row.name] = row.id
        by_name.setdefault(row.code, row.id)
    rows = connection.execute(select(unit_alias.c.alias_key, unit_alias.c.unit_id))
    return UnitNames(by_name, {row.alias_key: row.unit_id for row in rows}, offices_of_districts(connection))


def offices_of_districts(connection: Connection) -> dict[int, int]:
    """By district the one civil-affairs office under it, which owes and reports what is asked of the district.

    A district without such an office, or with several, answers for itself.
    """
    office = unit.alias("office")
    rows = connection.execute(
        select(unit.c.id, func.min(office.c.id).label("office_id"))
        .join(office, office.c.parent_id == unit.c.id)
        .where(unit.c.kind == "district", office.c.active, office.c.kind.in_(("district_bureau", "bureau")))
        .group_by(unit.c.id)
        .having(func.count() == 1)
    )
    return {row.id: row.office_id for row in rows}


def answering_unit(connection: Connection, name: str) -> UnitEntry:
    """The unit that answers for a name, however it is written; NotFound with the names that are meant perhaps."""
    found = find_unit(connection, name)
    if found is None:
        near = near_names(name, connection.scalars(select(unit.c.name).where(unit.c.active)))
        ask = f"您要找的是不是：{'、'.join(near)}？" if near else ""
        raise NotFound(f"没有叫“{cleaned(name)}”的单位，{ask}请核对单位名称。")
    office = offices_of_districts(connection).get(found.id) if found.kind == "district" else None
    return (unit_by_id(connection, office) if office else None) or found


def find_unit(connection: Connection, name: str) -> UnitEntry | None:
    """The unit of that code, name or alias."""
    named = select(unit).where((unit.c.name == name) | (unit.c.code == name)).limit(1)
    by_alias = (
        select(unit)
        .join_from(unit_alias, unit, unit.c.id == unit_alias.c.unit_id)
        .where(unit_alias.c.alias_key == name_key(name))
    )
    row = connection.execute(named).first() or connection.execute(by_alias).first()
    return UnitEntry(**row._mapping) if row else None


def all_units(connection: Connection) -> tuple[UnitEntry, ...]:
    """The register, in the order units were entered."""
    return tuple(UnitEntry(**row._mapping) for row in connection.execute(select(unit).order_by(unit.c.id)))


def unit_lines(connection: Connection, sight: VisibleUnits) -> tuple[UnitLine, ...]:
    """The register as far as the person may see, in the order units were entered."""
    superior = unit.alias("superior")
    in_use = select(func.count()).where(contact.c.unit_id == unit.c.id, contact.c.active)
    rows = connection.execute(
        select(
            *(unit.c[name] for name in ("id", "code", "name", "kind", "active")),
            superior.c.name.label("parent"),
            in_use.correlate(unit).scalar_subquery().label("contacts"),
        )
        .join_from(unit, superior, superior.c.id == unit.c.parent_id, isouter=True)
        .where(visible(sight, unit.c.id))
        .order_by(unit.c.id)
    )
    return tuple(UnitLine(**row._mapping) for row in rows)


def names_in_use(connection: Connection, *, besides: int, limit: int) -> tuple[str, ...]:
    """Some names of units in use, but that one's."""
    wanted = select(unit.c.name).where(unit.c.active, unit.c.id != besides).order_by(unit.c.id).limit(limit)
    return tuple(connection.scalars(wanted))


def unit_by_id(connection: Connection, unit_id: int) -> UnitEntry | None:
    row = connection.execute(select(unit).where(unit.c.id == unit_id)).first()
    return UnitEntry(**row._mapping) if row else None


def contact_by_id(connection: Connection, contact_id: int) -> ContactEntry | None:
    """One contact, in use or not."""
    row = connection.execute(select(contact).where(contact.c.id == contact_id)).first()
    return ContactEntry(**row._mapping) if row else None


def unfinished_of_unit(connection: Connection, unit_id: int) -> int:
    """How many obligations of the unit are not done."""
    return connection.execute(
        select(func.count()).where(obligation.c.unit_id == unit_id, _unfinished())
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


def insert_units(connection: Connection, rows: Sequence[Row]) -> None:
    """New units: code, name, kind, active. Superiors are set afterwards, when all of them have an id."""
    if rows:
        connection.execute(unit.insert(), rows)


def insert_aliases(connection: Connection, rows: Sequence[Row]) -> None:
    """New names: alias_key, unit_id."""
    if rows:
        connection.execute(unit_alias.insert(), rows)


def insert_contacts(connection: Connection, rows: Sequence[Row]) -> None:
    """New contacts: unit_id, name, duty, channel, address, rank, active."""
    if rows:
        connection.execute(contact.insert(), rows)


def update_units(connection: Connection, rows: Sequence[Row]) -> None:
    """Changed units by id: name, kind, parent_id, active."""
    _update(connection, unit, ("name", "kind", "parent_id", "active"), rows)


def update_contacts(connection: Connection, rows: Sequence[Row]) -> None:
    """Changed contacts by id: name, duty, rank, active."""
    _update(connection, contact, ("name", "duty", "rank", "active"), rows)


def _update(connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[Row]) -> None:
    if rows:
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        statement = table.update().where(table.c.id == bindparam("its_id")).values(**values)
        connection.execute(
            statement, [{"its_id": row["id"], **{f"new_{name}": row[name] for name in names}} for row in rows]
        )


def visible(sight: VisibleUnits, unit_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """The rows whose unit the person may see."""
    return true() if sight.everything else unit_id.in_(sorted(sight.unit_ids))


_FEW = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person as the register shows them; `roles` in the order of duban.core.access.Role, `also` further units by id."""

    id: int
    name: str
    unit_id: int
    unit: str
    active: bool
    roles: tuple[Role, ...] = ()
    also: tuple[int, ...] = ()
    also_units: tuple[str, ...] = ()

    @property
    def actor(self) -> Actor:
        return Actor(
            name=self.name,
            person_id=self.id,
            unit_id=self.unit_id,
            roles=frozenset(self.roles),
            also=frozenset(self.also),
        )


def people_named(connection: Connection, name: str) -> list[Person]:
    """The active people of that name, given as 姓名 or 姓名@单位."""
    wanted, _, unit_name = name.strip().partition("@")
    found = all_people(connection, name=wanted)
    return [one for one in found if one.active and (not unit_name or one.unit == unit_name)]


def find_actor(connection: Connection, name: str) -> Actor | None:
    """The active person of that name; refused when several bear it."""
    found = people_named(connection, name)
    if len(found) > 1:
        several = "、".join(f"{one.name}@{one.unit}" for one in found)
        raise Refused(f"有 {len(found)} 位“{found[0].name}”（{several}），请写成 姓名@单位 的样子。")
    return found[0].actor if found else None


def person_by_id(connection: Connection, person_id: int) -> Person | None:
    """One person, active or not."""
    return next(iter(all_people(connection, ids=[person_id])), None)


def all_people(
    connection: Connection,
    *,
    name: str | None = None,
    unit_id: int | None = None,
    ids: Sequence[int] | None = None,
) -> tuple[Person, ...]:
    """The register, by unit and name; each filter narrows it."""
    statement = (
        select(person.c.id, person.c.name, person.c.unit_id, unit.c.name.label("unit"), person.c.active)
        .join_from(person, unit, unit.c.id == person.c.unit_id)
        .order_by(unit.c.id, person.c.id)
    )
    if name is not None:
        statement = statement.where(person.c.name == name)
    if unit_id is not None:
        statement = statement.where(person.c.unit_id == unit_id)
    if ids is not None:
        statement = statement.where(person.c.id.in_(ids))
    rows = connection.execute(statement).all()
    ids = [row.id for row in rows]
    roles: dict[int, set[str]] = defaultdict(set)
    for row in connection.execute(_of(ids, select(person_role), person_role.c.person_id)):
        roles[row.person_id].add(row.role)
    also: dict[int, list[tuple[int, str]]] = defaultdict(list)
    further = (
        select(person_unit.c.person_id, unit.c.id, unit.c.name)
        .join_from(person_unit, unit, unit.c.id == person_unit.c.unit_id)
        .order_by(unit.c.id)
    )
    for row in connection.execute(_of(ids, further, person_unit.c.person_id)):
        also[row.person_id].append((row.id, row.name))
    return tuple(
        Person(
            **row._mapping,
            roles=tuple(role for role in Role if role.value in roles[row.id]),
            also=tuple(number for number, _ in also[row.id]),
            also_units=tuple(name for _, name in also[row.id]),
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """One of the bureau's own people, and the contact of the same name in the unit; `contact_id` None without one."""

    person_id: int
    name: str
    unit_id: int
    unit: str
    roles: frozenset[Role]
    contact_id: int | None
    channel: str | None
    address: str | None


def officers(connection: Connection, roles: Collection[Role]) -> tuple[Officer, ...]:
    """The active people of these roles, each with the first contact of his own."""
    own = and_(contact.c.unit_id == person.c.unit_id, contact.c.name == person.c.name, contact.c.active)
    rows = connection.execute(
        select(
            person.c.id.label("person_id"),
            person.c.name,
            person.c.unit_id,
            unit.c.name.label("unit"),
            person_role.c.role,
            contact.c.id.label("contact_id"),
            contact.c.channel,
            contact.c.address,
        )
        .select_from(
            person.join(unit, unit.c.id == person.c.unit_id)
            .join(person_role, person_role.c.person_id == person.c.id)
            .outerjoin(contact, own)
        )
        .where(person.c.active, person_role.c.role.in_(sorted(role.value for role in roles)))
        .order_by(person.c.id, contact.c.rank, contact.c.id)
    ).all()
    held: dict[int, set[Role]] = defaultdict(set)
    for row in rows:
        held[row.person_id].add(Role(row.role))
    first = {row.person_id: row for row in reversed(rows)}
    return tuple(
        Officer(**{k: v for k, v in row._mapping.items() if k != "role"}, roles=frozenset(held[key]))
        for key, row in sorted(first.items())
    )


def _of(ids: list[int], statement: Select[Any], column: ColumnElement[int]) -> Select[Any]:
    """Only these people; a list of more than hundreds would be slower than reading the whole table."""
    return statement.where(column.in_(ids)) if len(ids) <= _FEW else statement


def insert_person(connection: Connection, *, name: str, unit_id: int, roles: Iterable[Role]) -> int:
    """A new person with these roles; returns the person's id."""
    key = connection.execute(
        person.insert().values(name=name, unit_id=unit_id, active=True)
    ).inserted_primary_key
    assert key is not None
    insert_roles(connection, int(key[0]), roles)
    return int(key[0])


def insert_roles(connection: Connection, person_id: int, roles: Iterable[Role]) -> None:
    """Add roles the person does not have yet."""
    rows = [{"person_id": person_id, "role": role.value} for role in sorted(roles)]
    if rows:
        connection.execute(person_role.insert(), rows)


def delete_role(connection: Connection, person_id: int, role: Role) -> None:
    """Take one role away."""
    connection.execute(
        person_role.delete().where(person_role.c.person_id == person_id, person_role.c.role == role.value)
    )


def count_with_role(connection: Connection, role: Role, *, besides: int | None = None) -> int:
    """How many active people hold a role, one person left out."""
    held = (
        select(func.count())
        .select_from(person_role.join(person, person.c.id == person_role.c.person_id))
        .where(person_role.c.role == role.value, person.c.active)
    )
    if besides is not None:
        held = held.where(person.c.id != besides)
    return connection.execute(held).scalar_one()


def insert_person_unit(connection: Connection, person_id: int, unit_id: int) -> None:
    """Let a person act for a further unit."""
    connection.execute(person_unit.insert().values(person_id=person_id, unit_id=unit_id))


def delete_person_unit(connection: Connection, person_id: int, unit_id: int) -> None:
    connection.execute(
        person_unit.delete().where(person_unit.c.person_id == person_id, person_unit.c.unit_id == unit_id)
    )


def set_person_active(connection: Connection, person_id: int, *, active: bool) -> None:
    """Whether the person may still act."""
    connection.execute(person.update().where(person.c.id == person_id).values(active=active))


def count_on_desk(connection: Connection, person_id: int, *, unit_id: int | None = None) -> int:
    """How many obligations that are not done, of one unit or of all, name the person as handler or backup."""
    named = select(func.count()).where(
        or_(obligation.c.handler_id == person_id, obligation.c.backup_id == person_id), _unfinished()
    )
    if unit_id is not None:
        named = named.where(obligation.c.unit_id == unit_id)
    return connection.execute(named).scalar_one()


def _unfinished() -> ColumnElement[bool]:
    return obligation.c.state.in_(sorted(state.value for state in allowed_states(Transition.HAND_OVER)))
