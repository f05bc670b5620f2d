"""周处长 moves a date: reads the phrase as she types, sees who is told and which reminders move, and confirms."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from duban.core import clock
from duban.core.access import Actor, Role
from duban.editions.drafts import apply_draft, make_draft
from duban.outbox.tables import dispatch
from duban.rounds.service import hold_round
from tests.editions.planning_builders import MADE_ON, SURVEY
from tests.portal.bureau import BUREAU, Portal
from tests.portal.client import Page, PageClient, fields_of

EDITION = "/editions/sign_survey/2026"
DATE = f"{EDITION}/dates/plan"


def surveyed(portal: Portal, text: str = SURVEY) -> Portal:
    """The survey published in January by 吴处长, its round of that morning held."""
    wu = Actor(
        name="吴处长",
        person_id=portal.people["吴处长"],
        unit_id=portal.units[BUREAU],
        roles=frozenset({Role.COORDINATOR}),
    )
    now = clock.at(MADE_ON)
    made = make_draft(portal.bureau, text, by=wu, now=now)
    apply_draft(portal.bureau, made.draft_id, version=made.version, by=wu, now=now)
    hold_round(portal.bureau, now=now)
    return portal


@pytest.fixture
def survey(portal: Portal) -> Portal:
    return surveyed(portal)


@pytest.fixture
def zhou(survey: Portal) -> PageClient:
    return survey.as_("周处长")


def letters(portal: Portal) -> int | None:
    with portal.bureau.store.reading() as connection:
        told = dispatch.c.kind == "calendar_change"
        return connection.scalar(sa.select(sa.func.count()).select_from(dispatch).where(told))


def _confirmed(page: Page, reason: str) -> dict[str, str]:
    """The second form of the page, which changes the date; the first only asks."""
    return {**fields_of(page.forms()[-1]), "reason": reason}


def test_a_date_is_moved_after_all_it_does_was_seen(survey: Portal, zhou: PageClient) -> None:
    edition = zhou.get(EDITION)
    assert "“3月底前”" in edition.text
    assert DATE in edition.links()

    seen = zhou.get(f"{DATE}?phrase=4月15日前")
    assert "2026年4月15日" in seen.text
    assert "2 个单位：天宁区民政局、钟楼区民政局" in seen.text
    assert "改前" in seen.text
    assert "2026年3月31日（2 项）" in seen.text
    assert letters(survey) == 0

    after = zhou.post(DATE, data=_confirmed(seen, "市局统一安排"))
    assert after.path == EDITION
    assert "“4月15日前”" in after.text
    assert "3月31日" not in after.text.split("改过什么")[0]
    assert "周处长：改动生效（市局统一安排）：改期2项" in after.text
    assert letters(survey) == 2


def test_a_date_without_a_reason_is_not_moved_and_nothing_typed_is_lost(
    survey: Portal, zhou: PageClient
) -> None:
    seen = zhou.get(f"{DATE}?phrase=4月15日前")

    again = zhou.post(DATE, data=_confirmed(seen, ""), expect=422)

    assert "请填写原因。" in again.text
    assert "确认改为“4月15日前”" in again.text
    assert letters(survey) == 0


def test_a_phrase_that_is_not_understood_goes_to_a_person(zhou: PageClient) -> None:
    page = zhou.get(f"{DATE}?phrase=元旦前")

    assert "交人工： “元旦前”可能指计划年初的元旦，也可能指年末之后的元旦" in page.text
    assert "确认改为" not in page.text
    assert "行：" not in page.text


def test_a_phrase_with_two_meanings_shows_the_one_taken_and_the_other(zhou: PageClient) -> None:
    page = zhou.get("/phrases?phrase=6月份之前&year=2026")

    assert "2026年5月31日" in page.text
    assert "休息日，之前最后一个工作日是 5月29日 周五" in page.text
    assert "假定：“6月前”也可理解为含在内，即 2026-06-30" in page.text


def test_a_word_that_sets_no_date_says_so_and_a_bad_year_too(zhou: PageClient) -> None:
    assert "不定日期" in zhou.get("/phrases?phrase=适时").text
    assert "请改正年份" in zhou.get("/phrases?phrase=3月底前&year=1066").text
    assert "读一个时限" in zhou.get("/phrases").text


def test_of_two_coordinators_the_second_sees_that_it_was_changed(survey: Portal, zhou: PageClient) -> None:
    wu = survey.as_("吴处长")
    first, second = zhou.get(f"{DATE}?phrase=4月15日前"), wu.get(f"{DATE}?phrase=4月20日前")
    zhou.post(DATE, data=_confirmed(first, "市局统一安排"))

    refused = wu.post(DATE, data=_confirmed(second, "另有安排"), expect=409)

    assert "在您查看之后已被别人改动" in refused.text
    assert "“4月15日前”" in wu.get(EDITION).text


def test_a_second_press_does_not_change_the_date_twice(survey: Portal, zhou: PageClient) -> None:
    sent = _confirmed(zhou.get(f"{DATE}?phrase=4月15日前"), "市局统一安排")
    zhou.post(DATE, data=sent)

    zhou.post(DATE, data=sent, expect=409)

    assert letters(survey) == 2


def test_a_milestone_that_is_not_there_is_not_found(zhou: PageClient) -> None:
    zhou.get(f"{EDITION}/dates/nothing", expect=404)
    zhou.get("/editions/nothing/2026", expect=404)
    zhou.get(f"{EDITION}/states/nothing", expect=404)


def test_a_leader_reads_the_edition_but_finds_nothing_to_change(survey: Portal) -> None:
    leader = survey.as_("李局长")

    page = leader.get(EDITION)

    assert "普查方案报备案" in page.text
    assert "改时限" not in page.text
    assert "起草修改" not in page.text
    leader.get(DATE, expect=403)


def test_pausing_shows_what_stops_and_withdrawing_what_is_cancelled(zhou: PageClient) -> None:
    pause = f"{EDITION}/states/pause"
    page = zhou.get(pause)
    assert "不再提醒、催办" in page.text
    zhou.fill(page, pause, reason="上级另有安排")
    assert "已暂停" in zhou.get(EDITION).text

    withdraw = f"{EDITION}/states/withdraw"
    page = zhou.get(withdraw)
    assert "撤销 3 项" in page.text
    assert "请填写原因" in zhou.fill(page, withdraw, expect=422).text
    assert "现为“已撤回”，撤销未办结任务3项" in zhou.fill(page, withdraw, reason="不再开展").text
    assert "不能撤回" in zhou.get(withdraw).text


def test_what_was_withdrawn_is_taken_up_again_and_published(zhou: PageClient) -> None:
    for verb in ("withdraw", "resume", "publish"):
        address = f"{EDITION}/states/{verb}"
        page = zhou.fill(zhou.get(address), address, reason="核对后办理")

    assert "已发布" in page.text
    assert "0/2 项" in page.text


def test_a_new_date_is_read_with_the_day_its_paper_was_issued_and_says_so(portal: Portal) -> None:
    text = SURVEY.replace("year: 2026", "year: 2026\nissued: 2026-02-20\nroll: next\nroll_reason: 通知第五条")
    page = surveyed(portal, text.replace("3月底前", "2月28日前")).as_("周处长").get(EDITION)
    assert "文件印发 2026年2月20日" in page.text

    asked = portal.as_("周处长").get(f"{DATE}?phrase=春节前")
    rolled = portal.as_("周处长").get(f"{DATE}?phrase=4月5日前")
    plain = portal.as_("周处长").get("/phrases?phrase=春节前&year=2026&issued=2026-02-20")

    assert "2027年2月5日" in asked.text
    assert "按次年理解" in asked.text
    assert "改为2026-04-07（通知第五条）" in rolled.text
    assert "2027年2月5日" in plain.text
