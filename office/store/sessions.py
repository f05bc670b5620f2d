"""Sessions and one-time sign-ins. Tokens are stored as hashes, so that reading the table lets nobody in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, select, update

from office.store.tables import account, contact, one_time, person, session, unit

_contact_unit = unit.alias("contact_unit")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session with what decides whether it still holds."""

    id: int
    person_id: int
    name: str
    person_active: bool
    home_unit_id: int
    way: str
    unit_id: int | None
    contact_id: int | None
    contact_active: bool | None
    duty: str | None
    device: str
    made_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_why: str | None
    has_password: bool
    password_set_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeRow:
    """One one-time sign-in."""

    id: int
    person_id: int
    expires_at: datetime
    used_at: datetime | None


def by_token(connection: Connection, token_hash: str) -> SessionRow | None:
    """The session of this token, over or not."""
    row = connection.execute(_SESSIONS.where(session.c.token_hash == token_hash)).first()
    return _session(row) if row else None


def by_id(connection: Connection, session_id: int) -> SessionRow | None:
    row = connection.execute(_SESSIONS.where(session.c.id == session_id)).first()
    return _session(row) if row else None


def not_ended(
    connection: Connection, *, now: datetime, person_id: int | None = None, limit: int = 500
) -> tuple[SessionRow, ...]:
    """Sessions that nobody has ended and whose last hour has not come, the newest first. Idle ones are among them."""
    found = _SESSIONS.where(session.c.ended_at.is_(None), session.c.expires_at > now)
    if person_id is not None:
        found = found.where(session.c.person_id == person_id)
    rows = connection.execute(found.order_by(session.c.seen_at.desc(), session.c.id.desc()).limit(limit))
    return tuple(_session(row) for row in rows)


def insert(connection: Connection, **values: object) -> int:
    key = connection.execute(session.insert().values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def touch(connection: Connection, session_id: int, now: datetime) -> None:
    """Note the moment of a page; never back in time."""
    connection.execute(
        update(session).where(session.c.id == session_id, session.c.seen_at < now).values(seen_at=now)
    )


def end(
    connection: Connection,
    *,
    now: datetime,
    why: str,
    ids: Iterable[int] | None = None,
    person_id: int | None = None,
    link_unit_id: int | None = None,
    except_id: int | None = None,
) -> int:
    """End the sessions that every given filter names; returns how many there were. At least one filter is given."""
    assert (ids, person_id, link_unit_id) != (None, None, None), "nobody ends every session at once"
    wanted = update(session).where(session.c.ended_at.is_(None), session.c.expires_at > now)
    if ids is not None:
        wanted = wanted.where(session.c.id.in_(sorted(ids)))
    if person_id is not None:
        wanted = wanted.where(session.c.person_id == person_id)
    if link_unit_id is not None:
        wanted = wanted.where(session.c.unit_id == link_unit_id, session.c.way == "link")
    if except_id is not None:
        wanted = wanted.where(session.c.id != except_id)
    return int(connection.execute(wanted.values(ended_at=now, ended_why=why)).rowcount)


def forget(connection: Connection, person_id: int, *, before: datetime) -> None:
    """Remove a person's sessions that ended long ago; the history keeps that they were."""
    connection.execute(delete(session).where(session.c.person_id == person_id, session.c.expires_at < before))


def insert_one_time(
    connection: Connection, *, token_hash: str, person_id: int, made_at: datetime, expires_at: datetime
) -> None:
    """A new one-time sign-in; those of the person that were not used give way to it."""
    drop_one_times(connection, person_id)
    connection.execute(
        one_time.insert().values(
            token_hash=token_hash, person_id=person_id, made_at=made_at, expires_at=expires_at
        )
    )


def drop_one_times(connection: Connection, person_id: int) -> None:
    connection.execute(
        delete(one_time).where(one_time.c.person_id == person_id, one_time.c.used_at.is_(None))
    )


def one_time_by_token(connection: Connection, token_hash: str) -> OneTimeRow | None:
    columns = [one_time.c[one.name] for one in fields(OneTimeRow)]
    row = connection.execute(select(*columns).where(one_time.c.token_hash == token_hash)).first()
    return OneTimeRow(**row._mapping) if row else None


def use_one_time(connection: Connection, one_time_id: int, now: datetime) -> bool:
    """Mark it used; False when somebody else was quicker."""
    used = update(one_time).where(one_time.c.id == one_time_id, one_time.c.used_at.is_(None))
    return connection.execute(used.values(used_at=now)).rowcount == 1


_SESSIONS: Select[Any] = (
    select(
        session.c.id,
        session.c.person_id,
        person.c.name,
        person.c.active.label("person_active"),
        person.c.unit_id.label("home_unit_id"),
        session.c.way,
        session.c.unit_id,
        session.c.contact_id,
        (contact.c.active & _contact_unit.c.active).label("contact_active"),
        contact.c.duty,
        session.c.device,
        session.c.made_at,
        session.c.seen_at,
        session.c.expires_at,
        session.c.ended_at,
        session.c.ended_why,
        account.c.password_hash.is_not(None).label("has_password"),
        account.c.password_set_at,
    )
    .join_from(session, person, person.c.id == session.c.person_id)
    .outerjoin(account, account.c.person_id == session.c.person_id)
    .outerjoin(contact, contact.c.id == session.c.contact_id)
    .outerjoin(_contact_unit, _contact_unit.c.id == session.c.unit_id)
)


def _session(row: Row[Any]) -> SessionRow:
    return SessionRow(**row._mapping)
