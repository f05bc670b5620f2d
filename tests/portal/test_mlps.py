"""What MLPS level 2 asks for and no other test shows; docs/security.md names the test of each of its rows."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from duban.accounts.passwords import sign_in
from duban.accounts.tables import session
from duban.core.access import Actor
from duban.history.service import audit_history, search_history
from duban.portal.access import COOKIE
from duban.units.queries import find_actor
from tests.portal.bureau import Portal
from tests.portal.client import PageClient
from tests.portal.test_coming_in import PASSWORD, give_password
from tests.portal.test_coming_in import sign_in as sign_in_page

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "security.md"
_NODE = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def auditor(portal: Portal) -> Actor:
    with portal.bureau.store.reading() as connection:
        found = find_actor(connection, "苏审计")
    assert found is not None
    return found


def rows() -> list[list[str]]:
    """The rows of the page's table: requirement, how it is met, tests."""
    table = PAGE.read_text(encoding="utf-8").partition("| 要求 |")[2].partition("\n\n")[0]
    lines = [line for line in table.splitlines()[2:] if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_row_of_the_page_names_tests_that_exist() -> None:
    found = rows()
    missing = [
        f"{path}::{name}"
        for row in found
        for path, name in _NODE.findall(row[2])
        if not (ROOT / path).exists() or f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]

    assert len(found) >= 18 and missing == []
    assert [row[0] for row in found if not _NODE.search(row[2]) and "本单位" not in row[1]] == []


def test_behind_https_the_cookie_never_travels_in_clear(portal: Portal) -> None:
    give_password(portal, "安全员")
    settings = portal.bureau.settings.model_copy(update={"portal_https": True})
    portal.bureau = replace(portal.bureau, settings=settings)
    client = PageClient(portal.app)
    client.http.base_url = client.http.base_url.copy_with(scheme="https")

    page = client.get("/sign-in")
    csrf = page.form("/sign-in").find("input").get("value")  # type: ignore[union-attr]
    answer = client.http.post(
        "/sign-in", data={"csrf": csrf, "name": "安全员", "password": PASSWORD}, follow_redirects=False
    )

    cookies = [*page.response.headers.get_list("set-cookie"), *answer.headers.get_list("set-cookie")]
    assert any(one.startswith(COOKIE) for one in cookies)
    assert all("Secure" in one and "HttpOnly" in one for one in cookies if "Max-Age=0" not in one)
    assert "max-age=" in answer.headers["strict-transport-security"]


def test_no_page_of_a_person_stays_in_a_browsers_or_a_proxys_store(portal: Portal) -> None:
    page = portal.as_("周处长").get("/account")

    assert page.response.headers["cache-control"] == "no-store"


def test_an_audit_record_says_when_who_from_where_what_and_whether_it_succeeded(portal: Portal) -> None:
    give_password(portal, "周处长")
    client = portal.visitor()
    client.http.headers["user-agent"] = "Mozilla/5.0 (Windows NT 10.0) Chrome/120"
    sign_in_page(client, "周处长", "wrong-word", expect=422)
    sign_in_page(client, "周处长")

    done, failed = search_history(portal.bureau, by=auditor(portal)).entries[:2]

    assert (done.at, done.actor, done.verb) == (portal.moment, "周处长", "sign_in")
    assert json.loads(done.detail)["device"].startswith("Mozilla/5.0 (Windows")
    assert (failed.at, failed.verb, failed.noun) == (portal.moment, "sign_in_failed", "account")
    assert json.loads(failed.detail)["name"] == "周处长"


def test_records_outlive_the_sessions_they_tell_of(portal: Portal) -> None:
    """Logs are kept at least six months; the history is never shortened, whatever else is cleared away."""
    give_password(portal, "周处长")
    for days in (0, 184, 400):
        sign_in(
            portal.bureau,
            name="周处长",
            password=PASSWORD,
            device="",
            now=portal.moment + timedelta(days=days),
        )

    with portal.bureau.store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(session)) == 1
    found = search_history(portal.bureau, verb="sign_in", by=auditor(portal)).entries
    assert (
        len(found) == 3
        and audit_history(portal.bureau, by=auditor(portal), now=portal.moment).broken_at is None
    )


@pytest.mark.parametrize("post", ["运维", "苏审计", "安全员"])
def test_the_three_posts_handle_no_matter_of_any_unit(portal: Portal, post: str) -> None:
    client = portal.as_(post)
    one = next(iter(portal.signs.values()))

    assert client.http.get(f"/my/{one}", follow_redirects=False).status_code == 403
    assert client.http.get(f"/reviews/{one}", follow_redirects=False).status_code == 403


def test_the_operator_reads_no_accounts_and_the_security_administrator_no_matters(portal: Portal) -> None:
    operator, security = portal.as_("运维"), portal.as_("安全员")

    refused = [operator.http.get(path).status_code for path in ("/accounts", "/tokens", "/audit")]
    refused += [security.http.get(path).status_code for path in ("/obligations", "/board", "/audit", "/my")]

    assert refused == [403] * 7
