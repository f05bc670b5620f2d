"""What every way in ends with: a session row, and the token that only its bearer knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from duban.accounts.passwords import hash_is_outdated, hash_password, password_fits
from duban.accounts.queries import (
    Account,
    SessionRow,
    account_of_person,
    account_of_subject,
    change_account,
    count_sign_in_try,
    end_session_rows,
    forget_sessions,
    insert_session,
    open_account,
    open_sessions,
    session_by_token,
    touch_session,
)
from duban.accounts.rules import (
    WAY_NAMES,
    EndedWhy,
    SignInWay,
    device_words,
    security_refusals,
    timed_out,
    too_old,
    touch_is_due,
)
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Actor, Role
from duban.core.db import rollback_dry_run
from duban.core.errors import NotFound, Refused, refuse
from duban.core.secrets import derived, new_token, token_hash
from duban.core.text import cleaned
from duban.history.queries import append_entry
from duban.letters.rules import ACTING_DUTIES
from duban.units.queries import Person, actor_by_id, all_people, person_by_id

_KEPT = timedelta(days=30)
_DEVICE = 200


def open_session(
    bureau: Bureau,
    connection: Connection,
    *,
    by: Actor,
    way: SignInWay,
    device: str,
    now: datetime,
    unit_id: int | None = None,
    contact_id: int | None = None,
) -> str:
    """Begin a session in the caller's transaction and record it; returns its token."""
    assert by.person_id is not None, "somebody comes in"
    token, said = new_token(), cleaned(device)[:_DEVICE]
    forget_sessions(connection, by.person_id, before=now - _KEPT)
    session_id = insert_session(
        connection,
        token_hash=token_hash(token),
        person_id=by.person_id,
        way=way.value,
        unit_id=unit_id,
        contact_id=contact_id,
        device=said,
        made_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=bureau.settings.session_hours),
    )
    append_entry(
        connection,
        at=now,
        by=by,
        verb="sign_in",
        noun="session",
        noun_id=session_id,
        unit_id=unit_id or by.unit_id,
        detail={"way": way.value, "device": said},
        flow_run_id=bureau.flow_run_id,
    )
    return token


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session that holds. `unit_id` and `contact_id` are a link's; `csrf` is the same for the whole session."""

    session_id: int
    by: Actor
    way: SignInWay
    unit_id: int | None
    contact_id: int | None
    csrf: str
    must_set_password: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A session that was, and why it is over."""

    person_id: int
    why: EndedWhy


def find_session(bureau: Bureau, token: str, *, now: datetime) -> SignedIn | Ended | None:
    """The session of a token; None when there never was one."""
    with bureau.store.reading() as connection:
        row = session_by_token(connection, token_hash(token))
        if row is None:
            return None
        why = _over(bureau, row, now)
        if why:
            return Ended(person_id=row.person_id, why=why)
        by = _through_link(row) if row.way == SignInWay.LINK else actor_by_id(connection, row.person_id)
    if touch_is_due(row.seen_at, now=now, idle_minutes=bureau.settings.session_idle_minutes):
        with bureau.store.writing() as connection:
            touch_session(connection, row.id, now)
    return SignedIn(
        session_id=row.id,
        by=by,
        way=SignInWay(row.way),
        unit_id=row.unit_id,
        contact_id=row.contact_id,
        csrf=derived(bureau.settings, "csrf", token),
        must_set_password=_must_set_password(bureau, row, now),
    )


def _over(bureau: Bureau, row: SessionRow, now: datetime) -> EndedWhy | None:
    if row.ended_why:
        return EndedWhy(row.ended_why)
    if not row.person_active or row.contact_active is False:
        return EndedWhy.RETIRED
    idle = bureau.settings.session_idle_minutes
    if timed_out(seen_at=row.seen_at, expires_at=row.expires_at, now=now, idle_minutes=idle):
        return EndedWhy.TIMED_OUT
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


def _must_set_password(bureau: Bureau, row: SessionRow, now: datetime) -> bool:
    if row.way == SignInWay.ONE_TIME:
        return row.password_set_at is None or row.password_set_at < row.made_at
    return row.way == SignInWay.PASSWORD and too_old(
        row.password_set_at, now=now, days=bureau.settings.password_days
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session that still holds, in words its owner recognises."""

    id: int
    person_id: int
    name: str
    way: SignInWay
    way_name: str
    device: str
    made_at: datetime
    seen_at: datetime


