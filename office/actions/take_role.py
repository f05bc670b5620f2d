"""收回角色: somebody is no longer what he was, from this moment on."""

from __future__ import annotations

from datetime import datetime

from office.actions.acting import cleaned, refuse
from office.actions.office import Office
from office.errors import NotFound
from office.store import history, people, sessions
from office.store.dry_run import take_back
from office.store.engine import Connection
from office.store.people import Person
from rules.people import Actor, Role
from rules.roles import taking_refusals
from rules.sessions import Why


def take_role(
    office: Office,
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
    with office.store.writing() as connection:
        person = _person(connection, person_id)
        refuse(
            *taking_refusals(
                role,
                by,
                person=person.actor,
                security_there=people.how_many_with(connection, Role.SECURITY) > 0,
                others_with_role=people.how_many_with(connection, role, besides=person_id),
                on_the_desk=people.on_the_desk(connection, person_id),
                reason=reason,
            )
        )
        people.take_role(connection, person_id, role)
        sessions.end(connection, person_id=person_id, now=now, why=Why.ROLES_CHANGED.value)
        history.append(
            connection,
            at=now,
            by=by,
            verb="take_role",
            noun="person",
            noun_id=person.id,
            unit_id=person.unit_id,
            detail={"name": person.name, "unit": person.unit, "taken": role.value, "reason": reason},
            flow_run_id=office.flow_run_id,
        )
        changed = _person(connection, person_id)
        if dry_run:
            take_back(connection)
    return changed


def _person(connection: Connection, person_id: int) -> Person:
    found = people.person_by_id(connection, person_id)
    if found is None or not found.active:
        raise NotFound("没有这位在岗人员，请在人员名录里核对。")
    return found
