"""A link from a message, used: the unit's contact comes in without an account, bound to that one unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from office import clock
from office.actions.acting import refuse
from office.actions.make_link import read_link_token
from office.actions.office import Office
from office.actions.open_session import open_session
from office.actions.secret_tokens import portal_key
from office.store import history, links, people
from office.store.engine import Connection
from office.store.people import Person
from rules.links import ACTING_DUTIES, Bearer, Link, link_refusals
from rules.people import SYSTEM, Role
from rules.sessions import Way


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredByLink:
    """The token of the new session and the page the link leads to."""

    token: str
    path: str


def enter_by_link(
    office: Office, token: str, *, device: str, now: datetime, obligation_id: int | None = None
) -> EnteredByLink:
    """Let the bearer of a link in. `obligation_id` is the item of the message that was pressed."""
    link = read_link_token(portal_key(office.settings), token)
    with office.store.writing() as connection:
        bearer = links.bearer(connection, link.contact_id)
        refuse(*link_refusals(link, bearer, clock.civil(now)))
        assert bearer is not None, "refused above"
        person = _person(office, connection, link, bearer, now)
        session = open_session(
            office,
            connection,
            by=person.actor,
            way=Way.LINK,
            device=device,
            now=now,
            unit_id=link.unit_id,
            contact_id=link.contact_id,
        )
    wanted = obligation_id or link.obligation_id
    return EnteredByLink(token=session, path=f"/my/{wanted}" if wanted else "/my")


def _person(office: Office, connection: Connection, link: Link, bearer: Bearer, now: datetime) -> Person:
    """The person behind the contact. What he does is done in a name, so one who is not in the register is entered."""
    found = people.people(connection, name=bearer.name, unit_id=link.unit_id)
    if found:
        return found[0]
    roles = (Role.HANDLER,) if bearer.duty in ACTING_DUTIES else ()
    key = people.insert_person(connection, name=bearer.name, unit_id=link.unit_id, roles=roles)
    history.append(
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
        flow_run_id=office.flow_run_id,
    )
    person = people.person_by_id(connection, key)
    assert person is not None, "just written"
    return person
