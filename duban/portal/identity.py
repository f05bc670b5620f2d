"""OpenID Connect with the bureau's identity provider: authorization code, PKCE, state and nonce, the token verified.

Who the subject is, the office knows; this module knows only that the provider has spoken.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from duban.core.errors import Fault, Refused
from duban.core.settings import Settings

_SECONDS = 10.0
# A clock that is a little off is no forgery.
_LEEWAY = 60
# Signatures by a key that only the provider holds; never a shared secret, never none.
_SIGNATURES = ("RS256", "PS256", "ES256", "RS384", "ES384", "RS512", "ES512", "EdDSA", "Ed25519")
_AGAIN = "请返回登录页重新用统一身份认证登录；仍不行请用密码登录，或联系运维。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What one sign-in remembers between going to the provider and coming back."""

    state: str
    nonce: str
    verifier: str
    to: str


def begin_sign_in(settings: Settings, *, back: str, to: str) -> tuple[str, Begun]:
    """Where to send the browser, and what to remember."""
    begun = Begun(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        to=to,
    )
    says = _discovered(settings)
    with _client(settings, back) as client:
        address, _ = client.create_authorization_url(
            says["authorization_endpoint"], state=begun.state, nonce=begun.nonce, code_verifier=begun.verifier
        )
    return str(address), begun


def signed_in_subject(
    settings: Settings, begun: Begun | None, *, back: str, answer: Mapping[str, str], now: datetime
) -> str:
    """The subject that the provider vouches for. Refused when the answer is not to this browser's question."""
    if begun is None or not secrets.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
        raise Refused(f"这次登录已过期，或不是从本浏览器发起的，{_AGAIN}")
    if answer.get("error") or not answer.get("code"):
        raise Refused(f"统一身份认证没有同意这次登录，{_AGAIN}")
    try:
        says = _discovered(settings)
        with _client(settings, back) as client:
            given = client.fetch_token(
                says["token_endpoint"], code=answer["code"], code_verifier=begun.verifier
            )
        keys = KeySet.import_key_set(cast("Any", _got(says["jwks_uri"])))
    except (OAuthError, KeyError, ValueError, JoseError) as error:
        raise Refused(f"统一身份认证没有认可这次登录，{_AGAIN}") from error
    except httpx2.HTTPError as error:
        raise Fault(_UNREACHABLE) from error
    return _verified(settings, given.get("id_token", ""), keys, nonce=begun.nonce, now=now)


def begun_sign_in(begun: Begun) -> dict[str, str]:
    return asdict(begun)


_UNREACHABLE = "统一身份认证服务现在连不上，请稍后再试，或用密码登录。"


def _verified(settings: Settings, id_token: str, keys: KeySet, *, nonce: str, now: datetime) -> str:
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=_LEEWAY,
        iss={"essential": True, "value": settings.oidc_issuer or ""},
        aud={"essential": True, "value": settings.oidc_client_id or ""},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        said = jwt.decode(id_token, keys, algorithms=list(_SIGNATURES)).claims
        registry.validate(said)
    except (JoseError, ValueError) as error:
        raise Refused(f"统一身份认证返回的凭证没有通过核验，{_AGAIN}") from error
    several = isinstance(said["aud"], list) and len(said["aud"]) > 1
    if several and said.get("azp") != settings.oidc_client_id:
        raise Refused(f"统一身份认证返回的凭证不是给本系统的，{_AGAIN}")
    return str(said["sub"])


def _client(settings: Settings, back: str) -> Any:
    secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None
    return OAuth2Client(
        client_id=settings.oidc_client_id,
        client_secret=secret,
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
        scope="openid",
        redirect_uri=back,
        code_challenge_method="S256",
        timeout=_SECONDS,
    )


def _discovered(settings: Settings) -> Mapping[str, Any]:
    """The provider's own description; refused when it speaks for another issuer."""
    assert settings.oidc_issuer is not None, "asked only where it is set"
    try:
        said = _got(f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration")
    except (httpx2.HTTPError, ValueError) as error:
        raise Fault(_UNREACHABLE) from error
    if said.get("issuer") != settings.oidc_issuer:
        raise Fault("统一身份认证的发现地址与其声明的签发者不一致，请运维核对设置 DUBAN_OIDC_ISSUER。")
    return said


def _got(address: str) -> dict[str, Any]:
    answer = httpx2.get(address, timeout=_SECONDS)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
