"""Those who keep the system: operator, auditor and security, and everybody's way in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from duban.accounts.sessions import make_one_time
from duban.core.access import SYSTEM
from duban.rounds.service import hold_round
from tests.browser.conftest import Served, at_window

WAYS = [("phone", True), ("phone", False), ("desktop", True), ("desktop", False)]
PASSWORD = "Green-Hills-2026"


@pytest.mark.parametrize(("window", "script"), WAYS)
def test_wang_comes_in_once_chooses_a_password_and_signs_in_with_it(
    served: Served, browser: Browser, window: str, script: bool
) -> None:
    portal = served.portal
    token = make_one_time(portal.bureau, person_id=portal.people["王科长"], by=SYSTEM, now=portal.moment)

    with at_window(browser, served, None, window, script=script) as wang:
        wang.open(f"/once/{token}")
        wang.look("once")
        wang.page.get_by_role("button", name="登录").click()
        wang.look("password")
        for field in wang.page.locator("input[type=password]").all():
            field.fill(PASSWORD)
        wang.page.get_by_role("button", name="保存").click()
        expect(wang.page.get_by_role("status")).to_be_visible()
        wang.page.get_by_role("button", name="退出").click()
        wang.open("/sign-in")
        wang.look("sign-in")
        wang.page.get_by_label("姓名").fill("王科长")
        wang.page.get_by_label("密码").fill(PASSWORD)
        wang.page.get_by_role("button", name="登录", exact=True).click()
        expect(wang.page.get_by_role("heading", name="我的任务")).to_be_visible()


@pytest.mark.parametrize(("window", "script"), WAYS)
def test_the_operator_sees_what_was_run(served: Served, browser: Browser, window: str, script: bool) -> None:
    hold_round(served.portal.bureau, now=served.portal.moment)

    with at_window(browser, served, "运维", window, script=script) as operator:
        operator.open("/runs")
        operator.look("runs")
        operator.page.locator("th[scope=row] a").first.click()
        operator.look("run")


@pytest.mark.parametrize(("window", "script"), WAYS)
def test_the_auditor_looks_things_up_and_verifies_the_chain(
    served: Served, browser: Browser, window: str, script: bool
) -> None:
    hold_round(served.portal.bureau, now=served.portal.moment)

    with at_window(browser, served, "苏审计", window, script=script) as auditor:
        auditor.open("/audit")
        auditor.look("audit")
        auditor.page.get_by_role("link", name="逐条校验指纹链").click()
        auditor.look("audit-verified")


@pytest.mark.parametrize(("window", "script"), WAYS)
def test_security_gives_somebody_a_way_in_again(
    served: Served, browser: Browser, window: str, script: bool
) -> None:
    with at_window(browser, served, "安全员", window, script=script) as security:
        security.open("/accounts")
        security.look("accounts")
        security.page.get_by_role("link", name="张科长").click()
        security.look("account-of-one")
        security.page.get_by_role("button", name="生成一次性登录链接").click()
        expect(security.page.get_by_text("/once/").first).to_be_visible()
