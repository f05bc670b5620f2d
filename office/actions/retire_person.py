"""停用人员: somebody left; what he did stays on record, and he can act no more."""

from __future__ import annotations

from datetime import datetime

from office.actions.acting import cleaned, refuse
from office.actions.office import Office
from office.store import history, people, sessions
from office.store.dry_run import take_back
from office.store.engine import Connection
from office.store.people import Person
from rules.people import Actor, Role
from rules.roles import retiring_refusals
from rules.sessions import Why


def retire_person(
    office: Office, person: Actor, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> Person:
    """Stop a person from acting. What is still on the desk is handed over first."""
    assert person.person_id is not None, "the system is nobody's colleague"
    reason = cleaned(reason)
    with office.store.writing() as connection:
        left = people.on_the_desk(connection, person.person_id)
        refuse(
            *retiring_refusals(
                person,
                by,
                on_the_desk=left,
                reason=reason,
                security_there=people.how_many_with(connection, Role.SECURITY) > 0,
                alone_in=_alone_in(connection, person),
            )
        )
        people.set_active(connection, person.person_id, active=False)
        sessions.end(connection, person_id=person.person_id, now=now, why=Why.RETIRED.value)
        sessions.drop_one_times(connection, person.person_id)
        retired = people.person_by_id(connection, person.person_id)
        assert retired is not None, "it was found by name"
        history.append(
            connection,
            at=now,
            by=by,
            verb="retire_person",
            noun="person",
            noun_id=retired.id,
            unit_id=retired.unit_id,
            detail={"name": retired.name, "unit": retired.unit, "reason": reason},
            flow_run_id=office.flow_run_id,
        )
        if dry_run:
            take_back(connection)
    return retired


def _alone_in(connection: Connection, person: Actor) -> list[Role]:
    """The posts without which nobody could run the machine, or let anybody in."""
    posts = person.roles & {Role.OPERATOR, Role.SECURITY}
    return [role for role in posts if people.how_many_with(connection, role, besides=person.person_id) == 0]
