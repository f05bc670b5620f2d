"""OpenID Connect against a real small provider on this machine: codes, PKCE, nonce and signatures are its own."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from duban.accounts.sessions import bind_subject
from duban.core.access import SYSTEM
from duban.portal.access import COOKIE
from tests.portal.bureau import Portal
from tests.portal.client import Page, PageClient
from tests.portal.identity_provider import CLIENT, SECRET, Provider


@pytest.fixture
def provider(portal: Portal, httpserver: HTTPServer) -> Provider:
    made = Provider(httpserver, now=portal.moment).serve()
    settings = portal.bureau.settings.model_copy(
        update={
            "oidc_issuer": made.issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SecretStr(SECRET),
        }
    )
    portal.bureau = replace(portal.bureau, settings=settings)
    return made


def bind(portal: Portal, name: str, subject: str = "sub-17") -> None:
    bind_subject(portal.bureau, person_id=portal.people[name], subject=subject, by=SYSTEM, now=portal.moment)


def go(client: PageClient, path: str = "/oidc/start") -> str:
    """To the provider and back to our door: the address it sends the browser to."""
    away = client.http.get(path, follow_redirects=False)
    assert away.status_code == 303
    back = httpx.get(away.headers["location"], follow_redirects=False).headers["location"]
    parts = urlsplit(back)
    return f"{parts.path}?{parts.query}"


def sign_in(client: PageClient, *, expect: int = 200) -> Page:
    return client.get(go(client), expect=expect)


def test_whom_the_provider_vouches_for_is_signed_in(portal: Portal, provider: Provider) -> None:
    bind(portal, "安全员")
    client = portal.visitor()
    assert "/oidc/start" in client.get("/sign-in").links()

    page = sign_in(client)

    assert page.path == "/accounts" and "统一身份认证" in client.get("/account").text


def test_the_page_that_was_asked_for_comes_after(portal: Portal, provider: Provider) -> None:
    bind(portal, "安全员")
    client = portal.visitor()

    assert client.get(go(client, "/oidc/start?to=/tokens")).path == "/tokens"


def test_an_unknown_subject_is_told_whom_to_ask(portal: Portal, provider: Provider) -> None:
    page = sign_in(portal.visitor(), expect=422)

    assert "sub-17" in page.text and "告诉安全管理员" in page.text


def test_an_answer_to_another_browser_is_refused(portal: Portal, provider: Provider) -> None:
    bind(portal, "安全员")
    answer = go(portal.visitor())
    other = portal.visitor()
    go(other)

    for client in (portal.visitor(), other):
        page = client.get(answer, expect=422)
        assert "不是从本浏览器发起的" in page.text and COOKIE not in client.http.cookies


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another question"},
        {"aud": "another-client"},
        {"iss": "https://other.example"},
        {"exp": 1},
        {"sub": None},
        {"aud": [CLIENT, "another-client"]},
    ],
)
def test_a_token_that_says_something_else_is_refused(
    portal: Portal, provider: Provider, claims: dict[str, object]
) -> None:
    bind(portal, "安全员")
    provider.claims = claims
    client = portal.visitor()

    page = sign_in(client, expect=422)

    assert "请返回登录页" in page.text and COOKIE not in client.http.cookies


def test_a_token_signed_with_another_key_is_refused(portal: Portal, provider: Provider) -> None:
    bind(portal, "安全员")
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})

    assert "没有通过核验" in sign_in(portal.visitor(), expect=422).text


def test_a_code_serves_once(portal: Portal, provider: Provider) -> None:
    bind(portal, "安全员")
    client = portal.visitor()
    answer = go(client)
    cookie = client.http.cookies["duban_oidc"]
    client.get(answer)
    again = portal.visitor()
    again.http.cookies.set("duban_oidc", cookie, path="/oidc")

    assert "没有认可" in again.get(answer, expect=422).text


def test_a_provider_that_refuses_or_is_away_gets_a_sentence(portal: Portal, provider: Provider) -> None:
    client = portal.visitor()
    answer = go(client)
    state = answer.partition("state=")[2]

    refused = client.get(f"/oidc/callback?error=access_denied&state={state}", expect=422)
    provider.server.clear()
    away = client.get("/oidc/start", expect=503)

    assert "没有同意" in refused.text and "连不上" in away.text


def test_without_the_setting_there_is_no_such_page(portal: Portal) -> None:
    client = portal.visitor()

    assert "没有启用统一身份认证" in client.get("/oidc/start", expect=404).text
    assert "/oidc/start" not in client.get("/sign-in").links()
