"""Who is there: from the token of a request to the person, what he may do and how he came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from office.actions.office import Office
from office.actions.secret_tokens import derived, token_hash
from office.store import people, sessions
from office.store.sessions import SessionRow
from rules.links import ACTING_DUTIES
from rules.passwords import too_old
from rules.people import Actor, Role
from rules.sessions import Way, Why, timed_out, to_be_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session that holds. `unit_id` and `contact_id` are a link's; `csrf` is the same for the whole session."""

    session_id: int
    by: Actor
    way: Way
    unit_id: int | None
    contact_id: int | None
    csrf: str
    must_set_password: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A session that was, and why it is over."""

    person_id: int
    why: Why


def find_session(office: Office, token: str, *, now: datetime) -> SignedIn | Ended | None:
    """The session of a token; None when there never was one."""
    with office.store.reading() as connection:
        row = sessions.by_token(connection, token_hash(token))
        if row is None:
            return None
        why = _over(office, row, now)
        if why:
            return Ended(person_id=row.person_id, why=why)
        by = _through_link(row) if row.way == Way.LINK else people.actor_by_id(connection, row.person_id)
    if to_be_seen(row.seen_at, now=now, idle_minutes=office.settings.session_idle_minutes):
        with office.store.writing() as connection:
            sessions.touch(connection, row.id, now)
    return SignedIn(
        session_id=row.id,
        by=by,
        way=Way(row.way),
        unit_id=row.unit_id,
        contact_id=row.contact_id,
        csrf=derived(office.settings, "csrf", token),
        must_set_password=_must_set_password(office, row, now),
    )


def _over(office: Office, row: SessionRow, now: datetime) -> Why | None:
    if row.ended_why:
        return Why(row.ended_why)
    if not row.person_active or row.contact_active is False:
        return Why.RETIRED
    idle = office.settings.session_idle_minutes
    if timed_out(seen_at=row.seen_at, expires_at=row.expires_at, now=now, idle_minutes=idle):
        return Why.TIMED_OUT
    return None


def _through_link(row: SessionRow) -> Actor:
    """Whoever comes by a link is bound to its unit, whatever else he may do when he signs in."""
    assert row.unit_id is not None, "a link is a unit's"
    acts = row.duty in ACTING_DUTIES
    return Actor(
        name=row.name,
        person_id=row.person_id,
        unit_id=row.unit_id,
        roles=frozenset({Role.HANDLER} if acts else ()),
        reads=frozenset({row.unit_id}),
    )


def _must_set_password(office: Office, row: SessionRow, now: datetime) -> bool:
    if row.way == Way.ONE_TIME:
        return row.password_set_at is None or row.password_set_at < row.made_at
    return row.way == Way.PASSWORD and too_old(
        row.password_set_at, now=now, days=office.settings.password_days
    )
