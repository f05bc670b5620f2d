"""Whom a unit's letters concern, worked out again from the register in plain words.

Who does the work gets what the unit owes, who leads it what is escalated to it; of each the first in rank, and where
there are none the others stand in. A deputy leader gets copies of chases.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from duban.rehearse.queries import RegisteredContact, RegisteredUnit

WORKERS, LEADERS = ("handler", "backup"), ("leader", "deputy_leader")


class Part(Enum):
    """What of a unit's letters concerns a contact."""

    OWN = "own"
    LEADING = "leading"
    COPY = "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Units by number, and the contacts in use by unit."""

    units: Mapping[int, RegisteredUnit]
    contacts: Mapping[int, Sequence[RegisteredContact]]

    def at(self, address: str) -> list[RegisteredContact]:
        """Everybody in use at an address."""
        return [one for some in self.contacts.values() for one in some if one.address == address]

    def parts(self, contact: RegisteredContact, refused: Iterable[str] = ()) -> frozenset[Part]:
        """What concerns the contact; `refused` are addresses whose turn has passed to the next in rank."""
        out = set(refused) - {contact.address}
        reached = [one for one in self.contacts.get(contact.unit_id, ()) if one.address not in out]
        workers = [one for one in reached if one.duty in WORKERS]
        leaders = [one for one in reached if one.duty in LEADERS]
        told = {Part.OWN: _first(workers or leaders), Part.LEADING: _first(leaders or workers)}
        found = {part for part, some in told.items() if contact in some}
        return frozenset(found | ({Part.COPY} if contact.duty == "deputy_leader" else set()))

    def before(self, contact: RegisteredContact, refused: Collection[str]) -> list[RegisteredContact]:
        """Whose letters the contact gets because they were refused: of his own unit and group, before him in rank."""
        return [
            one
            for one in self.contacts.get(contact.unit_id, ())
            if one.address in refused
            and one.rank < contact.rank
            and (one.duty in WORKERS) == (contact.duty in WORKERS)
        ]

    def stood_in_for(self, refused: Collection[str]) -> list[RegisteredContact]:
        """Everybody who was refused and has somebody behind him."""
        everyone = [one for some in self.contacts.values() for one in some]
        return [one for contact in everyone for one in self.before(contact, refused)]

    def led(self, unit_id: int | None) -> bool:
        """Whether somebody who leads the unit can be told."""
        return any(one.duty in LEADERS for one in self.contacts.get(unit_id or 0, ()))


def _first(some: Sequence[RegisteredContact]) -> list[RegisteredContact]:
    best = min((one.rank for one in some), default=0)
    return [one for one in some if one.rank == best]
