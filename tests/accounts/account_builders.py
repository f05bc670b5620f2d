"""What tests of accounts share: an office with a key, and somebody who has a password."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from pydantic import SecretStr

from duban.accounts.passwords import hash_password
from duban.accounts.sessions import SignedIn, enter_once, find_session, make_one_time
from duban.accounts.tables import account
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor
from duban.history.tables import history

NOW = datetime(2026, 3, 27, 1, 0, tzinfo=UTC)
PASSWORD = "Qingming-2026"
DEVICE = "Mozilla/5.0 (Linux; Android 14) wxwork/4.1"


def keyed(bureau: Bureau, key: str = "a-key-of-this-test-and-of-nothing-else", **settings: object) -> Bureau:
    """The office with a portal key and other settings of the test's own."""
    changed = bureau.settings.model_copy(update={"portal_key": SecretStr(key), **settings})
    return replace(bureau, settings=changed)


def after(**lengths: float) -> datetime:
    return NOW + timedelta(**lengths)


def signed_in(bureau: Bureau, token: str, now: datetime = NOW) -> SignedIn:
    found = find_session(bureau, token, now=now)
    assert isinstance(found, SignedIn), found
    return found


def came_once(bureau: Bureau, person: Actor, now: datetime = NOW) -> str:
    """The token of a session by a one-time sign-in."""
    assert person.person_id is not None
    once = make_one_time(bureau, person_id=person.person_id, by=SYSTEM, now=now)
    return enter_once(bureau, once, device=DEVICE, now=now)


def with_password(
    bureau: Bureau,
    person: Actor,
    password: str = PASSWORD,
    *,
    set_at: datetime = NOW - timedelta(days=1),
    hash_: str | None = None,
) -> Actor:
    """The person with an account and a password, past the doors."""
    with bureau.store.writing() as connection:
        connection.execute(
            sa.insert(account).values(
                person_id=person.person_id,
                password_hash=hash_ or hash_password(password),
                password_set_at=set_at,
            )
        )
    return person


def verbs(bureau: Bureau) -> list[str]:
    """What the history says was done, in order."""
    with bureau.store.reading() as connection:
        return list(connection.scalars(sa.select(history.c.verb).order_by(history.c.id)))
