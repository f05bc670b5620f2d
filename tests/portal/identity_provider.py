"""A small OpenID Connect provider: discovery, keys, codes bound to PKCE challenges, tokens really signed with RS256."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

CLIENT, SECRET = "duban", "a-client-secret"


@dataclass
class Provider:
    """The bureau's identity provider. `subject` signs in; `claims` changes what its tokens say."""

    server: HTTPServer
    now: datetime
    subject: str = "sub-17"
    claims: dict[str, object] = field(default_factory=dict)
    signs_with: RSAKey | None = None
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return self.server.url_for("").rstrip("/")

    def serve(self) -> Provider:
        at = self.server.expect_request
        at("/.well-known/openid-configuration").respond_with_handler(self._describe)
        at("/keys").respond_with_handler(self._keys)
        at("/authorize").respond_with_handler(self._authorize)
        at("/token", method="POST").respond_with_handler(self._token)
        return self

    def _describe(self, _request: Request) -> Response:
        return _json(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def _keys(self, _request: Request) -> Response:
        return _json(KeySet([self.key]).as_dict(private=False))

    def _authorize(self, request: Request) -> Response:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == CLIENT and "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
        return Response(status=302, headers={"location": back})

    def _token(self, request: Request) -> Response:
        asked = self.codes.pop(request.form["code"], None)
        digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        named = request.authorization
        right = (
            asked is not None
            and challenge == asked["code_challenge"]
            and request.form["redirect_uri"] == asked["redirect_uri"]
            and named is not None
            and (named.username, named.password) == (CLIENT, SECRET)
        )
        if not right or asked is None:
            return _json({"error": "invalid_grant"}, status=400)
        moment = int(self.now.timestamp())
        said = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.subject,
            "iat": moment,
            "exp": moment + 300,
            "nonce": asked["nonce"],
        }
        token = jwt.encode({"alg": "RS256", "kid": "one"}, said | self.claims, self.signs_with or self.key)
        return _json({"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": token})


def _json(value: object, *, status: int = 200) -> Response:
    return Response(json.dumps(value), status=status, content_type="application/json")
