"""Signing in through the bureau's identity provider, where the settings name one.

Authlib does the flow: discovery, state, PKCE, nonce, the signed token. Who the subject is, the office knows.
"""

from __future__ import annotations

from typing import Annotated, Any

import httpx2
from anyio import from_thread
from authlib.integrations.base_client.errors import MismatchingStateError
from authlib.integrations.starlette_client import OAuth, OAuthError, StarletteOAuth2App
from authlib.oidc.core import CodeIDToken
from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from joserfc.errors import JoseError

from duban.accounts.sessions import sign_in_oidc
from duban.core.errors import Fault, NotFound, Refused
from duban.portal.access import anyone, throttled
from duban.portal.context import PageContext
from duban.portal.forms import comes_back
from duban.portal.pages.account import not_let_in
from duban.portal.session_cookies import device, safe_path, sign_in_response

router = APIRouter()
# Of the cookie in which one sign-in is remembered between going to the provider and coming back.
FLOW_COOKIE, FLOW_PATH, FLOW_SECONDS = "duban_oidc", "/oidc", 600
_SECONDS = 10.0
# A clock that is a little off is no forgery.
_LEEWAY = 60
# Signatures by a key that only the provider holds; never a shared secret, never none, whatever it says of itself.
_SIGNATURES = ("RS256", "PS256", "ES256", "RS384", "ES384", "RS512", "ES512", "EdDSA", "Ed25519")
_AGAIN = "请返回登录页重新用统一身份认证登录；仍不行请用密码登录，或联系运维。"
_UNREACHABLE = "统一身份认证服务现在连不上，请稍后再试，或用密码登录。"


@router.get("/oidc/start")
def start(desk: Annotated[PageContext, anyone()], to: str = "") -> Response:
    """Send the browser to the provider."""
    desk.request.session["to"] = safe_path(to or "/")
    return RedirectResponse(from_thread.run(_address, desk), status_code=303)


@router.get("/oidc/callback")
@comes_back(not_let_in)
def callback(desk: Annotated[PageContext, anyone()]) -> Response:
    """Back from the provider."""
    with throttled(desk.request):
        subject = from_thread.run(_subject, desk)
        token = sign_in_oidc(desk.bureau, subject=subject, device=device(desk.request), now=desk.now)
    answer = sign_in_response(desk, token, desk.request.session.get("to", "/"))
    desk.request.session.clear()
    return answer


async def _address(desk: PageContext) -> str:
    base = desk.bureau.settings.link_base or str(desk.request.base_url)
    back = f"{base.rstrip('/')}/oidc/callback"
    client = await _provider(desk)
    begun = await client.create_authorization_url(back)
    await client.save_authorize_data(desk.request, redirect_uri=back, **begun)
    return str(begun["url"])


async def _subject(desk: PageContext) -> str:
    """The subject that the provider vouches for. Refused when the answer is not to this browser's question."""
    client = await _provider(desk)
    wanted = {
        "iss": {"essential": True, "value": desk.bureau.settings.oidc_issuer},
        "aud": {"essential": True, "value": desk.bureau.settings.oidc_client_id},
        "sub": {"essential": True},
    }
    try:
        given = await client.authorize_access_token(
            desk.request,
            claims_options=wanted,
            claims_cls=_claims_at(int(desk.now.timestamp())),
            leeway=_LEEWAY,
        )
        return str(given["userinfo"]["sub"])
    except MismatchingStateError:
        raise Refused(f"这次登录已过期，或不是从本浏览器发起的，{_AGAIN}") from None
    except OAuthError as error:
        refused = "error" in desk.request.query_params
        words = "没有同意" if refused else "没有认可"
        raise Refused(f"统一身份认证{words}这次登录，{_AGAIN}") from error
    except JoseError as error:
        raise Refused(f"统一身份认证返回的凭证没有通过核验，{_AGAIN}") from error
    except (KeyError, ValueError, RuntimeError) as error:
        raise Refused(f"统一身份认证没有认可这次登录，{_AGAIN}") from error
    except httpx2.HTTPError as error:
        raise Fault(_UNREACHABLE) from error


async def _provider(desk: PageContext) -> StarletteOAuth2App:
    """The provider by its own description; refused when it speaks for another issuer."""
    settings = desk.bureau.settings
    if not (settings.oidc_issuer and settings.oidc_client_id):
        raise NotFound("本系统没有启用统一身份认证，请用姓名和密码登录。")
    secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None
    client: StarletteOAuth2App = OAuth().register(
        "bureau",
        client_id=settings.oidc_client_id,
        client_secret=secret,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
            "timeout": _SECONDS,
        },
    )
    try:
        said = await client.load_server_metadata()
    except (httpx2.HTTPError, ValueError) as error:
        raise Fault(_UNREACHABLE) from error
    if said.get("issuer") != settings.oidc_issuer:
        raise Fault("统一身份认证的发现地址与其声明的签发者不一致，请运维核对设置 DUBAN_OIDC_ISSUER。")
    said["id_token_signing_alg_values_supported"] = _SIGNATURES
    return client


def _claims_at(now: int) -> type[Any]:
    """The identity's claims, judged at the portal's own moment."""

    class Claims(CodeIDToken):
        def validate(self, _now: int | None = None, leeway: int = 0) -> None:
            super().validate(now, leeway)

    return Claims
