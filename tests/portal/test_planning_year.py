"""The year, the load and the holiday notices as pages."""

from __future__ import annotations

import json
from datetime import date

import pytest

from calendars.workdays.files import project
from tests.editions.planning_builders import SURVEY
from tests.portal.bureau import Portal
from tests.portal.client import PageClient
from tests.portal.test_planning_dates import surveyed


@pytest.fixture
def survey(portal: Portal) -> Portal:
    return surveyed(portal)


@pytest.fixture
def zhou(survey: Portal) -> PageClient:
    return survey.as_("周处长")


def test_the_year_shows_campaigns_by_month_days_off_and_what_falls_on_them(zhou: PageClient) -> None:
    page = zhou.get("/year?year=2026")

    assert "地名标志普查·普查方案报备案" in page.text
    assert "休 1至7日 班 10日" in page.text
    assert "落在休息日的（1）" in page.text
    assert "10月30日 周五" in page.text
    assert "/editions/sign_survey/2026#m-plan" in page.links()


def test_a_year_without_its_notice_is_called_provisional(survey: Portal, zhou: PageClient) -> None:
    surveyed(survey, SURVEY.replace("year: 2026", "year: 2027"))

    page = zhou.get("/year?year=2027")

    assert "暂定： 2027年放假安排尚未公布" in page.text
    assert "4月份" not in page.text
    assert page.text.count("暂定") >= 3


def test_the_year_is_narrowed_to_a_kind_and_an_empty_one_says_so(zhou: PageClient) -> None:
    assert "地名标志普查" not in zhou.get("/year?year=2026&kind=quota").text
    assert "2031年还没有专项行动" in zhou.get("/year?year=2031").text
    assert "请改年份" in zhou.get("/year?year=1800", expect=422).text


def test_the_load_is_a_table_whose_numbers_open_their_items(survey: Portal, zhou: PageClient) -> None:
    page = zhou.get("/load?year=2026&quarter=1")

    assert "天宁区民政局 2" in page.text
    [week] = {
        one
        for one in page.links()
        if "due_from=2026-03-30" in one and f"unit={survey.units['天宁区民政局']}&" in one
    }
    assert "普查方案报备案" in zhou.get(week).text
    edition = zhou.get("/editions/sign_survey/2026")
    plan = next(one for one in edition.links() if "due_from=2026-03-31" in one)
    assert "普查方案报备案" in zhou.get(plan).text
    assert "没有到期的任务" in zhou.get("/load?year=2031&quarter=1").text
    zhou.get("/load?year=2026&quarter=7", expect=422)


def test_pages_of_planning_are_not_for_handlers(survey: Portal) -> None:
    wang = survey.as_("王科长")

    for path in ("/year", "/load", "/editions", "/rehearsal", "/notices", "/phrases"):
        wang.get(path, expect=403)


def the_notice(*worked: date) -> str:
    """Next year as it is projected, with these weekend days worked."""
    days = [
        {"name": day.names[0] if day.names else "", "date": day.on.isoformat(), "isOffDay": True}
        for day in project(2027).off
    ]
    days += [{"name": "春节", "date": on.isoformat(), "isOffDay": False} for on in worked]
    return json.dumps({"year": 2027, "papers": ["某办发〔2026〕9号"], "days": days}, ensure_ascii=False)


def test_a_notice_is_brought_in_by_one_and_confirmed_by_another(survey: Portal, zhou: PageClient) -> None:
    wu = survey.as_("吴处长")
    surveyed(survey, SURVEY.replace("year: 2026", "year: 2027").replace("3月底前", "1月底前"))
    notice = the_notice(date(2027, 1, 31))

    look = zhou.fill(zhou.get("/notices"), "/notices/preview", text=notice)
    assert "周末上班 1月31日 周日" in look.text
    assert "2027年1月31日周日" in look.text.replace(" ", "")
    assert "等另一人确认" in zhou.fill(look, "/notices").text

    own = zhou.fill(zhou.get("/notices"), "/notices/preview", text=notice, confirm="1")
    assert "须由另一人核对确认" in own.text

    look = wu.fill(wu.get("/notices"), "/notices/preview", text=notice, confirm="1")
    assert "涉及 1 个专项行动" in look.text
    done = wu.fill(look, "/notices/confirm")
    assert "2027年放假安排已生效" in done.text
    assert "已公布" in done.text.split("2027年 ")[1][:10]
    assert "尚未公布" not in wu.get("/year?year=2027").text


def test_a_notice_that_cannot_be_read_is_kept_on_the_page_with_the_next_step(zhou: PageClient) -> None:
    page = zhou.get("/notices")

    assert "请粘贴通知全文" in zhou.fill(page, "/notices/preview", expect=422).text
    refused = zhou.fill(page, "/notices/preview", text="今天天气不错", expect=422)
    assert "今天天气不错" in refused.response.text
    assert "请" in refused.text


def test_a_sheet_of_days_is_read_by_its_name(zhou: PageClient) -> None:
    rows = "\n".join(f"{day.on},休" for day in project(2027).off)

    look = zhou.fill(
        zhou.get("/notices"), "/notices/preview", files={"file": ("2027.csv", rows.encode(), "text/csv")}
    )

    assert "2027年放假安排：核对" in look.title
    assert "等另一人确认" in zhou.fill(look, "/notices").text


def test_what_was_tampered_with_on_its_way_is_refused(zhou: PageClient) -> None:
    look = zhou.fill(zhou.get("/notices"), "/notices/preview", text=the_notice())

    assert "请重新粘贴或上传" in zhou.fill(look, "/notices", content="***", expect=422).text
