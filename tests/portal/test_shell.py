"""The portal's shell: who is sent where, what every answer carries, and what visitors are told."""

from __future__ import annotations

import pytest

from tests.portal.bureau import Portal


def test_a_visitor_is_asked_to_sign_in_and_comes_back_where_he_wanted(portal: Portal) -> None:
    answer = portal.visitor().http.get("/?x=1", follow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?to=%2F%3Fx%3D1"


def test_a_page_that_does_not_exist_says_so_in_chinese(portal: Portal) -> None:
    page = portal.as_("周处长").get("/no-such-page", expect=404)

    assert "没有这一页" in page.text


def test_the_portal_says_that_it_lives(portal: Portal) -> None:
    assert portal.visitor().http.get("/healthz").text == "ok"


def test_style_and_script_may_be_kept_until_they_change(portal: Portal) -> None:
    answer = portal.visitor().http.get("/static/portal.css")

    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("header", ["content-security-policy", "x-frame-options", "x-content-type-options"])
def test_every_answer_carries_the_safety_headers(portal: Portal, header: str) -> None:
    assert header in portal.visitor().http.get("/healthz").headers


def test_no_answer_allows_script_from_within_a_page(portal: Portal) -> None:
    policy = portal.visitor().http.get("/healthz").headers["content-security-policy"]

    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
