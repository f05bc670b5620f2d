"""Sessions, and the ways into one besides a password: a one-time sign-in, the link of a message, the bureau's identity.

Whatever the way, it ends with a session row and a token that only its bearer knows.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from duban.accounts.queries import (
    Account,
    FormDraft,
    SessionRow,
    account_of_subject,
    anybody_signs_in,
    change_account,
    delete_form_draft,
    end_session_rows,
    find_form_draft,
    forget_sessions,
    insert_form_draft,
    insert_one_time,
    insert_session,
    one_time_by_token,
    open_account,
    open_sessions,
    session_by_token,
    touch_session,
    use_one_time,
)
from duban.accounts.rules import (
    WAY_NAMES,
    EndedWhy,
    SignInWay,
    device_words,
    link_revoking_refusals,
    one_time_refusals,
    security_refusals,
    timed_out,
    too_old,
    touch_is_due,
)
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Actor, Role
from duban.core.access import person_id as id_of
from duban.core.db import Connection
from duban.core.errors import NotFound, Refused, refuse
from duban.core.secrets import derived, new_token, portal_key, token_hash
from duban.core.text import cleaned
from duban.history.service import Act, acting
from duban.letters.links import read_link_token
from duban.letters.queries import link_bearer, raise_link_generation
from duban.letters.rules import ACTING_DUTIES, Bearer, Link, link_refusals
from duban.obligations.queries import busiest_unit
from duban.units.queries import (
    Person,
    UnitEntry,
    all_people,
    count_with_role,
    insert_person,
    person_by_id,
)

_KEPT = timedelta(days=30)
_DEVICE = 200
_LONGEST_SUBJECT = 255
_NEW_ONE = "请向安全管理员（或发给您链接的统筹科室）索取新的一次性登录链接。"


def open_session(
    act: Act,
    who: Actor,
    way: SignInWay,
    device: str,
    *,
    unit_id: int | None = None,
    contact_id: int | None = None,
) -> str:
    """Begin a session inside an act and note it; returns its token. `unit_id` and `contact_id` are a link's."""
    token, said = new_token(), cleaned(device)[:_DEVICE]
    forget_sessions(act.connection, id_of(who), before=act.now - _KEPT)
    session_id = insert_session(
        act.connection,
        token_hash=token_hash(token),
        person_id=id_of(who),
        way=way.value,
        unit_id=unit_id,
        contact_id=contact_id,
        device=said,
        made_at=act.now,
        seen_at=act.now,
        expires_at=act.now + timedelta(hours=act.bureau.settings.session_hours),
    )
    detail = {"way": way.value, "device": said}
    act.note("sign_in", "session", session_id, by=who, unit_id=unit_id or who.unit_id, detail=detail)
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
        by = _through_link(row) if row.way == SignInWay.LINK else row.actor
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
    over = timed_out(seen_at=row.seen_at, expires_at=row.expires_at, now=now, idle_minutes=idle)
    return EndedWhy.TIMED_OUT if over else None


def _through_link(row: SessionRow) -> Actor:
    """Whoever comes by a link is bound to its unit, whatever else he may do when he signs in."""
    assert row.unit_id is not None, "a link is a unit's"
    return Actor(
        name=row.name,
        person_id=row.person_id,
        unit_id=row.unit_id,
        roles=frozenset({Role.HANDLER} if row.duty in ACTING_DUTIES else ()),
        reads=frozenset({row.unit_id}),
    )


