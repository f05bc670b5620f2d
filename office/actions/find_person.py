"""One person of the register, what is on the desk, and who of the same unit could take it over."""

from __future__ import annotations

from dataclasses import dataclass

from office.actions.office import Office
from office.errors import NotFound
from office.store import people
from office.store.people import Person
from rules.people import Actor, Role
from rules.sight import sight_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDesk:
    """`on_the_desk` are obligations not done that name the person; `colleagues` are handlers of the same unit."""

    person: Person
    on_the_desk: int
    colleagues: tuple[Person, ...]


def person_desk(office: Office, person_id: int, *, by: Actor) -> PersonDesk:
    """NotFound for a person of a unit that one may not see."""
    with office.store.reading() as connection:
        found = people.person_by_id(connection, person_id)
        if found is None or not sight_of(by).sees(found.unit_id):
            raise NotFound(f"没有编号为 {person_id} 的人员，请在人员列表中查看。")
        return PersonDesk(
            person=found,
            on_the_desk=people.on_the_desk(connection, person_id),
            colleagues=tuple(
                one
                for one in people.people(connection, unit_id=found.unit_id)
                if one.active and one.id != person_id and Role.HANDLER in one.roles
            ),
        )
