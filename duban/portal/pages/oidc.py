"""Signing in through the bureau's identity provider, where the settings name one."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadData, URLSafeTimedSerializer

from duban.accounts.sessions import sign_in_oidc
from duban.core.errors import NotFound
from duban.core.secrets import portal_key
from duban.portal.access import anyone, throttled
from duban.portal.context import PageContext
from duban.portal.forms import comes_back
from duban.portal.identity import Begun, begin_sign_in, begun_sign_in, signed_in_subject
from duban.portal.pages.account import not_let_in
from duban.portal.session_cookies import device, safe_path, sign_in_response

router = APIRouter()
_COOKIE = "duban_oidc"
_SECONDS = 600


@router.get("/oidc/start")
def start(desk: Annotated[PageContext, anyone()], to: str = "") -> Response:
    """Send the browser to the provider."""
    _wanted(desk)
    address, begun = begin_sign_in(desk.bureau.settings, back=_back(desk), to=safe_path(to or "/"))
    answer = RedirectResponse(address, status_code=303)
    answer.set_cookie(
        _COOKIE,
        str(_signer(desk).dumps(begun_sign_in(begun))),
        max_age=_SECONDS,
        httponly=True,
        samesite="lax",
        secure=desk.bureau.settings.portal_https,
        path="/oidc",
    )
    return answer


@router.get("/oidc/callback")
@comes_back(not_let_in)
def callback(desk: Annotated[PageContext, anyone()]) -> Response:
    """Back from the provider."""
    _wanted(desk)
    begun = _begun(desk)
    answered = dict(desk.request.query_params)
    with throttled(desk.request):
        who = signed_in_subject(desk.bureau.settings, begun, back=_back(desk), answer=answered, now=desk.now)
        token = sign_in_oidc(desk.bureau, subject=who, device=device(desk.request), now=desk.now)
    answer = sign_in_response(desk, token, begun.to if begun else "/")
    answer.delete_cookie(_COOKIE, path="/oidc")
    return answer


def _wanted(desk: PageContext) -> None:
    settings = desk.bureau.settings
    if not (settings.oidc_issuer and settings.oidc_client_id):
        raise NotFound("本系统没有启用统一身份认证，请用姓名和密码登录。")


def _begun(desk: PageContext) -> Begun | None:
    try:
        said = _signer(desk).loads(desk.request.cookies.get(_COOKIE, ""), max_age=_SECONDS)
    except BadData:
        return None
    return Begun(**said)


def _back(desk: PageContext) -> str:
    base = desk.bureau.settings.link_base or str(desk.request.base_url)
    return f"{base.rstrip('/')}/oidc/callback"


def _signer(desk: PageContext) -> URLSafeTimedSerializer:
    key = portal_key(desk.bureau.settings)
    return URLSafeTimedSerializer(key, salt=b"oidc", signer_kwargs={"digest_method": hashlib.sha256})
