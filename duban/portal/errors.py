"""Everything that can go wrong, as a page with one Chinese sentence and the next step; for the API, as problem+json."""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from duban.accounts.sessions import Ended, keep_form_draft
from duban.core.errors import Changed, Fault, NotFound, Refused
from duban.portal.access import (
    SAFE,
    VISITOR,
    Forbidden,
    ForgedForm,
    MustSetPassword,
    SignInNeeded,
    is_form,
    posted,
    visitor_token,
)
from duban.portal.context import AppState, PageContext
from duban.portal.middleware import TOO_LARGE, TooLarge

log = logging.getLogger("duban.portal")

TITLES = {
    400: "没有办理",
    403: "不能打开",
    404: "没有找到",
    405: "不能这样打开",
    409: "已有变化",
    413: "内容太大",
    422: "没有办理",
    429: "请稍等",
    500: "出错了",
    503: "暂时不能用",
}
SENTENCES = {
    404: "没有这一页，或它不归您的单位；请从导航重新进入。",
    405: "这个网址只用于提交表单，请从导航重新进入。",
    413: TOO_LARGE,
    500: "系统遇到没有预料到的情况，您的操作没有办成；请稍后重试，仍不行请联系运维。",
    503: "系统现在用不了，原因已记入日志，您的操作没有办成；请稍后重试，仍不行请联系运维。",
}


def add_handlers(app: FastAPI) -> None:
    """One handler for each kind of trouble."""
    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(MustSetPassword, _set_password)
    app.add_exception_handler(Forbidden, lambda request, error: answer(request, 403, (str(error),)))
    app.add_exception_handler(ForgedForm, lambda request, error: answer(request, 403, (str(error),)))
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(Fault, _fault)
    app.add_exception_handler(TooLarge, _too_large)
    app.add_exception_handler(
        RequestValidationError, lambda request, _: answer(request, 404, (SENTENCES[404],))
    )
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def answer(request: Request, status: int, reasons: tuple[str, ...]) -> Response:
    """The reasons as a page, or as problem+json under /api/."""
    title = TITLES.get(status, HTTPStatus(status).phrase)
    if request.url.path.startswith("/api/"):
        body = {"type": "about:blank", "title": title, "status": status, "detail": "；".join(reasons)}
        return JSONResponse(body, status_code=status, media_type="application/problem+json")
    desk: PageContext = getattr(request.state, "desk", None) or visitor_desk(request)
    return desk.render("error.html", title=title, status=status, reasons=reasons)


def visitor_desk(request: Request) -> PageContext:
    """A desk for a page that shows nothing of the office."""
    house: AppState = request.app.state.house
    return PageContext(request=request, house=house, by=VISITOR, now=house.now(), csrf=visitor_token(request))


def _too_large(request: Request, _error: Exception) -> Response:
    # The line is closed after the answer, or the server would go on taking in what nobody wants.
    told = answer(request, 413, (TOO_LARGE,))
    told.headers["connection"] = "close"
    return told


def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotFound)
    return answer(request, 404, error.reasons)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return answer(request, 409 if isinstance(error, Changed) else 422, error.reasons)


def _fault(request: Request, error: Exception) -> Response:
    log.error("A fault at %s %s: %s", request.method, _route(request), error)
    # What names a command speaks to the operator, whom the log tells; a page's reader is told what to do.
    said = SENTENCES[503] if "duban " in f"{error}" else f"{error}"
    return answer(request, 503, (said,))


def _route(request: Request) -> str:
    """Which page, without what its address carried: links that let somebody in stand in no log."""
    return str(getattr(request.scope.get("route"), "path", "an unknown address"))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = SENTENCES.get(error.status_code, "请求没有办成，请从导航重新进入。")
    return answer(request, error.status_code, (sentence,))


def _unforeseen(request: Request, error: Exception) -> Response:
    return answer(request, 500, (SENTENCES[500],))


def _set_password(request: Request, _error: Exception) -> Response:
    return RedirectResponse("/account/password", status_code=303)


async def _sign_in(request: Request, error: Exception) -> Response:
    """To the sign-in page; what was typed into a form whose session ran out waits for its owner there."""
    assert isinstance(error, SignInNeeded)
    if request.url.path.startswith("/api/"):
        return answer(request, 401, (str(error),))
    query: dict[str, str] = {"why": error.ended.why.value} if error.ended else {}
    if request.method in SAFE:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        query |= {"to": path} if path != "/" else {}
    elif error.ended and is_form(request):
        kept = await _keep(request, error.ended)
        query |= {"kept": kept} if kept else {}
    return RedirectResponse("/sign-in" + (f"?{urlencode(query)}" if query else ""), status_code=303)


async def _keep(request: Request, ended: Ended) -> str | None:
    house: AppState = request.app.state.house
    form = await posted(request, known=True)
    # A password is kept nowhere, not even for its owner.
    fields = [
        (name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name != "csrf" and "password" not in name
    ]
    if not any(value for _, value in fields):
        return None
    return await run_in_threadpool(
        keep_form_draft,
        house.bureau,
        person_id=ended.person_id,
        path=request.url.path,
        fields=fields,
        now=house.now(),
    )
