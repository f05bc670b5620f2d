"""Accounts: password hashes, tries and locks. Who has no row here cannot sign in with a password."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from office.store.tables import account


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person's way in."""

    person_id: int
    password_hash: str | None = None
    password_set_at: datetime | None = None
    failed: int = 0
    locked_until: datetime | None = None
    oidc_subject: str | None = None


def of_person(connection: Connection, person_id: int) -> Account | None:
    row = connection.execute(_ACCOUNTS.where(account.c.person_id == person_id)).first()
    return Account(**row._mapping) if row else None


def of_subject(connection: Connection, subject: str) -> Account | None:
    """The account that the bureau's identity provider knows by this subject."""
    row = connection.execute(_ACCOUNTS.where(account.c.oidc_subject == subject)).first()
    return Account(**row._mapping) if row else None


def open_account(connection: Connection, person_id: int) -> None:
    """Make the person's account if there is none."""
    if of_person(connection, person_id) is None:
        connection.execute(account.insert().values(person_id=person_id))


def change(connection: Connection, person_id: int, **values: object) -> None:
    connection.execute(update(account).where(account.c.person_id == person_id).values(**values))


def count_try(connection: Connection, person_id: int, now: datetime) -> int | None:
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
