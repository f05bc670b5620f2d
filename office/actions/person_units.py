"""兼办单位: a person acts for further units besides the own one, or no longer does."""

from __future__ import annotations

from datetime import datetime

from office.actions.acting import refuse
from office.actions.office import Office
from office.errors import NotFound
from office.store import history, people
from office.store.dry_run import take_back
from office.store.engine import Connection
from office.store.people import Person
from office.store.units import UnitEntry
from rules.people import Actor
from rules.roles import belonging_refusals


def add_person_unit(
    office: Office, *, person_id: int, unit: UnitEntry, by: Actor, now: datetime, dry_run: bool = False
) -> Person:
    """Let a person act for a further unit."""
    with office.store.writing() as connection:
        person = _person(connection, person_id)
        refuse(*belonging_refusals(person.actor, by, unit_id=unit.id, unit=unit.name, adding=True))
        people.add_unit(connection, person_id, unit.id)
        _record(office, connection, "add_person_unit", person, unit, by, now)
        changed = _person(connection, person_id)
        if dry_run:
            take_back(connection)
    return changed


def remove_person_unit(
    office: Office, *, person_id: int, unit: UnitEntry, by: Actor, now: datetime, dry_run: bool = False
) -> Person:
    """A person acts for that further unit no longer; what is still on his desk there is handed over first."""
    with office.store.writing() as connection:
        person = _person(connection, person_id)
        left = people.on_the_desk(connection, person_id, unit_id=unit.id)
        refuse(
            *belonging_refusals(
                person.actor, by, unit_id=unit.id, unit=unit.name, adding=False, on_the_desk=left
            )
        )
        people.remove_unit(connection, person_id, unit.id)
        _record(office, connection, "remove_person_unit", person, unit, by, now)
        changed = _person(connection, person_id)
        if dry_run:
            take_back(connection)
    return changed


def _person(connection: Connection, person_id: int) -> Person:
    found = people.person_by_id(connection, person_id)
    if found is None or not found.active:
        raise NotFound("没有这位在岗人员，请在人员名录里核对。")
    return found


def _record(
    office: Office,
    connection: Connection,
    verb: str,
    person: Person,
    unit: UnitEntry,
    by: Actor,
    now: datetime,
) -> None:
    history.append(
        connection,
        at=now,
        by=by,
        verb=verb,
        noun="person",
        noun_id=person.id,
        unit_id=unit.id,
        detail={"name": person.name, "unit": person.unit, "further": unit.name},
        flow_run_id=office.flow_run_id,
    )
