"""A link from a message, used: the unit's contact comes in without an account, bound to that one unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from duban.accounts.queries import end_session_rows
from duban.accounts.rules import EndedWhy, SignInWay, link_revoking_refusals
from duban.accounts.sessions import open_session
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Actor, Role
from duban.core.db import rollback_dry_run
from duban.core.errors import refuse
from duban.core.secrets import portal_key
from duban.history.queries import append_entry
from duban.letters.links import read_link_token
from duban.letters.queries import link_bearer, raise_link_generation
from duban.letters.rules import ACTING_DUTIES, Bearer, Link, link_refusals
from duban.units.queries import Person, UnitEntry, all_people, insert_person, person_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredByLink:
    """The token of the new session and the page the link leads to."""

    token: str
    path: str


def enter_by_link(
    bureau: Bureau, token: str, *, device: str, now: datetime, obligation_id: int | None = None
) -> EnteredByLink:
    """Let the bearer of a link in. `obligation_id` is the item of the message that was pressed."""
    link = read_link_token(portal_key(bureau.settings), token)
    with bureau.store.writing() as connection:
        bearer = link_bearer(connection, link.contact_id)
        refuse(*link_refusals(link, bearer, clock.civil(now)))
        assert bearer is not None, "refused above"
        person = _person(bureau, connection, link, bearer, now)
        session = open_session(
            bureau,
            connection,
            by=person.actor,
            way=SignInWay.LINK,
            device=device,
            now=now,
            unit_id=link.unit_id,
            contact_id=link.contact_id,
        )
    wanted = obligation_id or link.obligation_id
    return EnteredByLink(token=session, path=f"/my/{wanted}" if wanted else "/my")


def _person(bureau: Bureau, connection: Connection, link: Link, bearer: Bearer, now: datetime) -> Person:
    """The person behind the contact. What he does is done in a name, so one who is not in the register is entered."""
    found = all_people(connection, name=bearer.name, unit_id=link.unit_id)
    if found:
        return found[0]
    roles = (Role.HANDLER,) if bearer.duty in ACTING_DUTIES else ()
    key = insert_person(connection, name=bearer.name, unit_id=link.unit_id, roles=roles)
    append_entry(
        connection,
        at=now,
        by=SYSTEM,
        verb="add_person",
        noun="person",
        noun_id=key,
        unit_id=link.unit_id,
        detail={
            "name": bearer.name,
            "unit": bearer.unit,
            "given": sorted(roles),
            "contact_id": link.contact_id,
        },
        flow_run_id=bureau.flow_run_id,
    )
    person = person_by_id(connection, key)
    assert person is not None, "just written"
    return person


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksRevoked:
    """The unit's new generation of links, and how many sessions ended with the old one."""

    unit: str
    generation: int
    sessions: int


def revoke_links(
    bureau: Bureau, unit: UnitEntry, *, by: Actor, now: datetime, dry_run: bool = False
) -> LinksRevoked:
    """Revoke a unit's links: a telephone was lost, or a message was forwarded to the wrong group."""
    refuse(*link_revoking_refusals(by, unit.name))
    with bureau.store.writing() as connection:
        generation = raise_link_generation(connection, unit.id, now)
        ended = end_session_rows(connection, link_unit_id=unit.id, now=now, why=EndedWhy.LINKS_REVOKED.value)
        append_entry(
            connection,
            at=now,
            by=by,
            verb="revoke_links",
            noun="unit",
            noun_id=unit.id,
            unit_id=unit.id,
            detail={"unit": unit.name, "generation": generation, "sessions": ended},
            flow_run_id=bureau.flow_run_id,
        )
        if dry_run:
            rollback_dry_run(connection)
    return LinksRevoked(unit=unit.name, generation=generation, sessions=ended)
