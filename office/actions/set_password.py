"""A password is chosen or changed: the rules speak first, and every other session of the person ends."""

from __future__ import annotations

from datetime import datetime

from office.actions.acting import refuse
from office.actions.office import Office
from office.actions.passwords import fits, hashed
from office.errors import Refused
from office.store import accounts, history, sessions
from office.store.accounts import Account
from office.store.dry_run import take_back
from office.store.sessions import SessionRow
from rules.passwords import password_refusals
from rules.people import Actor
from rules.sessions import Way, Why


def set_password(
    office: Office,
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
    with office.store.reading() as connection:
        account = accounts.of_person(connection, by.person_id) or Account(person_id=by.person_id)
        here = sessions.by_id(connection, session_id) if session_id is not None else None
    stored = account.password_hash
    if stored and not _came_once(account, here) and not fits(stored, current or ""):
        _record(office, by, now)
        raise Refused("现在的密码不对，请核对；忘记了请向安全管理员索取一次性登录链接。")
    own = password_refusals(password, name=by.name, at_least=office.settings.password_length)
    if stored and not own and fits(stored, password):
        own = ("新密码与现在的相同，请换一个。",)
    refuse(*own)
    made = hashed(password)
    with office.store.writing() as connection:
        accounts.open_account(connection, by.person_id)
        accounts.change(
            connection, by.person_id, password_hash=made, password_set_at=now, failed=0, locked_until=None
        )
        ended = sessions.end(
            connection, person_id=by.person_id, except_id=session_id, now=now, why=Why.PASSWORD_CHANGED.value
        )
        sessions.drop_one_times(connection, by.person_id)
        history.append(
            connection,
            at=now,
            by=by,
            verb="set_password",
            noun="account",
            noun_id=by.person_id,
            unit_id=by.unit_id,
            detail={"name": by.name, "sessions_ended": ended},
            flow_run_id=office.flow_run_id,
        )
        if dry_run:
            take_back(connection)
    return ended


def _came_once(account: Account, here: SessionRow | None) -> bool:
    """Whether the session began with a one-time sign-in after which no password was chosen yet."""
    if here is None or here.person_id != account.person_id or here.way != Way.ONE_TIME:
        return False
    return account.password_set_at is None or account.password_set_at < here.made_at


def _record(office: Office, by: Actor, now: datetime) -> None:
    """Somebody at an open session did not know its password; it stands in the history although nothing changed."""
    with office.store.writing() as connection:
        history.append(
            connection,
            at=now,
            by=by,
            verb="set_password_failed",
            noun="account",
            noun_id=by.person_id,
            unit_id=by.unit_id,
            detail={"name": by.name},
            flow_run_id=office.flow_run_id,
        )
