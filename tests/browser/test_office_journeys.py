"""The desks of the bureau before real windows: reviewing, closing, steering, looking; each with and without script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Served, at_window
from tests.portal.queue_builders import handed_in

WAYS = [("phone", True), ("phone", False), ("desktop", True), ("desktop", False)]


@pytest.mark.parametrize(("window", "script"), WAYS)
def test_chen_passes_and_zhou_closes(served: Served, browser: Browser, window: str, script: bool) -> None:
    number = handed_in(served.portal)

    with at_window(browser, served, "陈科长", window, script=script) as chen:
        chen.open("/queues")
        chen.look("queues")
        chen.page.get_by_role("link", name="待审核").first.click()
        chen.look("reviews")
        chen.page.get_by_role("link", name="报送巡检照片").first.click()
        chen.look("review")
        chen.page.get_by_role("button", name="审核通过").click()
        expect(chen.page.get_by_role("status")).to_be_visible()

    with at_window(browser, served, "周处长", window, script=script) as zhou:
        zhou.open(f"/reviews/{number}")
        zhou.page.get_by_role("button", name="销号").click()
        expect(zhou.page.get_by_role("status")).to_be_visible()
        zhou.open(f"/obligations/{number}")
        expect(zhou.page.get_by_text("已销号").first).to_be_visible()
        zhou.look("case-closed")


@pytest.mark.parametrize(("window", "script"), WAYS)
def test_zhou_reads_a_phrase_and_looks_at_the_year(
    served: Served, browser: Browser, window: str, script: bool
) -> None:
    with at_window(browser, served, "周处长", window, script=script) as zhou:
        zhou.open("/year?year=2026")
        zhou.look("year")
        zhou.open("/phrases")
        zhou.page.get_by_label("时限").first.fill("3月底前")
        zhou.page.get_by_role("button", name="读一读").first.click()
        expect(zhou.page.get_by_text("3月31日").first).to_be_visible()
        zhou.look("phrase")
        zhou.open("/chase")
        zhou.look("chase")


@pytest.mark.parametrize(("window", "script"), WAYS)
def test_li_gets_from_a_light_to_the_proof_in_two_clicks(
    served: Served, browser: Browser, window: str, script: bool
) -> None:
    served.portal.on("2026-04-02")

    with at_window(browser, served, "李局长", window, script=script) as li:
        li.open("/board")
        li.look("board")
        li.page.locator("a.tile.light-red").click()
        li.look("board-cell")
        li.page.get_by_role("link", name="巡检计划报备案").first.click()
        expect(li.page.get_by_role("heading", name="所报与应报")).to_be_visible()
        li.look("case")
        li.open("/ranking")
        li.look("ranking")
