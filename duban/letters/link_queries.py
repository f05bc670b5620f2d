"""Links in messages: who bears them and which generation of a unit's links is in force."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, select

from duban.accounts.tables import link_generation
from duban.letters.link_rules import Bearer
from duban.units.tables import contact, person, unit

FIRST_GENERATION = 1


def link_generations(connection: Connection, unit_ids: Iterable[int]) -> dict[int, int]:
    """The generation in force of those of these units whose links were ever revoked; all others are at the first."""
    wanted = sorted(set(unit_ids))
    found: dict[int, int] = {}
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        rows = connection.execute(select(link_generation).where(link_generation.c.unit_id.in_(some)))
        found |= {row.unit_id: row.generation for row in rows}
    return found


def link_bearer(connection: Connection, contact_id: int) -> Bearer | None:
    """The contact as registered today. Holds the unit's row, so that no two enter its person, nor links end meanwhile."""
    row = connection.execute(
        select(
            contact.c.name,
            contact.c.unit_id,
            unit.c.name.label("unit"),
            unit.c.active.label("unit_active"),
            contact.c.active,
            contact.c.duty,
            func.coalesce(link_generation.c.generation, FIRST_GENERATION).label("generation"),
            person.c.active.label("person_active"),
        )
        .join_from(contact, unit, unit.c.id == contact.c.unit_id)
        .outerjoin(link_generation, link_generation.c.unit_id == unit.c.id)
        .outerjoin(person, (person.c.unit_id == unit.c.id) & (person.c.name == contact.c.name))
        .where(contact.c.id == contact_id)
        .with_for_update(key_share=True, of=unit)
    ).first()
    return Bearer(**row._mapping) if row else None


def raise_link_generation(connection: Connection, unit_id: int, now: datetime) -> int:
    """Begin the unit's next generation of links; returns it."""
    connection.execute(select(unit.c.id).where(unit.c.id == unit_id).with_for_update(key_share=True))
    new = link_generations(connection, [unit_id]).get(unit_id, FIRST_GENERATION) + 1
    values = {"generation": new, "changed_at": now}
    if new == FIRST_GENERATION + 1:
        connection.execute(link_generation.insert().values(unit_id=unit_id, **values))
    else:
        connection.execute(
            link_generation.update().where(link_generation.c.unit_id == unit_id).values(**values)
        )
    return new
