"""Reviewing over HTTP: the evidence beside what was expected, pass, send back, sign off, and two at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from duban.evidence.service import FigureItem, LinkItem, submit
from tests.builders import an_obligation
from tests.portal.bureau import TIANNING, Portal
from tests.portal.queue_builders import handed_in, handler, state_of


def test_a_reviewer_finds_what_waits_and_passes_it(portal: Portal) -> None:
    number = handed_in(portal)
    reviewer = portal.as_("陈科长")

    queues = reviewer.get("/queues")
    waiting = reviewer.get("/reviews")
    page = reviewer.get(f"/reviews/{number}")
    done = reviewer.fill(page, f"/reviews/{number}/pass", remark="材料齐全")

    assert "待审核" in queues.text and "/reviews" in queues.links()
    assert "天宁区民政局：报送巡检照片" in waiting.text
    assert "https://tianning.example/signs" in page.links()
    assert "已通过：天宁区民政局" in done.text
    assert state_of(portal, number) == "accepted"


def test_a_stated_date_stands_beside_the_received_one_until_a_reviewer_says_so(portal: Portal) -> None:
    number = handed_in(portal)
    zhou, reviewer = portal.as_("周处长"), portal.as_("陈科长")
    case, at = f"/obligations/{number}", f"/obligations/{number}/state-date"
    early = zhou.fill(zhou.get(case), at, stated_on="2026-01-04", reason="收文登记第 88 号", expect=422)
    assert "补录日期2026年1月4日早于交办的日期2026年1月5日" in early.text

    shown = zhou.fill(early, at, stated_on="2026-03-12", reason="收文登记第 88 号")
    both = "2026年3月16日 09:00收到", "补录日期：2026年3月12日（周处长：收文登记第 88 号；审核人认可以前"
    for page in (shown, reviewer.get(case), reviewer.get(f"/reviews/{number}")):
        assert all(words in page.text for words in both)
    assert (
        "不能自己认可"
        in zhou.fill(
            zhou.get(f"/reviews/{number}"), f"/reviews/{number}/pass", accepts_stated="accepted", expect=422
        ).text
    )

    unsaid = reviewer.fill(reviewer.get(f"/reviews/{number}"), f"/reviews/{number}/pass", expect=422)
    reviewer.fill(unsaid, f"/reviews/{number}/pass", accepts_stated="accepted")

    assert "收到的日期2026年3月16日" in unsaid.text and "写明认可还是不认可" in unsaid.text
    assert "陈科长认可，按补录日期算是否逾期" in zhou.get(case).text
    assert state_of(portal, number) == "accepted"


def test_sending_back_needs_a_reason_and_keeps_what_was_typed(portal: Portal) -> None:
    number = handed_in(portal)
    reviewer = portal.as_("陈科长")
    page = reviewer.get(f"/reviews/{number}")

    refused = reviewer.fill(
        page, f"/reviews/{number}/send-back", reason="", resubmit_by_on="2026-04-10", expect=422
    )
    done = reviewer.fill(refused, f"/reviews/{number}/send-back", reason="缺少盖章页")

    assert "请填写退回原因" in refused.text
    form = refused.form(f"/reviews/{number}/send-back")
    assert [one.get("value") for one in form.iter("input") if one.get("name") == "resubmit_by_on"] == [
        "2026-04-10"
    ]
    assert "已退回" in done.text
    assert state_of(portal, number) == "returned"


def test_two_reviewers_at_once_do_not_both_decide(portal: Portal) -> None:
    number = handed_in(portal, review_levels=2)
    first, second = portal.as_("陈科长"), portal.as_("沈科长")
    seen = second.get(f"/reviews/{number}")
    first.fill(first.get(f"/reviews/{number}"), f"/reviews/{number}/pass")

    late = second.fill(seen, f"/reviews/{number}/send-back", reason="不清楚", expect=409)

    assert "刚刚被别人改动" in late.text
    assert "第 2 级，共 2 级" in late.text
    assert state_of(portal, number) == "submitted"


def test_a_double_click_passes_one_level_only(portal: Portal) -> None:
    number = handed_in(portal, review_levels=2)
    reviewer = portal.as_("陈科长")
    page = reviewer.get(f"/reviews/{number}")
    reviewer.fill(page, f"/reviews/{number}/pass")

    reviewer.fill(page, f"/reviews/{number}/pass", expect=409)

    assert "第 2 级，共 2 级" in portal.as_("沈科长").get(f"/reviews/{number}").text


def test_who_passed_it_does_not_sign_it_off(portal: Portal) -> None:
    number = handed_in(portal)
    first, second = portal.as_("周处长"), portal.as_("吴处长")
    first.fill(first.get(f"/reviews/{number}"), f"/reviews/{number}/pass")

    own = first.get(f"/reviews/{number}")
    done = second.fill(second.get(f"/reviews/{number}"), f"/reviews/{number}/sign-off")

    assert "审核过这项任务，不能再销号" in own.text
    assert [form.get("action") for form in own.forms() if "sign-off" in (form.get("action") or "")] == []
    assert "已销号" in done.text
    assert state_of(portal, number) == "closed"


def test_a_figure_stands_beside_its_range(portal: Portal) -> None:
    number = an_obligation(
        portal.bureau,
        unit_id=portal.units[TIANNING],
        edition_id=portal.edition_id,
        state="acknowledged",
        due_on=date(2026, 3, 31),
        evidence=(
            {"key": "page", "title": "公开页面", "type": "link"},
            {
                "key": "signs",
                "type": "figure",
                "title": "巡检标志数",
                "unit_of_measure": "块",
                "minimum": "10",
                "maximum": "500",
            },
            {"key": "photo", "type": "attachment", "title": "照片", "required": False},
        ),
    )
    items = [
        LinkItem(key="page", link="https://tianning.example/signs"),
        FigureItem(key="signs", value=Decimal(120), unit_of_measure="块"),
    ]
    submit(portal.bureau, number, items=items, by=handler(portal), now=portal.moment)

    page = portal.as_("陈科长").get(f"/reviews/{number}")

    assert "应在 10 至 500 块" in page.text and "120 块" in page.text
    assert "没有报" in page.text


def test_the_queue_says_what_waits_longest_and_filters_by_campaign(portal: Portal) -> None:
    portal.on("2026-03-16")
    handed_in(portal, title="先报的")
    portal.on("2026-03-20")
    handed_in(portal, title="后报的")

    page = portal.as_("陈科长").get("/reviews")
    none = portal.as_("陈科长").get("/reviews?edition=999")

    assert page.text.index("先报的") < page.text.index("后报的")
    assert "已等 4 个工作日" in page.text
    assert "没有等待审核的报送" in none.text
