"""Who is at the interface, and how it answers.

From the token to the person whose rights it has: every route names the scope it needs. JSON with a mark of its
content, and once only for a repeated act.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime
from types import SimpleNamespace
from typing import Annotated, Any

from fastapi import Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItemPerMinute
from pydantic import BaseModel

from duban.accounts.rules import SCOPE_NAMES, TokenScope
from duban.accounts.tokens import Client, begin_answer, find_client, finish_answer, forget_answer
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor
from duban.core.errors import Refused
from duban.portal.api.problems import Denied
from duban.portal.context import AppState

_bearer = HTTPBearer(auto_error=False, scheme_name="令牌", description="安全管理员发放的接口令牌")
_LONGEST_TOKEN = 200
JSON = "application/json"
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "与 If-None-Match 所给的相同，没有变化"}}
# What differs at every asking and is no change.
_NO_CHANGE = frozenset({"as_of", "history_id"})


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


def answer(visit: Visit, model: type[BaseModel], found: Any = None, /, **more: Any) -> Response:
    """What a service found, and more, as JSON with its ETag; 304 for whoever has it."""
    own = {one.name: getattr(found, one.name) for one in fields(found)} if found is not None else {}
    given = {"as_of": visit.now, "as_of_on": visit.today, **own, **more}
    filled = model.model_validate(SimpleNamespace(**given))
    content = filled.model_dump_json(exclude=set(_NO_CHANGE))
    etag = f'W/"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
    if etag in visit.request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"etag": etag})
    return Response(filled.model_dump_json(), media_type=JSON, headers={"etag": etag})


def once(visit: Visit, key: str | None, given: BaseModel, act: Callable[[], BaseModel]) -> Response:
    """Act, or give the kept answer to the same request with the same key. A refusal changes nothing and is not kept."""
    if key is None:
        return Response(act().model_dump_json(), status_code=201, media_type=JSON)
    asked = f"{visit.request.method} {visit.request.url.path}\n{given.model_dump_json()}"
    fingerprint = hashlib.sha256(asked.encode()).hexdigest()
    kept = begin_answer(visit.bureau, visit.client, key, fingerprint, now=visit.now)
    if kept is not None:
        again = {"idempotency-replayed": "true"}
        return Response(kept.body, status_code=kept.status or 201, media_type=JSON, headers=again)
    try:
        body = act().model_dump_json()
    except Refused:
        forget_answer(visit.bureau, visit.client, key)
        raise
    finish_answer(visit.bureau, visit.client, key, status=201, body=body)
    return Response(body, status_code=201, media_type=JSON)
