"""The token that ties a visitor's form to the browser that was shown it, before there is a session to tie it to."""

from __future__ import annotations

import secrets

from fastapi import Request, Response

COOKIE = "duban_visitor"


def visitor_token(request: Request) -> str:
    """The token of this browser; a new one is remembered with the answer by `remember_visitor`."""
    kept = getattr(request.state, "visitor", None) or request.cookies.get(COOKIE)
    token = kept if kept and len(kept) >= 32 else secrets.token_urlsafe(32)
    request.state.visitor = token
    return token


def remember_visitor(request: Request, answer: Response, *, https: bool) -> None:
    """Give the browser its token if it does not carry it yet."""
    token = getattr(request.state, "visitor", None)
    if token and request.cookies.get(COOKIE) != token:
        answer.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=https)
