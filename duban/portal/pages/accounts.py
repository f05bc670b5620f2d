"""The security administrator's pages: accounts, locks, sessions, roles, links of units, tokens of other systems."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from duban.accounts.passwords import unlock
from duban.accounts.people import add_person, list_accounts, show_account, take_role
from duban.accounts.rules import MOST_TOKEN_DAYS, SCOPE_NAMES, TokenScope
from duban.accounts.sessions import bind_subject, end_sessions, list_sessions, make_one_time, revoke_links
from duban.accounts.tokens import MadeToken, list_client_tokens, make_client_token, revoke_client_token
from duban.core.access import ROLE_NAMES, Role
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Form, Line, Whole, comes_back, one_of
from duban.portal.params import Number, PageNumber
from duban.units.service import person_named, unit_named

router = APIRouter()
Security = Annotated[PageContext, allow(Role.SECURITY)]
# Handlers are entered by the coordinator.
_GIVEN = {role.value: ROLE_NAMES[role] for role in Role if role is not Role.HANDLER}
_SCOPES = {"read": (TokenScope.READ,), "write": (TokenScope.READ, TokenScope.WRITE)}
GivenRole = Annotated[Role, one_of(_GIVEN)]


class NewPerson(Form):
    name: Line = Field(title="姓名")
    unit: Line = Field(title="单位")
    role: GivenRole = Field(title="角色")


class UnitName(Form):
    unit: Line = Field(title="单位")


class WhichSession(Form):
    session_id: Whole | None = Field(None, title="登录编号")


class RoleGiven(Form):
    role: GivenRole = Field(title="角色")


class RoleTaken(Form):
    role: Role = Field(title="角色")
    reason: Line = Field(title="原因")


class Subject(Form):
    subject: Line = Field("", title="统一身份编号")


class NewToken(Form):
    name: Line = Field(title="系统名称")
    person: Line = Field(title="代表人员")
    scope: Annotated[str, one_of(_SCOPES)] = Field(title="权限")
    days: Whole = Field(title="有效天数")


@router.get("/accounts")
def accounts(desk: Security, q: str = "", locked: str = "", page: PageNumber = 1) -> Response:
    """Everybody who can come in."""
    found = list_accounts(desk.bureau, text=q, locked=bool(locked), page=page, by=desk.by, now=desk.now)
    return desk.render(
        "accounts/accounts.html", title="账号", found=found, q=q, locked=bool(locked), roles=_GIVEN.items()
    )


@router.post("/accounts")
@comes_back(accounts, missing=True)
def enter_person(desk: Security, form: NewPerson) -> Response:
    """Enter an officer with a role."""
    done = add_person(
        desk.bureau, name=form.name, unit=form.unit, roles=[form.role], by=desk.by, now=desk.now
    )
    return desk.see_other(f"/accounts/{done.id}", said=f"已登记{done.name}，请为其生成一次性登录链接。")


@router.get("/accounts/links")
def links(desk: Security) -> Response:
    """Where the links of a unit are revoked."""
    return desk.render("accounts/links.html", title="撤销单位链接")


@router.post("/accounts/links")
@comes_back(links, missing=True)
def revoke(desk: Security, form: UnitName) -> Response:
    """Revoke them."""
    done = revoke_links(desk.bureau, unit_named(desk.bureau, form.unit), by=desk.by, now=desk.now)
    said = f"{done.unit}此前的链接已全部失效，{done.sessions} 处凭链接的登录已退出；下一封消息带新链接。"
    return desk.see_other("/accounts/links", said=said)


@router.get("/accounts/{person_id}")
def one(desk: Security, person_id: Number) -> Response:
    """One person's account."""
    return _account(desk, person_id)


@router.post("/accounts/{person_id}/one-time")
@comes_back(one)
def one_time(desk: Security, person_id: Number) -> Response:
    """Make a one-time sign-in and show it once."""
    token = make_one_time(desk.bureau, person_id=person_id, by=desk.by, now=desk.now)
    return _account(desk, person_id, once=f"{desk.base}/once/{token}")


