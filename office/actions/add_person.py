"""Entering people and their roles. Who may do what follows from the roles alone, so giving them is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from office.actions.acting import cleaned, refuse
from office.actions.office import Office
from office.store import history, people, sessions
from office.store.dry_run import take_back
from office.store.engine import Connection
from office.store.people import Person
from office.store.units import UnitEntry, find_unit
from rules.people import SYSTEM, Actor, Role
from rules.roles import giving_refusals
from rules.sessions import Why
from rules.sight import sight_of

_LONGEST_NAME = 64


def add_person(
    office: Office,
    *,
    name: str,
    unit: str,
    roles: Iterable[Role],
    by: Actor = SYSTEM,
    now: datetime,
    dry_run: bool = False,
) -> Person:
    """Enter a person, or give one who is already there more roles. The system itself enters the first operator.

    Ways in that are open end then: whoever made them, or holds them, was not asked about the new role.
    """
    name, given = cleaned(name), frozenset(roles)
    with office.store.writing() as connection:
        found = find_unit(connection, unit)
        there = _there(connection, name, found)
        refuse(*_refusals(connection, name, unit, given, by, found, there))
        assert found is not None, "refused above"
        if there:
            people.give_roles(connection, there.id, given - frozenset(there.roles))
            sessions.drop_one_times(connection, there.id)
            sessions.end(connection, person_id=there.id, now=now, why=Why.ROLES_CHANGED.value)
            key = there.id
        else:
            key = people.insert_person(connection, name=name, unit_id=found.id, roles=given)
        person = people.person_by_id(connection, key)
        assert person is not None, "just written"
        _record(office, connection, person, given, by, now)
        if dry_run:
            take_back(connection)
    return person


def list_people(office: Office, *, by: Actor, unit_id: int | None = None) -> tuple[Person, ...]:
    """The register of people, by unit; of the units that the person may see."""
    sight = sight_of(by)
    with office.store.reading() as connection:
        found = people.people(connection, unit_id=unit_id)
    return tuple(one for one in found if sight.sees(one.unit_id))


def _there(connection: Connection, name: str, unit: UnitEntry | None) -> Person | None:
    if unit is None:
        return None
    return next(iter(people.people(connection, name=name, unit_id=unit.id)), None)


def _refusals(
    connection: Connection,
    name: str,
    unit: str,
    given: frozenset[Role],
    by: Actor,
    found: UnitEntry | None,
    there: Person | None,
) -> tuple[str, ...]:
    empty = not people.people(connection)
    own = list(
        giving_refusals(
            given,
            by,
            to_person_id=there.id if there else None,
            register_empty=empty,
            held=there.roles if there else (),
            security_there=people.how_many_with(connection, Role.SECURITY) > 0,
        )
    )
    # The @ divides a name from its unit wherever a person is named.
    if not name or len(name) > _LONGEST_NAME or "@" in name:
        own.append(f"姓名要有，不超过{_LONGEST_NAME}字，且不含 @，请改正。")
    if found is None:
        own.append(f"没有名为“{unit}”的单位，请核对名称，或先登记单位。")
    if there and given <= frozenset(there.roles):
        own.append(f"{there.unit}的{name}已有这些角色，不必再登记。")
    return tuple(own)


def _record(
    office: Office,
    connection: Connection,
    person: Person,
    given: frozenset[Role],
    by: Actor,
    now: datetime,
) -> None:
    history.append(
        connection,
        at=now,
        by=by,
        verb="add_person",
        noun="person",
        noun_id=person.id,
        unit_id=person.unit_id,
        detail={"name": person.name, "unit": person.unit, "given": sorted(given)},
        flow_run_id=office.flow_run_id,
    )
