"""The security administrator's desk: accounts, locks, sessions, roles, links of units. Handles no matter of any unit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.accounts.links import revoke_links
from duban.accounts.lists import list_accounts, show_account
from duban.accounts.one_time import make_one_time
from duban.accounts.passwords import unlock
from duban.accounts.people import add_person, take_role
from duban.accounts.sessions import bind_subject, end_sessions, list_sessions
from duban.core.access import ROLE_NAMES, Role
from duban.core.errors import Refused
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm
from duban.portal.params import Number, PageNumber
from duban.units.service import unit_named

router = APIRouter()
Security = Annotated[PageContext, allow(Role.SECURITY)]
# Handlers are entered by the coordinator.
_GIVEN = [(role.value, ROLE_NAMES[role]) for role in Role if role is not Role.HANDLER]


@router.get("/accounts")
def accounts(desk: Security, q: str = "", locked: str = "", page: PageNumber = 1) -> Response:
    """Everybody who can come in."""
    return _list(desk, q=q, locked=bool(locked), page=page)


@router.post("/accounts")
def enter_person(desk: Security, filled: FilledForm) -> Response:
    """Enter an officer with a role."""
    name, unit = filled.line("name", "姓名", required=True), filled.line("unit", "单位", required=True)
    role = filled.choice("role", "角色", [value for value, _ in _GIVEN])
    try:
        filled.refuse_faults()
        assert role is not None, "required"
        done = add_person(desk.bureau, name=name, unit=unit, roles=[Role(role)], by=desk.by, now=desk.now)
    except Refused as refused:
        return _list(desk, filled=filled, reasons=refused.reasons)
    return desk.see_other(f"/accounts/{done.id}", said=f"已登记{done.name}，请为其生成一次性登录链接。")


@router.get("/accounts/links")
def links(desk: Security) -> Response:
    """Where the links of a unit are revoked."""
    return desk.render("accounts/links.html", title="撤销单位链接", reasons=(), typed={})


@router.post("/accounts/links")
def revoke(desk: Security, filled: FilledForm) -> Response:
    """Revoke them."""
    name = filled.line("unit", "单位", required=True)
    try:
        filled.refuse_faults()
        done = revoke_links(desk.bureau, unit_named(desk.bureau, name), by=desk.by, now=desk.now)
    except Refused as refused:
        return desk.render(
            "accounts/links.html",
            title="撤销单位链接",
            status=422,
            reasons=refused.reasons,
            typed=filled.values,
        )
    said = f"{done.unit}此前的链接已全部失效，{done.sessions} 处凭链接的登录已退出；下一封消息带新链接。"
    return desk.see_other("/accounts/links", said=said)


@router.get("/accounts/{person_id}")
def one(desk: Security, person_id: Number) -> Response:
    """One person's account."""
    return _one(desk, person_id)


@router.post("/accounts/{person_id}/one-time")
def one_time(desk: Security, person_id: Number) -> Response:
    """Make a one-time sign-in and show it once."""
    try:
        token = make_one_time(desk.bureau, person_id=person_id, by=desk.by, now=desk.now)
    except Refused as refused:
        return _one(desk, person_id, reasons=refused.reasons)
    base = (desk.bureau.settings.link_base or str(desk.request.base_url)).rstrip("/")
    return _one(desk, person_id, once=f"{base}/once/{token}")


@router.post("/accounts/{person_id}/unlock")
def lift_lock(desk: Security, person_id: Number) -> Response:
    """Let a locked account try again."""
    unlock(desk.bureau, person_id=person_id, by=desk.by, now=desk.now)
    return desk.see_other(f"/accounts/{person_id}", said="已解锁。")


@router.post("/accounts/{person_id}/end-sessions")
def end_all(desk: Security, person_id: Number, filled: FilledForm) -> Response:
    """End one session of the person, or all."""
    session_id = filled.whole("session_id", "登录编号")
    ended = end_sessions(desk.bureau, person_id=person_id, session_id=session_id, by=desk.by, now=desk.now)
    return desk.see_other(f"/accounts/{person_id}", said=f"已撤销 {ended} 处登录。")


@router.post("/accounts/{person_id}/give-role")
def give_role(desk: Security, person_id: Number, filled: FilledForm) -> Response:
    """Give one more role."""
    role = filled.choice("role", "角色", [value for value, _ in _GIVEN])
    try:
        filled.refuse_faults()
        assert role is not None, "required"
        person = show_account(desk.bureau, person_id, by=desk.by, now=desk.now).person
        add_person(
            desk.bureau, name=person.name, unit=person.unit, roles=[Role(role)], by=desk.by, now=desk.now
        )
    except Refused as refused:
        return _one(desk, person_id, reasons=refused.reasons)
    said = f"已增加角色：{ROLE_NAMES[Role(role)]}；此前的登录和未用的一次性登录链接随之失效。"
    return desk.see_other(f"/accounts/{person_id}", said=said)


@router.post("/accounts/{person_id}/take-role")
def take(desk: Security, person_id: Number, filled: FilledForm) -> Response:
    """Take a role away."""
    role = filled.choice("role", "角色", [role.value for role in Role])
    reason = filled.line("reason", "原因", required=True)
    try:
        filled.refuse_faults()
        assert role is not None, "required"
        take_role(desk.bureau, person_id=person_id, role=Role(role), reason=reason, by=desk.by, now=desk.now)
    except Refused as refused:
        return _one(desk, person_id, reasons=refused.reasons, typed=filled.values)
    return desk.see_other(f"/accounts/{person_id}", said=f"已收回角色：{ROLE_NAMES[Role(role)]}。")


@router.post("/accounts/{person_id}/subject")
def subject(desk: Security, person_id: Number, filled: FilledForm) -> Response:
    """Link the person to the identity provider's subject."""
    wanted = filled.line("subject", "统一身份编号")
    try:
        filled.refuse_faults()
        bind_subject(desk.bureau, person_id=person_id, subject=wanted, by=desk.by, now=desk.now)
    except Refused as refused:
        return _one(desk, person_id, reasons=refused.reasons, typed=filled.values)
    return desk.see_other(f"/accounts/{person_id}", said="已关联。" if wanted else "已解除关联。")


def _list(
    desk: PageContext,
    *,
    q: str = "",
    locked: bool = False,
    page: int = 1,
    filled: Filled | None = None,
    reasons: tuple[str, ...] = (),
) -> Response:
    found = list_accounts(desk.bureau, text=q, locked=locked, page=page, by=desk.by, now=desk.now)
    return desk.render(
        "accounts/accounts.html",
        title="账号",
        status=422 if reasons else 200,
        found=found,
        q=q,
        locked=locked,
        roles=_GIVEN,
        reasons=reasons,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
    )


def _one(
    desk: PageContext,
    person_id: int,
    *,
    reasons: tuple[str, ...] = (),
    typed: dict[str, str] | None = None,
    once: str = "",
) -> Response:
    shown = show_account(desk.bureau, person_id, by=desk.by, now=desk.now)
    held = set(shown.person.roles)
    return desk.render(
        "accounts/one.html",
        title=f"{shown.person.name}的账号",
        status=422 if reasons else 200,
        shown=shown,
        sessions=list_sessions(desk.bureau, person_id=person_id, by=desk.by, now=desk.now),
        roles=[(value, name) for value, name in _GIVEN if Role(value) not in held],
        once=once,
        once_hours=desk.bureau.settings.one_time_hours,
        oidc=bool(desk.bureau.settings.oidc_issuer),
        reasons=reasons,
        typed=typed or {},
    )
