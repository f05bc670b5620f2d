"""Who could take over a handler's desk, and how much lies on it."""

from __future__ import annotations

from dataclasses import dataclass

from office.actions.office import Office
from office.store.people import Person, on_the_desk, people
from rules.people import Actor, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class MyDesk:
    """`matters` counts what is not done and names the person as handler or backup."""

    matters: int
    colleagues: tuple[Person, ...]


def my_colleagues(office: Office, *, by: Actor) -> MyDesk:
    """The other handlers of the person's own unit."""
    if by.person_id is None or by.unit_id is None:
        return MyDesk(matters=0, colleagues=())
    with office.store.reading() as connection:
        everyone = people(connection, unit_id=by.unit_id)
        matters = on_the_desk(connection, by.person_id)
    fitting = tuple(
        one for one in everyone if one.active and one.id != by.person_id and Role.HANDLER in one.roles
    )
    return MyDesk(matters=matters, colleagues=fitting)
