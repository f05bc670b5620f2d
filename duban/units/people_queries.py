"""People and their roles: who an act is done by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, String, bindparam, cast, func, or_, select

from duban.accounts.tables import person_unit
from duban.core.access import Actor, Role
from duban.core.errors import Refused
from duban.obligations.states import Transition, allowed_states
from duban.obligations.tables import obligation
from duban.units.tables import person, person_role, unit

_FEW = 500
_ACTOR = select(
    person.c.name,
    person.c.unit_id,
    select(func.aggregate_strings(person_role.c.role, ","))
    .where(person_role.c.person_id == bindparam("person_id"))
    .scalar_subquery()
    .label("roles"),
    select(func.aggregate_strings(cast(person_unit.c.unit_id, String), ","))
    .where(person_unit.c.person_id == bindparam("person_id"))
    .scalar_subquery()
    .label("also"),
).where(person.c.id == bindparam("person_id"))


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


def find_actor(connection: Connection, name: str) -> Actor | None:
    """The active person of that name, given as 姓名 or 姓名@单位; refused when several bear it."""
    wanted, _, unit_name = name.strip().partition("@")
    found = [
        one
        for one in all_people(connection, name=wanted)
        if one.active and (not unit_name or one.unit == unit_name)
    ]
    if len(found) > 1:
        several = "、".join(f"{one.name}@{one.unit}" for one in found)
        raise Refused(f"有 {len(found)} 位“{wanted}”（{several}），请写成 姓名@单位 的样子。")
    return found[0].actor if found else None


def actor_by_id(connection: Connection, person_id: int) -> Actor:
    """Who a person is when he acts: one statement, for it is asked with every page."""
    row = connection.execute(_ACTOR, {"person_id": person_id}).one()
    return Actor(
        name=row.name,
        person_id=person_id,
        unit_id=row.unit_id,
        roles=frozenset(Role(role) for role in (row.roles or "").split(",") if role),
        also=frozenset(int(number) for number in (row.also or "").split(",") if number),
    )


def person_by_id(connection: Connection, person_id: int) -> Person | None:
    """One person, active or not."""
    found = all_people(connection, person_id=person_id)
    return found[0] if found else None


def all_people(
    connection: Connection,
    *,
    name: str | None = None,
    unit_id: int | None = None,
    person_id: int | None = None,
) -> tuple[Person, ...]:
    """The register, by unit and name; each filter narrows it."""
    statement = (
        select(person.c.id, person.c.name, person.c.unit_id, unit.c.name.label("unit"), person.c.active)
        .join_from(person, unit, unit.c.id == person.c.unit_id)
        .order_by(unit.c.id, person.c.id)
    )
    for column, value in ((person.c.name, name), (person.c.unit_id, unit_id), (person.c.id, person_id)):
        if value is not None:
            statement = statement.where(column == value)
    rows = connection.execute(statement).all()
    ids = [row.id for row in rows]
    roles, further = _roles(connection, ids), _further(connection, ids)
    return tuple(_person(row, roles.get(row.id, frozenset()), further.get(row.id, [])) for row in rows)


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
        or_(obligation.c.handler_id == person_id, obligation.c.backup_id == person_id),
        obligation.c.state.in_(sorted(state.value for state in allowed_states(Transition.HAND_OVER))),
    )
    if unit_id is not None:
        named = named.where(obligation.c.unit_id == unit_id)
    return connection.execute(named).scalar_one()


def _roles(connection: Connection, ids: list[int]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    statement = _narrowed(select(person_role), person_role.c.person_id, ids)
    for row in connection.execute(statement):
        found.setdefault(row.person_id, set()).add(row.role)
    return {key: frozenset(value) for key, value in found.items()}


def _narrowed(statement: Select[Any], column: ColumnElement[int], ids: list[int]) -> Select[Any]:
    """Only these people; a list of more than hundreds would be slower than reading the whole table."""
    return statement.where(column.in_(ids)) if len(ids) <= _FEW else statement


def _further(connection: Connection, ids: list[int]) -> dict[int, list[tuple[int, str]]]:
    """The further units of people, by id and name."""
    found: dict[int, list[tuple[int, str]]] = {}
    statement = (
        select(person_unit.c.person_id, unit.c.id, unit.c.name)
        .join_from(person_unit, unit, unit.c.id == person_unit.c.unit_id)
        .order_by(unit.c.id)
    )
    statement = _narrowed(statement, person_unit.c.person_id, ids)
    for row in connection.execute(statement):
        found.setdefault(row.person_id, []).append((row.id, row.name))
    return found


def _person(row: Row[Any], roles: frozenset[str], further: list[tuple[int, str]]) -> Person:
    return Person(
        id=row.id,
        name=row.name,
        unit_id=row.unit_id,
        unit=row.unit,
        active=row.active,
        roles=tuple(role for role in Role if role.value in roles),
        also=tuple(number for number, _ in further),
        also_units=tuple(name for _, name in further),
    )
