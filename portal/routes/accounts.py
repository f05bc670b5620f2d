"""The security administrator's desk: accounts, locks, sessions, roles, links of units. Handles no matter of any unit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from office.actions.add_person import add_person
from office.actions.end_sessions import end_sessions
from office.actions.find import unit_named
from office.actions.list_accounts import list_accounts, show_account
from office.actions.list_sessions import list_sessions
from office.actions.make_one_time import make_one_time
from office.actions.revoke_links import revoke_links
from office.actions.sign_in_oidc import bind_subject
from office.actions.take_role import take_role
from office.actions.unlock import unlock
from office.errors import Refused
from portal.access import allow
from portal.desk import Desk
from portal.forms import Filled, FilledForm
from portal.numbers import Number, PageNumber
from rules.moves import ROLE_NAMES
from rules.people import Role

router = APIRouter()
Security = Annotated[Desk, allow(Role.SECURITY)]
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
        done = add_person(desk.office, name=name, unit=unit, roles=[Role(role)], by=desk.by, now=desk.now)
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
        done = revoke_links(desk.office, unit_named(desk.office, name), by=desk.by, now=desk.now)
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
        token = make_one_time(desk.office, person_id=person_id, by=desk.by, now=desk.now)
    except Refused as refused:
        return _one(desk, person_id, reasons=refused.reasons)
    base = (desk.office.settings.link_base or str(desk.request.base_url)).rstrip("/")
    return _one(desk, person_id, once=f"{base}/once/{token}")


@router.post("/accounts/{person_id}/unlock")
def lift_lock(desk: Security, person_id: Number) -> Response:
    """Let a locked account try again."""
    unlock(desk.office, person_id=person_id, by=desk.by, now=desk.now)
    return desk.see_other(f"/accounts/{person_id}", said="已解锁。")


@router.post("/accounts/{person_id}/end-sessions")
def end_all(desk: Security, person_id: Number, filled: FilledForm) -> Response:
    """End one session of the person, or all."""
    session_id = filled.whole("session_id", "登录编号")
    ended = end_sessions(desk.office, person_id=person_id, session_id=session_id, by=desk.by, now=desk.now)
    return desk.see_other(f"/accounts/{person_id}", said=f"已撤销 {ended} 处登录。")


@router.post("/accounts/{person_id}/give-role")
def give_role(desk: Security, person_id: Number, filled: FilledForm) -> Response:
    """Give one more role."""
    role = filled.choice("role", "角色", [value for value, _ in _GIVEN])
    try:
        filled.refuse_faults()
        assert role is not None, "required"
        person = show_account(desk.office, person_id, by=desk.by, now=desk.now).person
        add_person(
            desk.office, name=person.name, unit=person.unit, roles=[Role(role)], by=desk.by, now=desk.now
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
        take_role(desk.office, person_id=person_id, role=Role(role), reason=reason, by=desk.by, now=desk.now)
    except Refused as refused:
        return _one(desk, person_id, reasons=refused.reasons, typed=filled.values)
    return desk.see_other(f"/accounts/{person_id}", said=f"已收回角色：{ROLE_NAMES[Role(role)]}。")


@router.post("/accounts/{person_id}/subject")
def subject(desk: Security, person_id: Number, filled: FilledForm) -> Response:
    """Link the person to the identity provider's subject."""
    wanted = filled.line("subject", "统一身份编号")
    try:
        filled.refuse_faults()
        bind_subject(desk.office, person_id=person_id, subject=wanted, by=desk.by, now=desk.now)
    except Refused as refused:
        return _one(desk, person_id, reasons=refused.reasons, typed=filled.values)
    return desk.see_other(f"/accounts/{person_id}", said="已关联。" if wanted else "已解除关联。")


def _list(
    desk: Desk,
    *,
    q: str = "",
    locked: bool = False,
    page: int = 1,
    filled: Filled | None = None,
    reasons: tuple[str, ...] = (),
) -> Response:
    found = list_accounts(desk.office, text=q, locked=locked, page=page, by=desk.by, now=desk.now)
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
    desk: Desk,
    person_id: int,
    *,
    reasons: tuple[str, ...] = (),
    typed: dict[str, str] | None = None,
    once: str = "",
) -> Response:
    shown = show_account(desk.office, person_id, by=desk.by, now=desk.now)
    held = set(shown.person.roles)
    return desk.render(
        "accounts/one.html",
        title=f"{shown.person.name}的账号",
        status=422 if reasons else 200,
        shown=shown,
        sessions=list_sessions(desk.office, person_id=person_id, by=desk.by, now=desk.now),
        roles=[(value, name) for value, name in _GIVEN if Role(value) not in held],
        once=once,
        once_hours=desk.office.settings.one_time_hours,
        oidc=bool(desk.office.settings.oidc_issuer),
        reasons=reasons,
        typed=typed or {},
    )