@router.post("/accounts/{person_id}/unlock")
def lift_lock(desk: Security, person_id: Number) -> Response:
    """Let a locked account try again."""
    unlock(desk.bureau, person_id=person_id, by=desk.by, now=desk.now)
    return desk.see_other(f"/accounts/{person_id}", said="已解锁。")


@router.post("/accounts/{person_id}/end-sessions")
@comes_back(one)
def end_all(desk: Security, person_id: Number, form: WhichSession) -> Response:
    """End one session of the person, or all."""
    ended = end_sessions(
        desk.bureau, person_id=person_id, session_id=form.session_id, by=desk.by, now=desk.now
    )
    return desk.see_other(f"/accounts/{person_id}", said=f"已撤销 {ended} 处登录。")


@router.post("/accounts/{person_id}/give-role")
@comes_back(one)
def give_role(desk: Security, person_id: Number, form: RoleGiven) -> Response:
    """Give one more role."""
    person = show_account(desk.bureau, person_id, by=desk.by, now=desk.now).person
    add_person(desk.bureau, name=person.name, unit=person.unit, roles=[form.role], by=desk.by, now=desk.now)
    said = f"已增加角色：{ROLE_NAMES[form.role]}；此前的登录和未用的一次性登录链接随之失效。"
    return desk.see_other(f"/accounts/{person_id}", said=said)


@router.post("/accounts/{person_id}/take-role")
@comes_back(one)
def take(desk: Security, person_id: Number, form: RoleTaken) -> Response:
    """Take a role away."""
    take_role(desk.bureau, person_id=person_id, role=form.role, reason=form.reason, by=desk.by, now=desk.now)
    return desk.see_other(f"/accounts/{person_id}", said=f"已收回角色：{ROLE_NAMES[form.role]}。")


@router.post("/accounts/{person_id}/subject")
@comes_back(one)
def subject(desk: Security, person_id: Number, form: Subject) -> Response:
    """Link the person to the identity provider's subject."""
    bind_subject(desk.bureau, person_id=person_id, subject=form.subject, by=desk.by, now=desk.now)
    return desk.see_other(f"/accounts/{person_id}", said="已关联。" if form.subject else "已解除关联。")


def _account(desk: PageContext, person_id: int, *, once: str = "") -> Response:
    shown = show_account(desk.bureau, person_id, by=desk.by, now=desk.now)
    return desk.render(
        "accounts/one.html",
        title=f"{shown.person.name}的账号",
        shown=shown,
        sessions=list_sessions(desk.bureau, person_id=person_id, by=desk.by, now=desk.now),
        roles=[(value, name) for value, name in _GIVEN.items() if Role(value) not in shown.person.roles],
        once=once,
        once_hours=desk.bureau.settings.one_time_hours,
        oidc=bool(desk.bureau.settings.oidc_issuer),
    )


@router.get("/tokens")
def tokens(desk: Security) -> Response:
    """Every token that was made."""
    return _tokens(desk)


@router.post("/tokens")
@comes_back(tokens, missing=True)
def make(desk: Security, form: NewToken) -> Response:
    """Make one; it is on this answer and nowhere else."""
    bearer = person_named(desk.bureau, form.person)
    assert bearer.person_id is not None, "a person"
    made = make_client_token(
        desk.bureau,
        name=form.name,
        person_id=bearer.person_id,
        scopes=_SCOPES[form.scope],
        days=form.days,
        by=desk.by,
        now=desk.now,
    )
    return _tokens(desk, made)


@router.post("/tokens/{token_id}/revoke")
def revoke_token(desk: Security, token_id: Number) -> Response:
    """End one."""
    found = revoke_client_token(desk.bureau, token_id, by=desk.by, now=desk.now)
    return desk.see_other("/tokens", said=f"“{found.name}”的令牌已撤销。")


def _tokens(desk: PageContext, made: MadeToken | None = None) -> Response:
    return desk.render(
        "accounts/tokens.html",
        title="接口令牌",
        tokens=list_client_tokens(desk.bureau, by=desk.by),
        scope_names=SCOPE_NAMES,
        scopes=[("read", "只读取"), ("write", "读取和写入")],
        most_days=MOST_TOKEN_DAYS,
        made=made,
    )
