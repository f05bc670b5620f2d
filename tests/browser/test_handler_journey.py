"""A handler hands in from a phone and from a desk, with and without script."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Served, at_window
from tests.portal.bureau import TIANNING
from tests.stories.bureau import a_pdf

WAYS = [("phone", True), ("phone", False), ("desktop", True), ("desktop", False)]


@pytest.mark.parametrize(("window", "script"), WAYS)
def test_wang_acknowledges_and_hands_in_the_plan(
    served: Served, browser: Browser, tmp_path: Path, window: str, script: bool
) -> None:
    number = served.portal.signs[TIANNING]
    plan = a_pdf(tmp_path / "巡检计划.pdf", "plan")

    with at_window(browser, served, "王科长", window, script=script) as wang:
        wang.open("/my")
        wang.look("my-list")
        wang.page.get_by_role("link", name="巡检计划报备案").click()
        wang.look("my-one")
        wang.page.get_by_role("button", name="签收").click()
        expect(wang.page.get_by_role("status")).to_contain_text("已签收")

        wang.page.get_by_label("选择文件").set_input_files(plan)
        if script:
            expect(wang.page.get_by_text("已传好")).to_be_visible()
        wang.page.get_by_role("button", name="报送", exact=True).click()

        expect(wang.page.get_by_role("status")).to_contain_text("已报送")
        assert wang.page.url.endswith(f"/my/{number}")
        expect(wang.page.get_by_text("待审核").first).to_be_visible()
        expect(wang.page.get_by_text("巡检计划.pdf").first).to_be_visible()
        wang.look("my-handed-in")
