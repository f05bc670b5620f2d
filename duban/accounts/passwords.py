"""Argon2 behind three questions. Hashing takes its time on purpose, so it is never done inside a transaction."""

from __future__ import annotations

import secrets
import threading
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from duban.accounts.queries import (
    Account,
    SessionRow,
    account_of_person,
    change_account,
    drop_one_times,
    end_session_rows,
    open_account,
    session_by_id,
)
from duban.accounts.rules import EndedWhy, SignInWay, password_refusals, security_refusals
from duban.bureau import Bureau
from duban.core.access import Actor
from duban.core.db import rollback_dry_run
from duban.core.errors import NotFound, Refused, refuse
from duban.history.queries import append_entry
from duban.units.queries import person_by_id

# Each hash takes 64 MiB, so only a few are worked on at once.
PARAMETERS = RFC_9106_LOW_MEMORY
hasher = PasswordHasher.from_parameters(PARAMETERS)
_few = threading.BoundedSemaphore(4)


def hash_password(password: str) -> str:
    with _few:
        return hasher.hash(password)


def password_fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one. Where there is no hash it takes as long, so that nobody learns who has none."""
    with _few:
        try:
            return hasher.verify(password_hash or _nobodys(hasher), password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def hash_is_outdated(password_hash: str) -> bool:
    """Whether it was made with weaker parameters than today's."""
    return hasher.check_needs_rehash(password_hash)


@cache
def _nobodys(by: PasswordHasher) -> str:
    return by.hash(secrets.token_urlsafe(32))


def set_password(
    bureau: Bureau,
    *,
    password: str,
    current: str | None,
    by: Actor,
    now: datetime,
    session_id: int | None = None,
    dry_run: bool = False,
) -> int:
    """Set one's own password; returns how many other sessions ended. `current` is asked for where there is one already.

    A session that began with a one-time sign-in needs no current password: it is there because that was forgotten.
    """
    assert by.person_id is not None, "somebody is signed in"
    with bureau.store.reading() as connection:
        account = account_of_person(connection, by.person_id) or Account(person_id=by.person_id)
        here = session_by_id(connection, session_id) if session_id is not None else None
    stored = account.password_hash
    if stored and not _came_once(account, here) and not password_fits(stored, current or ""):
        _record(bureau, by, now)
        raise Refused("现在的密码不对，请核对；忘记了请向安全管理员索取一次性登录链接。")
    own = password_refusals(password, name=by.name, at_least=bureau.settings.password_length)
    if stored and not own and password_fits(stored, password):
        own = ("新密码与现在的相同，请换一个。",)
    refuse(*own)
    made = hash_password(password)
    with bureau.store.writing() as connection:
        open_account(connection, by.person_id)
        change_account(
            connection, by.person_id, password_hash=made, password_set_at=now, failed=0, locked_until=None
        )
        ended = end_session_rows(
            connection,
            person_id=by.person_id,
            except_id=session_id,
            now=now,
            why=EndedWhy.PASSWORD_CHANGED.value,
        )
        drop_one_times(connection, by.person_id)
        append_entry(
            connection,
            at=now,
            by=by,
            verb="set_password",
            noun="account",
            noun_id=by.person_id,
            unit_id=by.unit_id,
            detail={"name": by.name, "sessions_ended": ended},
            flow_run_id=bureau.flow_run_id,
        )
        if dry_run:
            rollback_dry_run(connection)
    return ended


def _came_once(account: Account, here: SessionRow | None) -> bool:
    """Whether the session began with a one-time sign-in after which no password was chosen yet."""
    if here is None or here.person_id != account.person_id or here.way != SignInWay.ONE_TIME:
        return False
    return account.password_set_at is None or account.password_set_at < here.made_at


def _record(bureau: Bureau, by: Actor, now: datetime) -> None:
    """Somebody at an open session did not know its password; it stands in the history although nothing changed."""
    with bureau.store.writing() as connection:
        append_entry(
            connection,
            at=now,
            by=by,
            verb="set_password_failed",
            noun="account",
            noun_id=by.person_id,
            unit_id=by.unit_id,
            detail={"name": by.name},
            flow_run_id=bureau.flow_run_id,
        )


def unlock(bureau: Bureau, *, person_id: int, by: Actor, now: datetime, dry_run: bool = False) -> None:
    """Lift the lock of somebody's account and begin the count of tries anew."""
    refuse(*security_refusals(by, "解锁账号"))
    with bureau.store.writing() as connection:
        person = person_by_id(connection, person_id)
        if person is None or account_of_person(connection, person_id) is None:
            raise NotFound("这位人员还没有账号，不必解锁。")
        change_account(connection, person_id, failed=0, locked_until=None)
        append_entry(
            connection,
            at=now,
            by=by,
            verb="unlock",
            noun="account",
            noun_id=person_id,
            unit_id=person.unit_id,
            detail={"name": person.name},
            flow_run_id=bureau.flow_run_id,
        )
        if dry_run:
            rollback_dry_run(connection)
