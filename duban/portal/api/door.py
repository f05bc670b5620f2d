"""Who is at the interface: from the token to the person whose rights it has. Every route names the scope it needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItemPerMinute

from duban.accounts.rules import SCOPE_NAMES, TokenScope
from duban.accounts.tokens import Client, find_client
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor
from duban.portal.api.problems import Denied
from duban.portal.context import AppState

_bearer = HTTPBearer(auto_error=False, scheme_name="令牌", description="安全管理员发放的接口令牌")
_LONGEST_TOKEN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of another system."""

    request: Request
    bureau: Bureau
    client: Client
    now: datetime

    @property
    def by(self) -> Actor:
        return self.client.by

    @property
    def today(self) -> date:
        return clock.civil(self.now)


class Door:
    """A route's decision: a token in force with this scope, not too often."""

    def __init__(self, scope: TokenScope) -> None:
        self.scope = scope

    def __call__(
        self,
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> Visit:
        house: AppState = request.app.state.house
        now = house.now()
        token = credentials.credentials if credentials else ""
        client = find_client(house.bureau, token, now=now) if 0 < len(token) <= _LONGEST_TOKEN else None
        if client is None:
            raise Denied(
                401,
                "没有令牌，或令牌无效、已到期、已撤销；请向安全管理员领取。",
                {"www-authenticate": "Bearer"},
            )
        _slow_down(request, client)
        if self.scope not in client.scopes:
            raise Denied(403, f"这个令牌没有“{SCOPE_NAMES[self.scope]}”的权限，请向安全管理员另领一个。")
        return Visit(request=request, bureau=house.bureau, client=client, now=now)


def _slow_down(request: Request, client: Client) -> None:
    state = request.app.state
    limit = RateLimitItemPerMinute(state.per_minute, namespace="token")
    if not state.limiter.hit(limit, str(client.token_id)):
        raise Denied(429, f"每分钟最多 {state.per_minute} 次请求，请稍候再试。", {"retry-after": "60"})


def reads() -> Any:
    """For routes that pull."""
    return Security(Door(TokenScope.READ))


def writes() -> Any:
    """For routes that push."""
    return Security(Door(TokenScope.WRITE))
