"""Entering people and their roles. Who may do what follows from the roles alone, so giving them is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from duban.accounts.queries import drop_one_times, end_session_rows
from duban.accounts.rules import EndedWhy
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role, visible_units
from duban.core.db import rollback_dry_run
from duban.core.errors import NotFound, refuse
from duban.core.text import cleaned
from duban.history.queries import append_entry
from duban.units.queries import (
    Person,
    UnitEntry,
    all_people,
    count_on_desk,
    count_with_role,
    delete_person_unit,
    delete_role,
    find_unit,
    insert_person,
    insert_person_unit,
    insert_roles,
    person_by_id,
    set_person_active,
)
from duban.units.rules import belonging_refusals, giving_refusals, retiring_refusals, taking_refusals

_LONGEST_NAME = 64


def add_person(
    bureau: Bureau,
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
    with bureau.store.writing() as connection:
        found = find_unit(connection, unit)
        there = _there(connection, name, found)
        refuse(*_refusals(connection, name, unit, given, by, found, there))
        assert found is not None, "refused above"
        if there:
            insert_roles(connection, there.id, given - frozenset(there.roles))
            drop_one_times(connection, there.id)
            end_session_rows(connection, person_id=there.id, now=now, why=EndedWhy.ROLES_CHANGED.value)
            key = there.id
        else:
            key = insert_person(connection, name=name, unit_id=found.id, roles=given)
        person = person_by_id(connection, key)
        assert person is not None, "just written"
        _record(bureau, connection, person, given, by, now)
        if dry_run:
            rollback_dry_run(connection)
    return person


def list_people(bureau: Bureau, *, by: Actor, unit_id: int | None = None) -> tuple[Person, ...]:
    """The register of people, by unit; of the units that the person may see."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        found = all_people(connection, unit_id=unit_id)
    return tuple(one for one in found if sight.sees(one.unit_id))


def _there(connection: Connection, name: str, unit: UnitEntry | None) -> Person | None:
    if unit is None:
        return None
    return next(iter(all_people(connection, name=name, unit_id=unit.id)), None)