def list_sessions(
    bureau: Bureau, *, person_id: int | None = None, by: Actor, now: datetime
) -> tuple[OpenSession, ...]:
    """The open sessions of one person, or of everybody; the one seen last comes first."""
    if person_id is None or person_id != by.person_id:
        refuse(*security_refusals(by, "查看别人的登录"))
    with bureau.store.reading() as connection:
        found = open_sessions(connection, now=now, person_id=person_id)
    idle = bureau.settings.session_idle_minutes
    return tuple(
        _open(one)
        for one in found
        if not timed_out(seen_at=one.seen_at, expires_at=one.expires_at, now=now, idle_minutes=idle)
    )


def _open(one: SessionRow) -> OpenSession:
    return OpenSession(
        id=one.id,
        person_id=one.person_id,
        name=one.name,
        way=SignInWay(one.way),
        way_name=WAY_NAMES[SignInWay(one.way)],
        device=device_words(one.device),
        made_at=one.made_at,
        seen_at=one.seen_at,
    )


def end_sessions(
    bureau: Bureau,
    *,
    person_id: int,
    session_id: int | None = None,
    except_id: int | None = None,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> int:
    """End one session of a person, or all but one; returns how many."""
    if person_id != by.person_id:
        refuse(*security_refusals(by, "撤销别人的登录"))
    with bureau.store.writing() as connection:
        person = person_by_id(connection, person_id)
        if person is None:
            raise NotFound("没有这位人员，请在人员名录里核对。")
        ended = end_session_rows(
            connection,
            person_id=person_id,
            ids=None if session_id is None else [session_id],
            except_id=except_id,
            now=now,
            why=EndedWhy.REVOKED.value,
        )
        if ended:
            append_entry(
                connection,
                at=now,
                by=by,
                verb="end_sessions",
                noun="session",
                noun_id=session_id,
                unit_id=person.unit_id,
                detail={"name": person.name, "person_id": person_id, "sessions": ended},
                flow_run_id=bureau.flow_run_id,
            )
        if dry_run:
            rollback_dry_run(connection)
    return ended


_LONGEST = 200


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
        raise Refused(_wrong(bureau))
    assert one.password_hash is not None, "it fitted"
    fresh = hash_password(password) if hash_is_outdated(one.password_hash) else None
    with bureau.store.writing() as connection:
        change_account(connection, one.person.id, failed=0)
        if fresh:
            change_account(connection, one.person.id, password_hash=fresh)
        return open_session(
            bureau, connection, by=one.person.actor, way=SignInWay.PASSWORD, device=device, now=now
        )


def _counted(bureau: Bureau, name: str, now: datetime) -> _Try:
    """Find the account and count this try. Refused while it is locked."""
    locked: Refused | None = None
    with bureau.store.writing() as connection:
        person = _active(connection, name)
        account = account_of_person(connection, person.id) if person else None
        if person is None or account is None:
            return _Try()
        number = count_sign_in_try(connection, person.id, now)
        if number is not None and number <= bureau.settings.sign_in_tries:
            return _Try(person=person, password_hash=account.password_hash, number=number)
        until = account.locked_until
        if number is not None or until is None:
            until = _lock(bureau, connection, person, now)
            _record(bureau, connection, person, "lock", {"until": until}, now)
        _record(bureau, connection, person, "sign_in_refused", {"locked_until": until}, now)
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
        for one in all_people(connection, name=wanted)
        if one.active and (not unit_name or one.unit == unit_name)
    ]
    return found[0] if len(found) == 1 else None


def _failed(bureau: Bureau, one: _Try, device: str, now: datetime) -> None:
    with bureau.store.writing() as connection:
        # The account's row before the history's turn, as in every try; the other way round two tries could deadlock.
        until = None
        if one.person and one.number >= bureau.settings.sign_in_tries:
            until = _lock(bureau, connection, one.person, now)
        _record(bureau, connection, one.person, "sign_in_failed", {"device": device[:_LONGEST]}, now)
        if until:
            _record(bureau, connection, one.person, "lock", {"until": until}, now)


def _lock(bureau: Bureau, connection: Connection, person: Person, now: datetime) -> datetime:
    until = now + timedelta(minutes=bureau.settings.lock_minutes)
    change_account(connection, person.id, failed=0, locked_until=until)
    return until


