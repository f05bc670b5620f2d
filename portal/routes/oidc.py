"""Signing in through the bureau's identity provider, where the settings name one."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadData, URLSafeTimedSerializer

from office.actions.secret_tokens import portal_key
from office.actions.sign_in_oidc import sign_in_oidc
from office.errors import NotFound, Refused
from portal import identity
from portal.access import anyone
from portal.coming_in import device, let_in, safe_path
from portal.desk import Desk
from portal.throttle import TooOften, throttle

router = APIRouter()
_COOKIE = "duban_oidc"
_SECONDS = 600


@router.get("/oidc/start")
def start(desk: Annotated[Desk, anyone()], to: str = "") -> Response:
    """Send the browser to the provider."""
    _wanted(desk)
    address, begun = identity.begin(desk.office.settings, back=_back(desk), to=safe_path(to or "/"))
    answer = RedirectResponse(address, status_code=303)
    answer.set_cookie(
        _COOKIE,
        str(_signer(desk).dumps(identity.remembered(begun))),
        max_age=_SECONDS,
        httponly=True,
        samesite="lax",
        secure=desk.office.settings.portal_https,
        path="/oidc",
    )
    return answer


@router.get("/oidc/callback")
def callback(desk: Annotated[Desk, anyone()]) -> Response:
    """Back from the provider."""
    _wanted(desk)
    begun = _begun(desk)
    answered = dict(desk.request.query_params)
    try:
        throttle(desk.request).ask(desk.request)
        who = identity.subject(desk.office.settings, begun, back=_back(desk), answer=answered, now=desk.now)
        token = sign_in_oidc(desk.office, subject=who, device=device(desk.request), now=desk.now)
    except (Refused, TooOften) as refused:
        reasons = refused.reasons if isinstance(refused, Refused) else (str(refused),)
        throttle(desk.request).failed(desk.request)
        return desk.render("accounts/refused.html", title="统一身份登录没有成功", status=422, reasons=reasons)
    answer = let_in(desk, token, begun.to if begun else "/")
    answer.delete_cookie(_COOKIE, path="/oidc")
    return answer


def _wanted(desk: Desk) -> None:
    settings = desk.office.settings
    if not (settings.oidc_issuer and settings.oidc_client_id):
        raise NotFound("本系统没有启用统一身份认证，请用姓名和密码登录。")


def _begun(desk: Desk) -> identity.Begun | None:
    try:
        said = _signer(desk).loads(desk.request.cookies.get(_COOKIE, ""), max_age=_SECONDS)
    except BadData:
        return None
    return identity.Begun(**said)


def _back(desk: Desk) -> str:
    base = desk.office.settings.link_base or str(desk.request.base_url)
    return f"{base.rstrip('/')}/oidc/callback"


def _signer(desk: Desk) -> URLSafeTimedSerializer:
    key = portal_key(desk.office.settings)
    return URLSafeTimedSerializer(key, salt=b"oidc", signer_kwargs={"digest_method": hashlib.sha256})
