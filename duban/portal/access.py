"""Who may have a page: sessions, roles, forged forms, and how often somebody may fail to come in.

Every route names exactly one of `allow(...)` and `anyone()`; a test reads the route table. The decision about the
*person* is made here, the decision about the *unit* by the services, which take the person.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from fastapi import Depends, Request, Response
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from duban.accounts.rules import SignInWay
from duban.accounts.sessions import Ended, SignedIn, find_session
from duban.core import clock
from duban.core.access import Actor, Role
from duban.core.errors import DubanError, Refused
from duban.editions.notices import with_notices
from duban.portal.context import AppState, PageContext

COOKIE = "duban_session"
VISITOR_COOKIE = "duban_visitor"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# Where whoever must choose a password first may go before.
BEFORE_PASSWORD = ("/account/password", "/sign-out")
# Of a field that somebody fills in before it is known who he is.
_VISITORS_FIELD = 16 * 1024
_WORKDAYS_FOR = timedelta(minutes=1)
_BY_ADDRESS = RateLimitItemPerMinute(30, 5, namespace="address")
_BY_ACCOUNT = RateLimitItemPerMinute(10, 5, namespace="account")
VISITOR = Actor(name="访客", person_id=0)


class SignInNeeded(DubanError):
    """Nobody is signed in, or no longer. `ended` tells whose session it was, so that typed text can be kept."""

    def __init__(self, ended: Ended | None = None) -> None:
        super().__init__("请先登录。")
        self.ended = ended


class Forbidden(DubanError):
    """Signed in, but not for this; the sentence says whom to ask."""


class MustSetPassword(DubanError):
    """Came by a one-time sign-in, or the password is too old: choose one first."""


class ForgedForm(DubanError):
    """The form does not come from a page of this session."""


class TooOften(Refused):
    """Refused without looking; `wait_seconds` until it may be tried again."""

    def __init__(self, wait_seconds: int) -> None:
        minutes = -(-wait_seconds // 60)
        super().__init__(f"尝试过于频繁，请约 {minutes} 分钟后再试；若不是您在操作，请告知安全管理员。")
        self.wait_seconds = wait_seconds


class Allow:
    """A route's decision: signed in with one of these roles; `link`: also by the link of a message."""

    def __init__(self, *roles: Role, link: bool = False) -> None:
        self.roles = frozenset(roles)
        self.link = link

    async def __call__(self, request: Request) -> PageContext:
        house = await _house(request)
        now = house.now()
        token = request.cookies.get(COOKIE, "")
        found = await run_in_threadpool(find_session, house.bureau, token, now=now) if token else None
        if not isinstance(found, SignedIn):
            raise SignInNeeded(found)
        self._refuse(found, request)
        # Whatever goes wrong from here on is told on a page of this person.
        request.state.desk = desk = PageContext(
            request=request,
            house=house,
            by=found.by,
            now=now,
            csrf=found.csrf,
            way=found.way,
            session_id=found.session_id,
            unit_id=found.unit_id,
            must_set_password=found.must_set_password,
        )
        await check_form(request, found.csrf)
        return desk

    def _refuse(self, found: SignedIn, request: Request) -> None:
        if found.way is SignInWay.LINK:
            if not self.link:
                raise Forbidden("凭消息里的链接只能查看、签收和报送本单位的任务；办理这一项请先用账号登录。")
            return
        if found.must_set_password and request.url.path not in BEFORE_PASSWORD:
            raise MustSetPassword("请先设置密码。")
        if self.roles and not found.by.roles & self.roles:
            raise Forbidden(f"{found.by.name}没有打开这一页的权限；如工作需要，请联系安全管理员增加角色。")


class Anyone:
    """A route for visitors: signing in, the way in by a link. Forms are checked against the visitor's own cookie."""

    async def __call__(self, request: Request) -> PageContext:
        house: AppState = request.app.state.house
        csrf = visitor_token(request)
        await check_form(request, csrf)
        return PageContext(request=request, house=house, by=VISITOR, now=house.now(), csrf=csrf)


async def _house(request: Request) -> AppState:
    """The house with the workdays of the last minute: a notice may be confirmed on the command line."""
    house: AppState = request.app.state.house
    if house.now() - house.workdays_read_at >= _WORKDAYS_FOR:
        bureau = await run_in_threadpool(with_notices, house.bureau)
        house = replace(house, bureau=bureau, workdays_read_at=house.now())
        request.app.state.house = house
    return house


def allow(*roles: Role, link: bool = False) -> Any:
    """For `desk: Annotated[Desk, allow(Role.COORDINATOR)]`; no roles: whoever is signed in."""
    return Depends(Allow(*roles, link=link))


def anyone() -> Any:
    """For `desk: Annotated[Desk, anyone()]`: pages that must open before anyone is signed in."""
    return Depends(Anyone())


async def check_form(request: Request, csrf: str) -> None:
    """Refuse an act that no page of this session sent: another site can post here, but cannot know the token."""
    if request.method in SAFE:
        return
    given = request.headers.get("x-csrf") or ""
    if not given and is_form(request):
        given = str((await posted(request)).get("csrf") or "")
    if not hmac.compare_digest(given.encode(), csrf.encode()):
        raise ForgedForm("这一页打开太久，或表单不是从本系统的页面提交的，没有办理；请刷新页面后再试。")


def is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith(FORMS)


async def posted(request: Request, *, known: bool = False) -> FormData:
    """The form, parsed once for all who ask; Starlette keeps it with the request and closes its files at the end.

    Of a visitor no more than a sign-in needs is taken in. `known`: somebody whose session has just run out.
    """
    if known or getattr(request.state, "desk", None) is not None:
        return await request.form(max_files=200, max_fields=2000)
    return await request.form(max_files=0, max_fields=20, max_part_size=_VISITORS_FIELD)


def visitor_token(request: Request) -> str:
    """What ties a visitor's form to the browser that was shown it, before there is a session to tie it to."""
    kept = getattr(request.state, "visitor", None) or request.cookies.get(VISITOR_COOKIE)
    token = kept if kept and len(kept) >= 32 else secrets.token_urlsafe(32)
    request.state.visitor = token
    return token


def remember_visitor(request: Request, answer: Response, *, https: bool) -> None:
    """Give the browser its token if it does not carry it yet."""
    token = getattr(request.state, "visitor", None)
    if token and request.cookies.get(VISITOR_COOKIE) != token:
        answer.set_cookie(VISITOR_COOKIE, token, httponly=True, samesite="lax", secure=https)


@contextmanager
def throttled(request: Request, account: str = "") -> Iterator[None]:
    """Refuse whoever has failed too often lately, by address and by account, without looking; count a refusal inside.

    Only failures count, because a whole bureau may come from one address at half past eight.
    """
    state = request.app.state
    if not hasattr(state, "throttle"):
        state.throttle = MovingWindowRateLimiter(MemoryStorage())
    limiter: MovingWindowRateLimiter = state.throttle
    keys = [(_BY_ADDRESS, request.client.host if request.client else "unknown")]
    keys += [(_BY_ACCOUNT, account.casefold())] if account else []
    for limit, key in keys:
        if not limiter.test(limit, key):
            until = limiter.get_window_stats(limit, key).reset_time
            # The library counts in real time, however a test travels.
            raise TooOften(max(1, round(until - clock.now().timestamp())))
    try:
        yield
    except Refused:
        for limit, key in keys:
            limiter.hit(limit, key)
        raise
