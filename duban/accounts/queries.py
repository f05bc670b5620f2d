"""Accounts: password hashes, tries and locks. Who has no row here cannot sign in with a password."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, or_, select, update

from duban.accounts.tables import account, one_time, session
from duban.units.queries import Person, all_people
from duban.units.tables import contact, person, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person's way in."""

    person_id: int
    password_hash: str | None = None
    password_set_at: datetime | None = None
    failed: int = 0
    locked_until: datetime | None = None
    oidc_subject: str | None = None


def account_of_person(connection: Connection, person_id: int) -> Account | None:
    row = connection.execute(_ACCOUNTS.where(account.c.person_id == person_id)).first()
    return Account(**row._mapping) if row else None


def account_of_subject(connection: Connection, subject: str) -> Account | None:
    """The account that the bureau's identity provider knows by this subject."""
    row = connection.execute(_ACCOUNTS.where(account.c.oidc_subject == subject)).first()
    return Account(**row._mapping) if row else None


def open_account(connection: Connection, person_id: int) -> None:
    """Make the person's account if there is none."""
    if account_of_person(connection, person_id) is None:
        connection.execute(account.insert().values(person_id=person_id))


def change_account(connection: Connection, person_id: int, **values: object) -> None:
    connection.execute(update(account).where(account.c.person_id == person_id).values(**values))


def count_sign_in_try(connection: Connection, person_id: int, now: datetime) -> int | None:
    """Count one more try before its password is looked at; None while the account is locked.

    Counted first, tries that come at the same moment cannot outrun the limit.
    """
    unlocked = or_(account.c.locked_until.is_(None), account.c.locked_until <= now)
    counted = update(account).where(account.c.person_id == person_id, unlocked)
    return connection.execute(
        counted.values(failed=account.c.failed + 1, locked_until=None).returning(account.c.failed)
    ).scalar()


def anybody_signs_in(connection: Connection) -> bool:
    """Whether anybody at all has a password or is known to an identity provider."""
    able = or_(account.c.password_hash.is_not(None), account.c.oidc_subject.is_not(None))
    return connection.execute(select(account.c.person_id).where(able).limit(1)).first() is not None


_ACCOUNTS = select(*(account.c[one.name] for one in fields(Account)))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One person with his way in. `sessions` counts those that nobody has ended."""

    person: Person
    has_password: bool
    password_set_at: datetime | None
    locked_until: datetime | None
    oidc_subject: str | None
    seen_at: datetime | None
    sessions: int


def page_of_accounts(
    connection: Connection, *, now: datetime, text: str = "", locked: bool = False, limit: int, offset: int
) -> tuple[tuple[AccountRow, ...], int]:
    """The accounts of active people, those of the bureau's own units first, and how many there are in all."""
    wanted = _people(now, text, locked=locked)
    number = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    rows = connection.execute(wanted.order_by(unit.c.id, person.c.id).limit(limit).offset(offset)).all()
    opened = _sessions(connection, [row.id for row in rows], now)
    found = [_row(connection, row, opened.get(row.id, (0, None))) for row in rows]
    return tuple(found), number


def account_of(connection: Connection, person_id: int, *, now: datetime) -> AccountRow | None:
    """One active person's account."""
    row = connection.execute(_people(now, "", locked=False).where(person.c.id == person_id)).first()
    if row is None:
        return None
    return _row(connection, row, _sessions(connection, [person_id], now).get(person_id, (0, None)))


def _people(now: datetime, text: str, *, locked: bool) -> Select[Any]:
    wanted = (
        select(
            person.c.id,
            account.c.password_hash.is_not(None).label("has_password"),
            account.c.password_set_at,
            account.c.locked_until,
            account.c.oidc_subject,
        )
        .join_from(person, unit, unit.c.id == person.c.unit_id)
        .outerjoin(account, account.c.person_id == person.c.id)
        .where(person.c.active)
    )
    if text:
        wanted = wanted.where(
            or_(person.c.name.contains(text, autoescape=True), unit.c.name.contains(text, autoescape=True))
        )
    if locked:
        wanted = wanted.where(account.c.locked_until > now)
    return wanted


def _sessions(
    connection: Connection, ids: list[int], now: datetime
) -> dict[int, tuple[int, datetime | None]]:
    rows = connection.execute(
        select(session.c.person_id, func.count(), func.max(session.c.seen_at))
        .where(session.c.person_id.in_(ids), session.c.ended_at.is_(None), session.c.expires_at > now)
        .group_by(session.c.person_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _row(connection: Connection, row: Any, opened: tuple[int, datetime | None]) -> AccountRow:
    (found,) = all_people(connection, person_id=row.id)
    return AccountRow(
        person=found,
        has_password=row.has_password,
        password_set_at=row.password_set_at,
        locked_until=row.locked_until,
        oidc_subject=row.oidc_subject,
        sessions=opened[0],
        seen_at=opened[1],
    )


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


def session_by_token(connection: Connection, token_hash: str) -> SessionRow | None:
    """The session of this token, over or not."""
    row = connection.execute(_SESSIONS.where(session.c.token_hash == token_hash)).first()
    return _session(row) if row else None


def session_by_id(connection: Connection, session_id: int) -> SessionRow | None:
    row = connection.execute(_SESSIONS.where(session.c.id == session_id)).first()
    return _session(row) if row else None


def open_sessions(
    connection: Connection, *, now: datetime, person_id: int | None = None, limit: int = 500
) -> tuple[SessionRow, ...]:
    """Sessions that nobody has ended and whose last hour has not come, the newest first. Idle ones are among them."""
    found = _SESSIONS.where(session.c.ended_at.is_(None), session.c.expires_at > now)
    if person_id is not None:
        found = found.where(session.c.person_id == person_id)
    rows = connection.execute(found.order_by(session.c.seen_at.desc(), session.c.id.desc()).limit(limit))
    return tuple(_session(row) for row in rows)


def insert_session(connection: Connection, **values: object) -> int:
    key = connection.execute(session.insert().values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def touch_session(connection: Connection, session_id: int, now: datetime) -> None:
    """Note the moment of a page; never back in time."""
    connection.execute(
        update(session).where(session.c.id == session_id, session.c.seen_at < now).values(seen_at=now)
    )


def end_session_rows(
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


def forget_sessions(connection: Connection, person_id: int, *, before: datetime) -> None:
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
