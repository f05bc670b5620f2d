"""Who is signed in where: one's own sessions, and for the security administrator everybody's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from office.actions.acting import refuse
from office.actions.office import Office
from office.store import sessions
from office.store.sessions import SessionRow
from rules.accounts import security_refusals
from rules.people import Actor
from rules.sessions import WAY_NAMES, Way, device_words, timed_out


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session that still holds, in words its owner recognises."""

    id: int
    person_id: int
    name: str
    way: Way
    way_name: str
    device: str
    made_at: datetime
    seen_at: datetime


def list_sessions(
    office: Office, *, person_id: int | None = None, by: Actor, now: datetime
) -> tuple[OpenSession, ...]:
    """The open sessions of one person, or of everybody; the one seen last comes first."""
    if person_id is None or person_id != by.person_id:
        refuse(*security_refusals(by, "查看别人的登录"))
    with office.store.reading() as connection:
        found = sessions.not_ended(connection, now=now, person_id=person_id)
    idle = office.settings.session_idle_minutes
    return tuple(
        _open(one)
        for one in found
        if not timed_out(seen_at=one.seen_at, expires_at=one.expires_at, now=now, idle_minutes=idle)
    )


def _open(one: SessionRow) -> OpenSession:
    return OpenSession(
        id=one.id,
        person_id=one.person_id,
        name=one.name,
        way=Way(one.way),
        way_name=WAY_NAMES[Way(one.way)],
        device=device_words(one.device),
        made_at=one.made_at,
        seen_at=one.seen_at,
    )
