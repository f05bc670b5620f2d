"""What tests of accounts share: an office with a key, and somebody who has a password."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from pydantic import SecretStr

from office.actions.enter_once import enter_once
from office.actions.find_session import SignedIn, find_session
from office.actions.make_one_time import make_one_time
from office.actions.office import Office
from office.actions.passwords import hashed
from office.store import tables
from rules.people import SYSTEM, Actor

NOW = datetime(2026, 3, 27, 1, 0, tzinfo=UTC)
PASSWORD = "Qingming-2026"
DEVICE = "Mozilla/5.0 (Linux; Android 14) wxwork/4.1"


def keyed(office: Office, key: str = "a-key-of-this-test-and-of-nothing-else", **settings: object) -> Office:
    """The office with a portal key and other settings of the test's own."""
    changed = office.settings.model_copy(update={"portal_key": SecretStr(key), **settings})
    return replace(office, settings=changed)


def after(**lengths: float) -> datetime:
    return NOW + timedelta(**lengths)


def signed_in(office: Office, token: str, now: datetime = NOW) -> SignedIn:
    found = find_session(office, token, now=now)
    assert isinstance(found, SignedIn), found
    return found


def came_once(office: Office, person: Actor, now: datetime = NOW) -> str:
    """The token of a session by a one-time sign-in."""
    assert person.person_id is not None
    once = make_one_time(office, person_id=person.person_id, by=SYSTEM, now=now)
    return enter_once(office, once, device=DEVICE, now=now)


def with_password(
    office: Office,
    person: Actor,
    password: str = PASSWORD,
    *,
    set_at: datetime = NOW - timedelta(days=1),
    hash_: str | None = None,
) -> Actor:
    """The person with an account and a password, past the doors."""
    with office.store.writing() as connection:
        connection.execute(
            sa.insert(tables.account).values(
                person_id=person.person_id, password_hash=hash_ or hashed(password), password_set_at=set_at
            )
        )
    return person


def verbs(office: Office) -> list[str]:
    """What the history says was done, in order."""
    with office.store.reading() as connection:
        return list(connection.scalars(sa.select(tables.history.c.verb).order_by(tables.history.c.id)))