def _refusals(
    connection: Connection,
    name: str,
    unit: str,
    given: frozenset[Role],
    by: Actor,
    found: UnitEntry | None,
    there: Person | None,
) -> tuple[str, ...]:
    empty = not all_people(connection)
    own = list(
        giving_refusals(
            given,
            by,
            to_person_id=there.id if there else None,
            register_empty=empty,
            held=there.roles if there else (),
            security_there=count_with_role(connection, Role.SECURITY) > 0,
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
    bureau: Bureau,
    connection: Connection,
    person: Person,
    given: frozenset[Role],
    by: Actor,
    now: datetime,
) -> None:
    append_entry(
        connection,
        at=now,
        by=by,
        verb="add_person",
        noun="person",
        noun_id=person.id,
        unit_id=person.unit_id,
        detail={"name": person.name, "unit": person.unit, "given": sorted(given)},
        flow_run_id=bureau.flow_run_id,
    )


def retire_person(
    bureau: Bureau, person: Actor, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> Person:
    """Stop a person from acting. What is still on the desk is handed over first."""
    assert person.person_id is not None, "the system is nobody's colleague"
    reason = cleaned(reason)
    with bureau.store.writing() as connection:
        left = count_on_desk(connection, person.person_id)
        refuse(
            *retiring_refusals(
                person,
                by,
                on_the_desk=left,
                reason=reason,
                security_there=count_with_role(connection, Role.SECURITY) > 0,
                alone_in=_alone_in(connection, person),
            )
        )
        set_person_active(connection, person.person_id, active=False)
        end_session_rows(connection, person_id=person.person_id, now=now, why=EndedWhy.RETIRED.value)
        drop_one_times(connection, person.person_id)
        retired = person_by_id(connection, person.person_id)
        assert retired is not None, "it was found by name"
        append_entry(
            connection,
            at=now,
            by=by,
            verb="retire_person",
            noun="person",
            noun_id=retired.id,
            unit_id=retired.unit_id,
            detail={"name": retired.name, "unit": retired.unit, "reason": reason},
            flow_run_id=bureau.flow_run_id,
        )
        if dry_run:
            rollback_dry_run(connection)
    return retired


def _alone_in(connection: Connection, person: Actor) -> list[Role]:
    """The posts without which nobody could run the machine, or let anybody in."""
    posts = person.roles & {Role.OPERATOR, Role.SECURITY}
    return [role for role in posts if count_with_role(connection, role, besides=person.person_id) == 0]


def take_role(
    bureau: Bureau,
    *,
    person_id: int,
    role: Role,
    reason: str,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> Person:
    """Take one role from a person. Open sessions end, so that nobody goes on with what he no longer is."""
    reason = cleaned(reason)
    with bureau.store.writing() as connection:
        person = _person(connection, person_id)
        refuse(
            *taking_refusals(
                role,
                by,
                person=person.actor,
                security_there=count_with_role(connection, Role.SECURITY) > 0,
                others_with_role=count_with_role(connection, role, besides=person_id),
                on_the_desk=count_on_desk(connection, person_id),
                reason=reason,
            )
        )
        delete_role(connection, person_id, role)
        end_session_rows(connection, person_id=person_id, now=now, why=EndedWhy.ROLES_CHANGED.value)
        append_entry(
            connection,
            at=now,
            by=by,
            verb="take_role",
            noun="person",
            noun_id=person.id,
            unit_id=person.unit_id,
            detail={"name": person.name, "unit": person.unit, "taken": role.value, "reason": reason},
            flow_run_id=bureau.flow_run_id,
        )
        changed = _person(connection, person_id)
        if dry_run:
            rollback_dry_run(connection)
    return changed


def _person(connection: Connection, person_id: int) -> Person:
    found = person_by_id(connection, person_id)
    if found is None or not found.active:
        raise NotFound("没有这位在岗人员，请在人员名录里核对。")
    return found


def add_person_unit(
    bureau: Bureau, *, person_id: int, unit: UnitEntry, by: Actor, now: datetime, dry_run: bool = False
) -> Person:
    """Let a person act for a further unit."""
    with bureau.store.writing() as connection:
        person = _person_units_person(connection, person_id)
        refuse(*belonging_refusals(person.actor, by, unit_id=unit.id, unit=unit.name, adding=True))
        insert_person_unit(connection, person_id, unit.id)
        _person_units_record(bureau, connection, "add_person_unit", person, unit, by, now)
        changed = _person_units_person(connection, person_id)
        if dry_run:
            rollback_dry_run(connection)
    return changed


def remove_person_unit(
    bureau: Bureau, *, person_id: int, unit: UnitEntry, by: Actor, now: datetime, dry_run: bool = False
) -> Person:
    """A person acts for that further unit no longer; what is still on his desk there is handed over first."""
    with bureau.store.writing() as connection:
        person = _person_units_person(connection, person_id)
        left = count_on_desk(connection, person_id, unit_id=unit.id)
        refuse(
            *belonging_refusals(
                person.actor, by, unit_id=unit.id, unit=unit.name, adding=False, on_the_desk=left
            )
        )
        delete_person_unit(connection, person_id, unit.id)
        _person_units_record(bureau, connection, "remove_person_unit", person, unit, by, now)
        changed = _person_units_person(connection, person_id)
        if dry_run:
            rollback_dry_run(connection)
    return changed


def _person_units_person(connection: Connection, person_id: int) -> Person:
    found = person_by_id(connection, person_id)
    if found is None or not found.active:
        raise NotFound("没有这位在岗人员，请在人员名录里核对。")
    return found


def _person_units_record(
    bureau: Bureau,
    connection: Connection,
    verb: str,
    person: Person,
    unit: UnitEntry,
    by: Actor,
    now: datetime,
) -> None:
    append_entry(
        connection,
        at=now,
        by=by,
        verb=verb,
        noun="person",
        noun_id=person.id,
        unit_id=unit.id,
        detail={"name": person.name, "unit": person.unit, "further": unit.name},
        flow_run_id=bureau.flow_run_id,
    )
