"""The run history over HTTP: what each round did, found by campaign, unit and day, and what a failed one means."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from duban.obligations.tables import obligation
from duban.rounds.service import hold_round
from tests.portal.bureau import TIANNING, Portal


def hold(portal: Portal, day: str, **changed: Any) -> None:
    portal.on(day, at="08:30")
    hold_round(replace(portal.bureau, **changed), now=portal.moment)
    portal.on(day, at="10:00")


def test_each_round_says_what_it_planned_and_leads_to_each_campaigns_part(portal: Portal) -> None:
    hold(portal, "2026-03-26")
    leader = portal.as_("李局长")

    page = leader.get("/runs")
    shown = leader.get(next(link for link in page.links() if link.startswith("/runs/")))

    assert "3月26日 周四" in page.text
    assert "待发 2" in page.text
    assert shown.title == "2026年3月26日的一轮"
    assert "地名标志巡检2026 晨间一轮 已办 2" in shown.text


def test_a_run_leads_to_prefects_own_page(portal: Portal) -> None:
    folder = portal.bureau.settings.home / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "api_url").write_text("http://127.0.0.1:4200/api", encoding="utf-8")
    hold(portal, "2026-03-26", flow_run_id="0197a1b2")

    page = portal.as_("运维").get("/runs")

    assert "http://127.0.0.1:4200/runs/flow-run/0197a1b2" in page.links()


def test_a_failed_run_says_what_it_means_and_what_was_done(portal: Portal) -> None:
    with portal.bureau.store.writing() as connection:
        connection.execute(sa.update(obligation).values(ladder="unknown"))
    hold(portal, "2026-03-26")

    failed = portal.as_("李局长").get("/runs")
    with portal.bureau.store.writing() as connection:
        connection.execute(sa.update(obligation).values(ladder="standard"))
    hold(portal, "2026-03-27")
    good = portal.as_("李局长").get("/runs")

    assert "有问题" in failed.text
    assert "处理后下一轮会补上" in failed.text
    assert "3月27日的一轮已补上所欠提醒" in good.text


def test_rounds_are_searched_by_campaign_unit_and_day(portal: Portal) -> None:
    hold(portal, "2026-03-26")
    hold(portal, "2026-03-27")
    leader = portal.as_("李局长")

    by_unit = leader.get(f"/runs?unit={TIANNING}")
    by_campaign = leader.get("/runs?campaign=地名")
    by_day = leader.get("/runs?day=2026-03-27")

    for page in (by_unit, by_campaign):
        assert "3月26日 周四" in page.text
        assert "3月27日 周五" not in page.text
    assert "3月27日 周五" in by_day.text
    assert "3月26日 周四" not in by_day.text
    assert "没有名为“月球局”的单位" in leader.get("/runs?unit=月球局").text
    assert "日期请写成" in leader.get("/runs?day=31-3").text
    leader.get("/runs/99999", expect=404)


def test_the_history_leaves_as_a_sheet(portal: Portal) -> None:
    hold(portal, "2026-03-26")

    answer = portal.as_("李局长").http.get("/runs.xlsx")

    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names[0] == "运行记录2026-03-26"
    _, row = book.get_sheet_by_index(0).to_python()
    assert row[1:6] == ["正常", 2, 6, 1, 0]
