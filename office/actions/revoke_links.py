"""Every link that a unit was ever sent ends at once, with the sessions that came by one; the next letters carry new ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from office.actions.acting import refuse
from office.actions.office import Office
from office.store import history, links, sessions
from office.store.dry_run import take_back
from office.store.units import UnitEntry
from rules.accounts import link_revoking_refusals
from rules.people import Actor
from rules.sessions import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksRevoked:
    """The unit's new generation of links, and how many sessions ended with the old one."""

    unit: str
    generation: int
    sessions: int


def revoke_links(
    office: Office, unit: UnitEntry, *, by: Actor, now: datetime, dry_run: bool = False
) -> LinksRevoked:
    """Revoke a unit's links: a telephone was lost, or a message was forwarded to the wrong group."""
    refuse(*link_revoking_refusals(by, unit.name))
    with office.store.writing() as connection:
        generation = links.raise_generation(connection, unit.id, now)
        ended = sessions.end(connection, link_unit_id=unit.id, now=now, why=Why.LINKS_REVOKED.value)
        history.append(
            connection,
            at=now,
            by=by,
            verb="revoke_links",
            noun="unit",
            noun_id=unit.id,
            unit_id=unit.id,
            detail={"unit": unit.name, "generation": generation, "sessions": ended},
            flow_run_id=office.flow_run_id,
        )
        if dry_run:
            take_back(connection)
    return LinksRevoked(unit=unit.name, generation=generation, sessions=ended)
