"""The first sign-ins of a bureau in which nobody can sign in yet: no default password, one one-time link per role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from office.actions.make_one_time import make_one_time
from office.actions.office import Office
from office.store import accounts, people
from office.store.obligation_counts import busiest_unit
from office.store.people import Person
from rules.people import SYSTEM, Role

_ORDER = (
    Role.OPERATOR,
    Role.SECURITY,
    Role.COORDINATOR,
    Role.REVIEWER,
    Role.LEADER,
    Role.AUDITOR,
    Role.HANDLER,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSignIn:
    """Somebody of this role may come in once with this token."""

    role: Role
    name: str
    unit: str
    token: str


def first_sign_ins(office: Office, *, now: datetime) -> tuple[FirstSignIn, ...]:
    """One for each role that anybody has; none as soon as anybody has a password or signs in another way."""
    with office.store.reading() as connection:
        if accounts.anybody_signs_in(connection):
            return ()
        busiest = busiest_unit(connection)
        # Whoever tries the handler's page should find something on it.
        register = sorted(people.people(connection), key=lambda one: one.unit_id != busiest)
        chosen = _one_per_role(register)
    return tuple(
        FirstSignIn(
            role=role,
            name=person.name,
            unit=person.unit,
            token=make_one_time(office, person_id=person.id, by=SYSTEM, now=now),
        )
        for role, person in chosen
    )


def _one_per_role(register: Sequence[Person]) -> list[tuple[Role, Person]]:
    """Nobody twice: a second one-time sign-in would end the first."""
    chosen: dict[int, tuple[Role, Person]] = {}
    for role in _ORDER:
        bearers = (one for one in register if one.active and role in one.roles and one.id not in chosen)
        if person := next(bearers, None):
            chosen[person.id] = (role, person)
    return list(chosen.values())
