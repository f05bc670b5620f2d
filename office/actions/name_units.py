"""The names of the bureau's units, for choosing whom a matter belongs to; names are no secret inside the bureau."""

from __future__ import annotations

from office.actions.office import Office
from office.store import units
from rules.people import Actor, Role

# A longer list is no help in choosing; then the name is typed.
MOST = 200


def name_units(office: Office, *, by: Actor, besides: int) -> tuple[str, ...]:
    """Every unit in use but that one; nothing for whoever gives nothing on, and nothing where there are too many."""
    if by.person_id is not None and not by.roles & {Role.HANDLER, Role.COORDINATOR}:
        return ()
    with office.store.reading() as connection:
        names = units.names_in_use(connection, besides=besides, limit=MOST + 1)
    return names if len(names) <= MOST else ()
