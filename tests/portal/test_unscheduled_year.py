"""The new year has come and nobody has scheduled it: every page says so in January, the coordinator's from November on."""

from __future__ import annotations

from tests.portal.bureau import Portal


def test_the_coordinator_finds_next_year_waiting_from_november_on(portal: Portal) -> None:
    portal.on("2026-10-30")
    assert "2027年度尚未排定" not in portal.as_("周处长").get("/waiting").text

    portal.on("2026-11-02")
    zhou = portal.as_("周处长")
    page = zhou.get("/waiting")

    assert "2027年度尚未排定" in page.text
    assert "/editions/new?year=2027" in page.links()
    assert "待补充" in zhou.get("/queues").text
    # The year they work in is there: nobody else is troubled yet.
    assert "尚未排定" not in portal.as_("王科长").get("/my").text


def test_in_january_every_page_says_that_its_year_is_not_there(portal: Portal) -> None:
    portal.on("2027-01-04")

    for name, path in (("李局长", "/board"), ("周处长", "/queues"), ("王科长", "/my"), ("周处长", "/year")):
        assert "2027年度尚未排定" in portal.as_(name).get(path).text, path
    assert "duban" not in portal.as_("王科长").get("/my").text + portal.as_("李局长").get("/board").text