def _must_set_password(bureau: Bureau, row: SessionRow, now: datetime) -> bool:
    if row.way == SignInWay.ONE_TIME:
        return row.password_set_at is None or row.password_set_at < row.made_at
    days = bureau.settings.password_days
    return row.way == SignInWay.PASSWORD and too_old(row.password_set_at, now=now, days=days)


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
        OpenSession(
            id=one.id,
            person_id=one.person_id,
            name=one.name,
            way=SignInWay(one.way),
            way_name=WAY_NAMES[SignInWay(one.way)],
            device=device_words(one.device),
            made_at=one.made_at,
            seen_at=one.seen_at,
        )
        for one in found
        if not timed_out(seen_at=one.seen_at, expires_at=one.expires_at, now=now, idle_minutes=idle)
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
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        person = person_by_id(act.connection, person_id)
        if person is None:
            raise NotFound("没有这位人员，请在人员名录里核对。")
        ended = end_session_rows(
            act.connection,
            person_id=person_id,
            ids=None if session_id is None else [session_id],
            except_id=except_id,
            now=now,
            why=EndedWhy.REVOKED,
        )
        if ended:
            detail = {"name": person.name, "person_id": person_id, "sessions": ended}
            act.note("end_sessions", "session", session_id, unit_id=person.unit_id, detail=detail)
    return ended


def sign_out(bureau: Bureau, session_id: int, *, by: Actor, now: datetime) -> None:
    """End one's own session. Ending it twice is no fault."""
    with acting(bureau, by=by, now=now) as act:
        why = EndedWhy.SIGNED_OUT
        if end_session_rows(act.connection, ids=[session_id], person_id=id_of(by), now=now, why=why):
            act.note("sign_out", "session", session_id, unit_id=by.unit_id)


def enter_once(bureau: Bureau, token: str, *, device: str, now: datetime) -> str:
    """Use a one-time sign-in: the token of a new session, in which a password is to be chosen first."""
    with acting(bureau, by=SYSTEM, now=now) as act:
        one = one_time_by_token(act.connection, token_hash(token))
        if one is None:
            raise Refused(f"一次性登录链接无效，可能不完整或已被更新的链接取代，{_NEW_ONE}")
        if one.used_at is not None or not use_one_time(act.connection, one.id, now):
            raise Refused(f"这个一次性登录链接已经用过，如不是您本人使用，请立即告知安全管理员；{_NEW_ONE}")
        if now >= one.expires_at:
            raise Refused(f"这个一次性登录链接已过期，{_NEW_ONE}")
        person = person_by_id(act.connection, one.person_id)
        assert person is not None, "a one-time sign-in has a person"
        if not person.active:
            raise Refused(f"{person.name}已停用，不能登录；如有误，请联系统筹科室。")
        return open_session(act, person.actor, SignInWay.ONE_TIME, device)


def make_one_time(bureau: Bureau, *, person_id: int, by: Actor, now: datetime, dry_run: bool = False) -> str:
    """The token of a one-time sign-in, shown once. Earlier ones of the person that were not used end."""
    token = new_token()
    until = now + timedelta(hours=bureau.settings.one_time_hours)
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        person = active_person(act.connection, person_id)
        there = count_with_role(act.connection, Role.SECURITY) > 0
        refuse(*one_time_refusals(person.actor, by, security_there=there))
        open_account(act.connection, person_id)
        insert_one_time(
            act.connection, token_hash=token_hash(token), person_id=person_id, made_at=now, expires_at=until
        )
        detail = {"name": person.name, "until": until}
        act.note("make_one_time", "account", person_id, unit_id=person.unit_id, detail=detail)
    return token


def active_person(connection: Connection, person_id: int) -> Person:
    """NotFound for whoever is not there any more."""
    found = person_by_id(connection, person_id)
    if found is None or not found.active:
        raise NotFound("没有这位在岗人员，请在人员名录里核对。")
    return found


