"""One's own account: the password, the sessions, and what was typed when a session ended."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.accounts.form_drafts import drop_form_draft, take_form_draft
from duban.accounts.lists import show_account
from duban.accounts.passwords import set_password
from duban.accounts.rules import SignInWay
from duban.accounts.sessions import end_sessions, list_sessions
from duban.core.errors import NotFound, Refused
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import FilledForm
from duban.portal.params import Number
from duban.portal.throttle import TooOften, throttle

router = APIRouter()


@router.get("/account")
def account(desk: Annotated[PageContext, allow()]) -> Response:
    """Who I am here, and where I am signed in."""
    own = show_account(desk.bureau, _person_id(desk), by=desk.by, now=desk.now)
    sessions = list_sessions(desk.bureau, person_id=_person_id(desk), by=desk.by, now=desk.now)
    return desk.render("accounts/account.html", title="我的账号", own=own, sessions=sessions)


@router.post("/account/sessions/{session_id}/end")
def end_one(desk: Annotated[PageContext, allow()], session_id: Number) -> Response:
    """Sign out another device."""
    ended = end_sessions(
        desk.bureau, person_id=_person_id(desk), session_id=session_id, by=desk.by, now=desk.now
    )
    return desk.see_other("/account", said="已撤销这次登录。" if ended else "这次登录先前已经结束。")


@router.post("/account/sessions/end-others")
def end_others(desk: Annotated[PageContext, allow()]) -> Response:
    """Sign out every other device."""
    ended = end_sessions(
        desk.bureau, person_id=_person_id(desk), except_id=desk.session_id, by=desk.by, now=desk.now
    )
    return desk.see_other("/account", said=f"已撤销其他 {ended} 处登录。")


@router.get("/account/password")
def password_page(desk: Annotated[PageContext, allow()]) -> Response:
    """Choose a password, or change it."""
    return _password(desk)


@router.post("/account/password")
def change_password(desk: Annotated[PageContext, allow()], filled: FilledForm) -> Response:
    """Set the password; every other session of the person ends."""
    new, again = filled.secret("password", "新密码"), filled.secret("password_again", "再写一次的新密码")
    if new and again and new != again:
        filled.faults["password_again"] = "两次写的新密码不一样，请重新填写。"
    guard, account = throttle(desk.request), f"password:{desk.by.person_id}"
    try:
        guard.ask(desk.request, account)
        filled.refuse_faults()
        ended = set_password(
            desk.bureau,
            password=new,
            current=filled.optional_secret("password_now"),
            by=desk.by,
            now=desk.now,
            session_id=desk.session_id,
        )
    except TooOften as often:
        return _password(desk, 429, (str(often),), {"retry-after": str(often.wait_seconds)})
    except Refused as refused:
        guard.failed(desk.request, account)
        return _password(desk, 422, refused.reasons)
    others = f"，其他 {ended} 处登录已退出" if ended else ""
    return desk.see_other("/", said=f"密码已设置{others}。")


@router.get("/kept/{kept_id}")
def kept(desk: Annotated[PageContext, allow(link=True)], kept_id: str) -> Response:
    """What was typed when the session ended: to be looked at and sent with one press."""
    found = take_form_draft(desk.bureau, kept_id, by=desk.by, now=desk.now)
    if found is None:
        raise NotFound("先前填写的内容已不再保留（只留一天，且只给填写人看），请重新填写。")
    typed = [value for name, value in found.fields if value.strip() and name != "version"]
    return desk.render(
        "accounts/kept.html", title="您刚才填写的内容还在", kept=found, kept_id=kept_id, typed=typed
    )


@router.post("/kept/{kept_id}/drop")
def drop(desk: Annotated[PageContext, allow(link=True)], kept_id: str) -> Response:
    """It is not wanted any more."""
    drop_form_draft(desk.bureau, kept_id, by=desk.by)
    return desk.see_other("/", said="已清除先前填写的内容。")


def _password(
    desk: PageContext,
    status: int = 200,
    reasons: tuple[str, ...] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    own = show_account(desk.bureau, _person_id(desk), by=desk.by, now=desk.now)
    return desk.render(
        "accounts/password.html",
        title="更改密码" if own.has_password else "设置密码",
        status=status,
        headers=headers,
        own=own,
        reasons=reasons,
        must=desk.must_set_password,
        asks_current=own.has_password and not (desk.must_set_password and desk.way is SignInWay.ONE_TIME),
        at_least=desk.bureau.settings.password_length,
    )


def _person_id(desk: PageContext) -> int:
    assert desk.by.person_id is not None, "somebody is signed in"
    return desk.by.person_id
