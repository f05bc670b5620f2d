"""Another system at the data interface: requests with a token, answers checked against the description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
from fastapi.testclient import TestClient

from duban.accounts.rules import TokenScope
from duban.accounts.tokens import make_client_token
from duban.core.access import Actor, Role
from tests.portal.bureau import Portal

BASE = "/api/v1"


def a_token(portal: Portal, person: str, *scopes: TokenScope, days: int = 30) -> str:
    """A token with a person's rights, made by the security administrator."""
    security = Actor(name="安全员", person_id=portal.people["安全员"], roles=frozenset({Role.SECURITY}))
    made = make_client_token(
        portal.bureau,
        name=f"省厅平台·{person}",
        person_id=portal.people[person],
        scopes=scopes or (TokenScope.READ,),
        days=days,
        by=security,
        now=portal.moment,
    )
    return made.token


@dataclass(frozen=True, slots=True)
class ApiClient:
    """One system with its token."""

    http: TestClient
    token: str

    def get(self, path: str, *, expect: int = 200, headers: dict[str, str] | None = None) -> httpx.Response:
        return self._asked("GET", path, expect, headers=headers)

    def post(
        self, path: str, given: Any, *, expect: int = 201, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return self._asked("POST", path, expect, json=given, headers=headers)

    def _asked(
        self, method: str, path: str, expect: int, *, headers: dict[str, str] | None, **more: Any
    ) -> httpx.Response:
        sent = {"authorization": f"Bearer {self.token}", **(headers or {})}
        answer = self.http.request(method, BASE + path, headers=sent, **more)
        assert answer.status_code == expect, (method, path, answer.status_code, answer.text[:600])
        if answer.status_code >= 400:
            _check_problem(answer)
        return answer


def _check_problem(answer: httpx.Response) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "reasons"}
    assert body["status"] == answer.status_code
    assert body["reasons"], "every problem says why"


def api(portal: Portal, person: str = "周处长", *scopes: TokenScope) -> ApiClient:
    """A system that acts in the name of this person."""
    return ApiClient(TestClient(portal.app, base_url="http://portal.test"), a_token(portal, person, *scopes))