_ORDER = (
    Role.OPERATOR,
    Role.SECURITY,
    Role.COORDINATOR,
    Role.REVIEWER,
    Role.LEADER,
    Role.AUDITOR,
    Role.HANDLER,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSignIn:
    """Somebody of this role may come in once with this token."""

    role: Role
    name: str
    unit: str
    token: str


def first_sign_ins(bureau: Bureau, *, now: datetime) -> tuple[FirstSignIn, ...]:
    """One for each role that anybody has; none as soon as anybody has a password or signs in another way."""
    with bureau.store.reading() as connection:
        if anybody_signs_in(connection):
            return ()
        busiest = busiest_unit(connection)
        # Whoever tries the handler's page should find something on it.
        register = sorted(all_people(connection), key=lambda one: one.unit_id != busiest)
    # Nobody twice: a second one-time sign-in would end the first.
    chosen: dict[int, tuple[Role, Person]] = {}
    for role in _ORDER:
        bearers = (one for one in register if one.active and role in one.roles and one.id not in chosen)
        if person := next(bearers, None):
            chosen[person.id] = (role, person)
    return tuple(
        FirstSignIn(
            role=role,
            name=person.name,
            unit=person.unit,
            token=make_one_time(bureau, person_id=person.id, by=SYSTEM, now=now),
        )
        for role, person in chosen.values()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredByLink:
    """The token of the new session and the page the link leads to."""

    token: str
    path: str


def enter_by_link(
    bureau: Bureau,
    token: str,
    *,
    device: str,
    now: datetime,
    obligation_id: int | None = None,
    support_id: int | None = None,
) -> EnteredByLink:
    """Let the bearer of a message's link in without an account, bound to that one unit.

    `obligation_id` or `support_id` is the item of the message that was pressed.
    """
    link = read_link_token(portal_key(bureau.settings), token)
    with acting(bureau, by=SYSTEM, now=now) as act:
        bearer = link_bearer(act.connection, link.contact_id)
        refuse(*link_refusals(link, bearer, clock.civil(now)))
        assert bearer is not None, "refused above"
        who = _behind(act, link, bearer).actor
        session = open_session(
            act, who, SignInWay.LINK, device, unit_id=link.unit_id, contact_id=link.contact_id
        )
    path = landing(link, obligation_id=obligation_id, support_id=support_id)
    return EnteredByLink(token=session, path=path)


def landing(link: Link, *, obligation_id: int | None, support_id: int | None) -> str:
    """The page that a pressed link leads to: the item's, or the unit's own."""
    if support_id is not None:
        return f"/support/{support_id}"
    wanted = obligation_id or link.obligation_id
    return f"/my/{wanted}" if wanted else "/my"


def _behind(act: Act, link: Link, bearer: Bearer) -> Person:
    """The person behind the contact. What he does is done in a name, so one who is not in the register is entered."""
    found = all_people(act.connection, name=bearer.name, unit_id=link.unit_id)
    if found:
        return found[0]
    roles = (Role.HANDLER,) if bearer.duty in ACTING_DUTIES else ()
    key = insert_person(act.connection, name=bearer.name, unit_id=link.unit_id, roles=roles)
    said = {"name": bearer.name, "unit": bearer.unit, "given": sorted(roles), "contact_id": link.contact_id}
    act.note("add_person", "person", key, unit_id=link.unit_id, detail=said)
    person = person_by_id(act.connection, key)
    assert person is not None, "just written"
    return person


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksRevoked:
    """The unit's new generation of links, and how many sessions ended with the old one."""

    unit: str
    generation: int
    sessions: int


def revoke_links(
    bureau: Bureau, unit: UnitEntry, *, by: Actor, now: datetime, dry_run: bool = False
) -> LinksRevoked:
    """Revoke a unit's links: a telephone was lost, or a message was forwarded to the wrong group."""
    refuse(*link_revoking_refusals(by, unit.name))
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        generation, ended = raise_generation(act, unit.id, unit=unit.name)
    return LinksRevoked(unit=unit.name, generation=generation, sessions=ended)


def raise_generation(act: Act, unit_id: int, **named: str) -> tuple[int, int]:
    """All links and calendar addresses of the unit end; returns the new generation and how many sessions ended."""
    generation = raise_link_generation(act.connection, unit_id, act.now)
    why = EndedWhy.LINKS_REVOKED
    ended = end_session_rows(act.connection, link_unit_id=unit_id, now=act.now, why=why)
    detail = {**named, "generation": generation, "sessions": ended}
    act.note("revoke_links", "unit", unit_id, unit_id=unit_id, detail=detail)
    return generation, ended


def sign_in_oidc(bureau: Bureau, *, subject: str, device: str, now: datetime) -> str:
    """The token of a session for whoever the security administrator has linked to this subject."""
    short = subject[:_LONGEST_SUBJECT]
    with acting(bureau, by=SYSTEM, now=now) as act:
        account = account_of_subject(act.connection, subject)
        person = person_by_id(act.connection, account.person_id) if account else None
        if person is not None and person.active:
            return open_session(act, person.actor, SignInWay.OIDC, device)
        detail = {"way": SignInWay.OIDC.value, "subject": short}
        act.note("sign_in_failed", "account", person.id if person else None, detail=detail)
    raise Refused(
        f"您的统一身份（编号 {short}）还没有与本系统的人员关联，请把编号告诉安全管理员，由其关联后再登录。"
    )


def bind_subject(
    bureau: Bureau, *, person_id: int, subject: str, by: Actor, now: datetime, dry_run: bool = False
) -> None:
    """Link a person to the subject by which the identity provider knows him; an empty one ends the link."""
    refuse(*security_refusals(by, "关联统一身份"))
    subject = cleaned(subject)
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        person = active_person(act.connection, person_id)
        refuse(*_binding_refusals(subject, account_of_subject(act.connection, subject), person_id, by))
        open_account(act.connection, person_id)
        change_account(act.connection, person_id, oidc_subject=subject or None)
        detail = {"name": person.name, "subject": subject}
        act.note("bind_subject", "account", person_id, unit_id=person.unit_id, detail=detail)


def _binding_refusals(subject: str, there: Account | None, person_id: int, by: Actor) -> tuple[str, ...]:
    own = []
    if len(subject) > _LONGEST_SUBJECT:
        own.append(f"统一身份编号不超过 {_LONGEST_SUBJECT} 个字符，请核对。")
    if by.person_id == person_id:
        own.append("不能给自己关联统一身份，请由另一位安全管理员办理。")
    if subject and there is not None and there.person_id != person_id:
        own.append("这个统一身份编号已与另一位人员关联，请先解除再关联。")
    return tuple(own)


_DRAFT_FOR = timedelta(days=1)
_LONGEST_DRAFT, _LONGEST_PATH = 200_000, 300


def keep_form_draft(
    bureau: Bureau, *, person_id: int, path: str, fields: Sequence[tuple[str, str]], now: datetime
) -> str | None:
    """Keep for a day what somebody had typed when the session ended; None where it is larger than anybody types."""
    if len(path) > _LONGEST_PATH or sum(len(name) + len(value) for name, value in fields) > _LONGEST_DRAFT:
        return None
    draft_id = secrets.token_urlsafe(24)
    with bureau.store.writing() as connection:
        insert_form_draft(
            connection,
            id=draft_id,
            person_id=person_id,
            path=path,
            fields=fields,
            made_at=now,
            expires_at=now + _DRAFT_FOR,
        )
    return draft_id


def take_form_draft(bureau: Bureau, draft_id: str, *, by: Actor, now: datetime) -> FormDraft | None:
    """The form as it was typed, if it is this person's and still kept. It stays until it was sent or dropped."""
    if by.person_id is None:
        return None
    with bureau.store.reading() as connection:
        return find_form_draft(connection, draft_id, person_id=by.person_id, now=now)


def drop_form_draft(bureau: Bureau, draft_id: str, *, by: Actor) -> None:
    """It has been sent, or is not wanted any more."""
    with bureau.store.writing() as connection:
        delete_form_draft(connection, draft_id, person_id=id_of(by))
