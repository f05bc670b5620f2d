"""The names of editions, for choosing one in a filter."""

from __future__ import annotations

from office.actions.office import Office
from office.store import edition_names
from office.store.edition_names import EditionName
from rules.people import Actor
from rules.sight import sight_of


def name_editions(office: Office, *, by: Actor) -> tuple[EditionName, ...]:
    """Every edition that was ever handed out, the newest year first; of a unit those it has a part in."""
    with office.store.reading() as connection:
        return edition_names.edition_names(connection, sight_of(by))
