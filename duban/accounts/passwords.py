"""Passwords: Argon2, choosing one, signing in with one. Hashing takes its time on purpose, never inside a transaction."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from duban.accounts.queries import (
    Account,
    SessionRow,
    account_of_person,
    change_account,
    count_sign_in_try,
    drop_one_times,
    end_session_rows,
    open_account,
    session_by_id,
)
from duban.accounts.rules import EndedWhy, SignInWay, password_refusals, security_refusals
from duban.accounts.sessions import open_session
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Actor
from duban.core.access import person_id as id_of
from duban.core.errors import NotFound, Refused, refuse
from duban.history.service import Act, acting
from duban.units.queries import Person, people_named, person_by_id

_LONGEST = 200
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
    with bureau.store.reading() as connection:
        account = account_of_person(connection, id_of(by)) or Account(person_id=id_of(by))
        here = session_by_id(connection, session_id) if session_id is not None else None
    stored = account.password_hash
    if stored and not _came_once(account, here) and not password_fits(stored, current or ""):
        # Somebody at an open session did not know its password; it is noted although nothing changed.
        with acting(bureau, by=by, now=now) as act:
            said = {"name": by.name}
            act.note("set_password_failed", "account", id_of(by), unit_id=by.unit_id, detail=said)
        raise Refused("现在的密码不对，请核对；忘记了请向安全管理员索取一次性登录链接。")
    own = password_refusals(password, name=by.name, at_least=bureau.settings.password_length)
    if stored and not own and password_fits(stored, password):
        own = ("新密码与现在的相同，请换一个。",)
    refuse(*own)
    fresh = {"password_hash": hash_password(password), "password_set_at": now}
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        open_account(act.connection, id_of(by))
        change_account(act.connection, id_of(by), **fresh, failed=0, locked_until=None)
        ended = end_session_rows(
            act.connection, person_id=id_of(by), except_id=session_id, now=now, why=EndedWhy.PASSWORD_CHANGED
        )
        drop_one_times(act.connection, id_of(by))
        detail = {"name": by.name, "sessions_ended": ended}
        act.note("set_password", "account", id_of(by), unit_id=by.unit_id, detail=detail)
    return ended


def _came_once(account: Account, here: SessionRow | None) -> bool:
    """Whether the session began with a one-time sign-in after which no password was chosen yet."""
    if here is None or here.person_id != account.person_id or here.way != SignInWay.ONE_TIME:
        return False
    return account.password_set_at is None or account.password_set_at < here.made_at


def unlock(bureau: Bureau, *, person_id: int, by: Actor, now: datetime, dry_run: bool = False) -> None:
    """Lift the lock of somebody's account and begin the count of tries anew."""
    refuse(*security_refusals(by, "解锁账号"))
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        person = person_by_id(act.connection, person_id)
        if person is None or account_of_person(act.connection, person_id) is None:
            raise NotFound("这位人员还没有账号，不必解锁。")
        change_account(act.connection, person_id, failed=0, locked_until=None)
        act.note("unlock", "account", person_id, unit_id=person.unit_id, detail={"name": person.name})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One try: whose account it is, if anybody's, and the how manyth in a row."""

    person: Person | None = None
    password_hash: str | None = None
    number: int = 0


def sign_in(bureau: Bureau, *, name: str, password: str, device: str, now: datetime) -> str:
    """The token of a new session. What was wrong, the name or the password, is not told."""
    one = _counted(bureau, name, now)
    fit = len(password) <= _LONGEST and password_fits(one.password_hash, password)
    if not fit or one.person is None:
        _failed(bureau, one, device, now)
        settings = bureau.settings
        raise Refused(
            f"姓名或密码不对，请核对后重试；有同名人员的请写成 姓名@单位。连续输错 {settings.sign_in_tries} 次"
            f"将锁定 {settings.lock_minutes} 分钟，忘记密码请向安全管理员索取一次性登录链接。"
        )
    assert one.password_hash is not None, "it fitted"
    fresh = {"password_hash": hash_password(password)} if hash_is_outdated(one.password_hash) else {}
    with acting(bureau, by=SYSTEM, now=now) as act:
        change_account(act.connection, one.person.id, failed=0, **fresh)
        return open_session(act, one.person.actor, SignInWay.PASSWORD, device)


def _counted(bureau: Bureau, name: str, now: datetime) -> _Try:
    """Find the account and count this try. Refused while it is locked."""
    with acting(bureau, by=SYSTEM, now=now) as act:
        # Of several of that name none: they write 姓名@单位.
        named = people_named(act.connection, name)
        person = named[0] if len(named) == 1 else None
        account = account_of_person(act.connection, person.id) if person else None
        if person is None or account is None:
            return _Try()
        number = count_sign_in_try(act.connection, person.id, now)
        if number is not None and number <= bureau.settings.sign_in_tries:
            return _Try(person=person, password_hash=account.password_hash, number=number)
        until = account.locked_until
        if number is not None or until is None:
            until = _lock(act, person)
            _note(act, person, "lock", until=until)
        _note(act, person, "sign_in_refused", locked_until=until)
    raise Refused(
        f"连续输错次数过多，账号已锁定至北京时间 {until.astimezone(clock.ZONE):%H:%M}，"
        "请到时再试，或请安全管理员解锁。"
    )


def _failed(bureau: Bureau, one: _Try, device: str, now: datetime) -> None:
    with acting(bureau, by=SYSTEM, now=now) as act:
        # The account's row before the history's turn, as in every try; the other way round two tries could deadlock.
        locks = one.person and one.number >= bureau.settings.sign_in_tries
        until = _lock(act, one.person) if one.person and locks else None
        _note(act, one.person, "sign_in_failed", device=device[:_LONGEST])
        if until:
            _note(act, one.person, "lock", until=until)


def _lock(act: Act, person: Person) -> datetime:
    until = act.now + timedelta(minutes=act.bureau.settings.lock_minutes)
    change_account(act.connection, person.id, failed=0, locked_until=until)
    return until


def _note(act: Act, person: Person | None, verb: str, **detail: object) -> None:
    """An unknown name is not written down: people type their password into the wrong field."""
    if person:
        act.note(verb, "account", person.id, unit_id=person.unit_id, detail={"name": person.name, **detail})
    else:
        act.note(verb, "account", detail=detail)
