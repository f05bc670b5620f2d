"""A way in that was made for a handler does not grow with him into a way in for more."""

from __future__ import annotations

import re

from tests.portal.bureau import Portal
from tests.portal.client import Page, PageClient

PASSWORD = "Tian-ning 2026 harbour"


def _one_time(page: Page) -> str:
    found = re.search(r"/once/[\w-]+", page.response.text)
    assert found, page.text
    return found[0]


def _make_leader(portal: Portal, name: str) -> None:
    admin = portal.as_("安全员")
    path = f"/accounts/{portal.people[name]}"
    admin.fill(admin.get(path), f"{path}/give-role", role="leader")


def _handlers_link(portal: Portal, name: str) -> str:
    coordinator = portal.as_("周处长")
    path = f"/people/{portal.people[name]}"
    return _one_time(coordinator.fill(coordinator.get(f"{path}/access"), f"{path}/one-time"))


def _press(browser: PageClient, link: str, *, expect: int = 200) -> Page:
    return browser.fill(browser.get(link), link, expect=expect)


def test_a_one_time_link_made_by_a_coordinator_does_not_open_the_role_given_afterwards(
    portal: Portal,
) -> None:
    link = _handlers_link(portal, "赵干事")

    _make_leader(portal, "赵干事")

    refused = _press(portal.visitor(), link, expect=410)
    assert "索取新的一次性登录链接" in refused.text


def test_a_session_that_was_open_before_a_role_was_given_does_not_gain_it(portal: Portal) -> None:
    browser = portal.visitor()
    page = _press(browser, _handlers_link(portal, "赵干事"))
    browser.fill(page, "/account/password", password=PASSWORD, password_again=PASSWORD)

    _make_leader(portal, "赵干事")

    asked = browser.get("/board")
    assert asked.path == "/sign-in" and "角色已变动" in asked.text