def _record(
    bureau: Bureau,
    connection: Connection,
    person: Person | None,
    verb: str,
    detail: dict[str, object],
    now: datetime,
) -> None:
    """An unknown name is not written down: people type their password into the wrong field."""
    append_entry(
        connection,
        at=now,
        by=SYSTEM,
        verb=verb,
        noun="account",
        noun_id=person.id if person else None,
        unit_id=person.unit_id if person else None,
        detail=({"name": person.name} if person else {}) | detail,
        flow_run_id=bureau.flow_run_id,
    )


def _wrong(bureau: Bureau) -> str:
    settings = bureau.settings
    return (
        f"姓名或密码不对，请核对后重试；有同名人员的请写成 姓名@单位。连续输错 {settings.sign_in_tries} 次"
        f"将锁定 {settings.lock_minutes} 分钟，忘记密码请向安全管理员索取一次性登录链接。"
    )


_sign_in_oidc_LONGEST = 255


def sign_in_oidc(bureau: Bureau, *, subject: str, device: str, now: datetime) -> str:
    """The token of a session for whoever the security administrator has linked to this subject."""
    with bureau.store.writing() as connection:
        account = account_of_subject(connection, subject)
        person = person_by_id(connection, account.person_id) if account else None
        if person is not None and person.active:
            return open_session(
                bureau, connection, by=person.actor, way=SignInWay.OIDC, device=device, now=now
            )
        append_entry(
            connection,
            at=now,
            by=SYSTEM,
            verb="sign_in_failed",
            noun="account",
            noun_id=person.id if person else None,
            detail={"way": SignInWay.OIDC.value, "subject": subject[:_sign_in_oidc_LONGEST]},
            flow_run_id=bureau.flow_run_id,
        )
    raise Refused(
        f"您的统一身份（编号 {subject[:_sign_in_oidc_LONGEST]}）还没有与本系统的人员关联，请把编号告诉安全管理员，由其关联后再登录。"
    )


def bind_subject(
    bureau: Bureau, *, person_id: int, subject: str, by: Actor, now: datetime, dry_run: bool = False
) -> None:
    """Link a person to the subject by which the identity provider knows him; an empty one ends the link."""
    refuse(*security_refusals(by, "关联统一身份"))
    subject = cleaned(subject)
    with bureau.store.writing() as connection:
        person = person_by_id(connection, person_id)
        if person is None or not person.active:
            raise NotFound("没有这位在岗人员，请在人员名录里核对。")
        refuse(*_binding_refusals(subject, account_of_subject(connection, subject), person_id, by))
        open_account(connection, person_id)
        change_account(connection, person_id, oidc_subject=subject or None)
        append_entry(
            connection,
            at=now,
            by=by,
            verb="bind_subject",
            noun="account",
            noun_id=person_id,
            unit_id=person.unit_id,
            detail={"name": person.name, "subject": subject},
            flow_run_id=bureau.flow_run_id,
        )
        if dry_run:
            rollback_dry_run(connection)


def _binding_refusals(subject: str, there: Account | None, person_id: int, by: Actor) -> tuple[str, ...]:
    own = []
    if len(subject) > _sign_in_oidc_LONGEST:
        own.append(f"统一身份编号不超过 {_sign_in_oidc_LONGEST} 个字符，请核对。")
    if by.person_id == person_id:
        own.append("不能给自己关联统一身份，请由另一位安全管理员办理。")
    if subject and there is not None and there.person_id != person_id:
        own.append("这个统一身份编号已与另一位人员关联，请先解除再关联。")
    return tuple(own)


def sign_out(bureau: Bureau, session_id: int, *, by: Actor, now: datetime) -> None:
    """End one's own session. Ending it twice is no fault."""
    assert by.person_id is not None, "somebody is signed in"
    with bureau.store.writing() as connection:
        ended = end_session_rows(
            connection, ids=[session_id], person_id=by.person_id, now=now, why=EndedWhy.SIGNED_OUT.value
        )
        if ended:
            append_entry(
                connection,
                at=now,
                by=by,
                verb="sign_out",
                noun="session",
                noun_id=session_id,
                unit_id=by.unit_id,
                flow_run_id=bureau.flow_run_id,
            )
