"""Coming in and going out: by password, by a one-time sign-in, by the link of a message."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.accounts.links import enter_by_link
from duban.accounts.one_time import enter_once
from duban.accounts.rules import WHY_SENTENCES, EndedWhy, SignInWay
from duban.accounts.sessions import SignedIn, find_session, sign_in, sign_out
from duban.core.errors import Refused
from duban.core.secrets import portal_key
from duban.letters.link_rules import Link, stays
from duban.letters.links import read_link_token
from duban.portal.access import COOKIE, allow, anyone
from duban.portal.context import PageContext
from duban.portal.forms import FilledForm
from duban.portal.session_cookies import KEPT, device, remember_kept, safe_path, sign_in_response
from duban.portal.throttle import TooOften, throttle

router = APIRouter()
_NUMBER = 15


@router.get("/sign-in")
def sign_in_page(
    desk: Annotated[PageContext, anyone()], to: str = "", why: str = "", kept: str = ""
) -> Response:
    """The form, with why it is needed."""
    answer = _page(
        desk, to=to, why=WHY_SENTENCES[EndedWhy(why)] if why in set(EndedWhy) else "", kept=bool(kept)
    )
    if kept:
        remember_kept(desk, answer, kept)
    return answer


@router.post("/sign-in")
def sign_in_with_password(desk: Annotated[PageContext, anyone()], filled: FilledForm) -> Response:
    """Check the name and the password."""
    request, name = desk.request, filled.line("name", "姓名", required=True)
    password, to = filled.secret("password", "密码"), filled.line("to", "去处")
    try:
        throttle(request).ask(request, name)
        filled.refuse_faults()
        token = sign_in(desk.bureau, name=name, password=password, device=device(request), now=desk.now)
    except TooOften as often:
        return _too_often(desk, often, to=to, typed={"name": name})
    except Refused as refused:
        throttle(request).failed(request, name)
        return _page(desk, to=to, status=422, typed={"name": name}, reasons=refused.reasons)
    return sign_in_response(desk, token, to or "/")


@router.post("/sign-out")
def sign_out_here(desk: Annotated[PageContext, allow(link=True)]) -> Response:
    """End this session and take its cookie back."""
    assert desk.session_id is not None, "only who is signed in gets here"
    sign_out(desk.bureau, desk.session_id, by=desk.by, now=desk.now)
    answer = desk.see_other("/", said="您已退出登录。")
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.get("/once/{token}")
def once_page(desk: Annotated[PageContext, anyone()], token: str) -> Response:
    """Asks for one press: programs that look at links in messages must not use it up."""
    return desk.render("accounts/once.html", title="一次性登录", token=token)


@router.post("/once/{token}")
def once(desk: Annotated[PageContext, anyone()], token: str) -> Response:
    """Use the one-time sign-in."""
    request = desk.request
    try:
        throttle(request).ask(request)
        session = enter_once(desk.bureau, token, device=device(request), now=desk.now)
    except TooOften as often:
        return _too_often(desk, often)
    except Refused as refused:
        throttle(request).failed(request)
        return _refused(desk, "一次性登录没有成功", refused)
    return sign_in_response(desk, session, "/account/password")


@router.get("/l/{token}")
def link(desk: Annotated[PageContext, anyone()], token: str, to: str = "") -> Response:
    """A link from a message. Who is signed in as somebody else is asked before he becomes the unit's contact."""
    try:
        throttle(desk.request).ask(desk.request)
        said = read_link_token(portal_key(desk.bureau.settings), token)
    except TooOften as often:
        return _too_often(desk, often)
    except Refused as refused:
        throttle(desk.request).failed(desk.request)
        return _refused(desk, "链接打不开", refused)
    found = _already_in(desk)
    if found and stays(said, found.by, contact_id=found.contact_id):
        return desk.see_other(_item_path(said, to))
    if found and found.way is not SignInWay.LINK:
        return desk.render(
            "accounts/other_person.html", title="换人进入", name=found.by.name, token=token, to=to
        )
    return _enter(desk, token, to)


@router.post("/l/{token}")
def link_pressed(desk: Annotated[PageContext, anyone()], token: str, to: str = "") -> Response:
    """The same after the question."""
    try:
        throttle(desk.request).ask(desk.request)
    except TooOften as often:
        return _too_often(desk, often)
    return _enter(desk, token, to)


def _enter(desk: PageContext, token: str, to: str) -> Response:
    try:
        entered = enter_by_link(
            desk.bureau, token, device=device(desk.request), now=desk.now, obligation_id=_number(to)
        )
    except Refused as refused:
        throttle(desk.request).failed(desk.request)
        return _refused(desk, "链接打不开", refused)
    return sign_in_response(desk, entered.token, entered.path)


def _already_in(desk: PageContext) -> SignedIn | None:
    token = desk.request.cookies.get(COOKIE, "")
    found = find_session(desk.bureau, token, now=desk.now) if token else None
    return found if isinstance(found, SignedIn) else None


def _item_path(said: Link, to: str) -> str:
    wanted = _number(to) or said.obligation_id
    return f"/my/{wanted}" if wanted else "/my"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _NUMBER else None


def _page(
    desk: PageContext,
    *,
    to: str,
    why: str = "",
    kept: bool = False,
    status: int = 200,
    typed: dict[str, str] | None = None,
    reasons: tuple[str, ...] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    settings = desk.bureau.settings
    return desk.render(
        "accounts/sign_in.html",
        title="登录",
        status=status,
        headers=headers,
        to=safe_path(to) if to else "",
        why=why,
        kept=kept or KEPT in desk.request.cookies,
        typed=typed or {},
        reasons=reasons,
        oidc=bool(settings.oidc_issuer and settings.oidc_client_id),
    )


def _too_often(
    desk: PageContext, often: TooOften, *, to: str = "", typed: dict[str, str] | None = None
) -> Response:
    wait = {"retry-after": str(often.wait_seconds)}
    return _page(desk, to=to, status=429, typed=typed, reasons=(str(often),), headers=wait)


def _refused(desk: PageContext, title: str, refused: Refused) -> Response:
    return desk.render("accounts/refused.html", title=title, status=410, reasons=refused.reasons)
