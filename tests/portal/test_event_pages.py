"""待定时限 on the pages: 王科长 sees what waits and enters the day his notice came, 周处长 does it for the others."""

from __future__ import annotations

import pytest

from tests.editions.test_event_dates import NOTICE
from tests.portal.bureau import Portal
from tests.portal.test_planning_dates import surveyed


@pytest.fixture
def waiting(portal: Portal) -> Portal:
    return surveyed(portal, NOTICE)


def address(portal: Portal) -> str:
    page = portal.as_("周处长").get("/events")
    return next(
        form.get("action") or "" for form in page.forms() if (form.get("action") or "").endswith("/answer")
    )


def test_a_handler_sees_what_waits_and_enters_the_day(waiting: Portal) -> None:
    wang = waiting.as_("王科长")
    mine = wang.get("/my")
    assert "待定时限（2）" in mine.text
    assert "收到通知后5个工作日内" in mine.text
    assert "/events" in mine.links()

    page = wang.get("/events")
    assert "钟楼区民政局" not in page.text
    refused = wang.fill(page, address(waiting), event_on="2026-03-20", expect=422)
    assert "还没有到" in refused.text
    done = wang.fill(page, address(waiting), event_on="2026-03-16")

    assert "时限2026-03-23" in done.text
    assert "待定时限（1）" in wang.get("/my").text
    assert "反馈联系人" in wang.get("/my").text


def test_the_coordinator_enters_the_day_for_all_and_sees_it_on_the_edition(waiting: Portal) -> None:
    zhou = waiting.as_("周处长")
    assert "2 项待填收到通知日期" in zhou.get("/waiting").text
    assert "从收到通知起算， 待定时限" in zhou.get("/editions/sign_survey/2026").text

    zhou.fill(zhou.get("/events"), address(waiting), event_on="2026-03-13")

    edition = zhou.get("/editions/sign_survey/2026").text
    assert "天宁区民政局 3月13日 → 2026年3月20日" in edition
    assert "待填收到通知日期" not in zhou.get("/waiting").text
    assert "填写起算日" in edition


def test_a_day_is_taken_back_with_a_reason(waiting: Portal) -> None:
    wang = waiting.as_("王科长")
    page = wang.fill(wang.get("/events"), address(waiting), event_on="2026-03-13")

    assert "写明原因" in wang.fill(page, address(waiting), back="1", expect=422).text
    wang.fill(page, address(waiting), back="1", note="填错了")

    assert "待定时限（2）" in wang.get("/my").text


def test_another_units_day_is_not_his_to_enter(waiting: Portal) -> None:
    zhou, zhang = waiting.as_("周处长"), waiting.as_("张科长")
    form = zhou.get("/events").form(address(waiting))
    theirs = next(one.get("value") for one in form.iter("option") if "天宁区" in "".join(one.itertext()))

    page = zhang.get("/events")
    zhang.fill(page, address(waiting), duty=theirs, event_on="2026-03-13", expect=404)
