"""登录 with a password. Tries are counted before the password is looked at; too many lock the account for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from office import clock
from office.actions.office import Office
from office.actions.open_session import open_session
from office.actions.passwords import fits, hashed, outdated
from office.errors import Refused
from office.store import accounts, history, people
from office.store.engine import Connection
from office.store.people import Person
from rules.people import SYSTEM
from rules.sessions import Way

_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One try: whose account it is, if anybody's, and the how manyth in a row."""

    person: Person | None = None
    password_hash: str | None = None
    number: int = 0


def sign_in(office: Office, *, name: str, password: str, device: str, now: datetime) -> str:
    """The token of a new session. What was wrong, the name or the password, is not told."""
    one = _counted(office, name, now)
    fit = len(password) <= _LONGEST and fits(one.password_hash, password)
    if not fit or one.person is None:
        _failed(office, one, device, now)
        raise Refused(_wrong(office))
    assert one.password_hash is not None, "it fitted"
    fresh = hashed(password) if outdated(one.password_hash) else None
    with office.store.writing() as connection:
        accounts.change(connection, one.person.id, failed=0)
        if fresh:
            accounts.change(connection, one.person.id, password_hash=fresh)
        return open_session(office, connection, by=one.person.actor, way=Way.PASSWORD, device=device, now=now)


def _counted(office: Office, name: str, now: datetime) -> _Try:
    """Find the account and count this try. Refused while it is locked."""
    locked: Refused | None = None
    with office.store.writing() as connection:
        person = _active(connection, name)
        account = accounts.of_person(connection, person.id) if person else None
        if person is None or account is None:
            return _Try()
        number = accounts.count_try(connection, person.id, now)
        if number is not None and number <= office.settings.sign_in_tries:
            return _Try(person=person, password_hash=account.password_hash, number=number)
        until = account.locked_until
        if number is not None or until is None:
            until = _lock(office, connection, person, now)
            _record(office, connection, person, "lock", {"until": until}, now)
        _record(office, connection, person, "sign_in_refused", {"locked_until": until}, now)
        locked = Refused(
            f"连续输错次数过多，账号已锁定至北京时间 {until.astimezone(clock.ZONE):%H:%M}，"
            "请到时再试，或请安全管理员解锁。"
        )
    raise locked


def _active(connection: Connection, name: str) -> Person | None:
    """The one active person of that name. Of several none: they write 姓名@单位."""
    wanted, _, unit_name = name.strip().partition("@")
    found = [
        one
        for one in people.people(connection, name=wanted)
        if one.active and (not unit_name or one.unit == unit_name)
    ]
    return found[0] if len(found) == 1 else None


def _failed(office: Office, one: _Try, device: str, now: datetime) -> None:
    with office.store.writing() as connection:
        # The account's row before the history's turn, as in every try; the other way round two tries could deadlock.
        until = None
        if one.person and one.number >= office.settings.sign_in_tries:
            until = _lock(office, connection, one.person, now)
        _record(office, connection, one.person, "sign_in_failed", {"device": device[:_LONGEST]}, now)
        if until:
            _record(office, connection, one.person, "lock", {"until": until}, now)


def _lock(office: Office, connection: Connection, person: Person, now: datetime) -> datetime:
    until = now + timedelta(minutes=office.settings.lock_minutes)
    accounts.change(connection, person.id, failed=0, locked_until=until)
    return until


def _record(
    office: Office,
    connection: Connection,
    person: Person | None,
    verb: str,
    detail: dict[str, object],
    now: datetime,
) -> None:
    """An unknown name is not written down: people type their password into the wrong field."""
    history.append(
        connection,
        at=now,
        by=SYSTEM,
        verb=verb,
        noun="account",
        noun_id=person.id if person else None,
        unit_id=person.unit_id if person else None,
        detail=({"name": person.name} if person else {}) | detail,
        flow_run_id=office.flow_run_id,
    )


def _wrong(office: Office) -> str:
    settings = office.settings
    return (
        f"姓名或密码不对，请核对后重试；有同名人员的请写成 姓名@单位。连续输错 {settings.sign_in_tries} 次"
        f"将锁定 {settings.lock_minutes} 分钟，忘记密码请向安全管理员索取一次性登录链接。"
    )
