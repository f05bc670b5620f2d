"""What every way in ends with at this door: the cookie, and where to go on."""

from __future__ import annotations

from urllib.parse import unquote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from duban.accounts.sessions import SignedIn, find_session, take_form_draft
from duban.portal.access import COOKIE
from duban.portal.context import PageContext

KEPT = "duban_kept"
_KEPT_SECONDS = 24 * 3600


def sign_in_response(desk: PageContext, token: str, path: str) -> Response:
    """Give the browser its session and send it on: to what the person had typed before, else to `path`."""
    found = find_session(desk.bureau, token, now=desk.now)
    assert isinstance(found, SignedIn), "a moment ago"
    kept = desk.request.cookies.get(KEPT, "")
    waits = kept and take_form_draft(desk.bureau, kept, by=found.by, now=desk.now)
    answer = RedirectResponse(f"/kept/{kept}" if waits else safe_path(path), status_code=303)
    https = desk.bureau.settings.portal_https
    answer.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=https, path="/")
    if kept:
        answer.delete_cookie(KEPT)
    return answer


def remember_kept(desk: PageContext, answer: Response, kept: str) -> None:
    """Whatever way the person comes in again, the form is found."""
    https = desk.bureau.settings.portal_https
    answer.set_cookie(KEPT, kept, max_age=_KEPT_SECONDS, httponly=True, samesite="lax", secure=https)


def safe_path(path: str) -> str:
    """A page of ours; whatever could lead elsewhere becomes the first page."""
    plain = unquote(path)
    own = path.startswith("/") and not plain.startswith(("//", "/\\")) and "\\" not in plain
    return path if own and plain.isprintable() else "/"


def device(request: Request) -> str:
    """What the browser says of itself."""
    return request.headers.get("user-agent", "")
