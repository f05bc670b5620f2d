"""Editions made and changed in the portal: from last year's, from a file, by hand; two coordinators at once."""

from __future__ import annotations

import pytest

from tests.editions.planning_builders import SURVEY
from tests.portal.bureau import Portal
from tests.portal.client import Page, PageClient
from tests.portal.test_planning_dates import EDITION, surveyed

DRAFT = "/editions/drafts/"


@pytest.fixture
def survey(portal: Portal) -> Portal:
    return surveyed(portal)


@pytest.fixture
def zhou(survey: Portal) -> PageClient:
    return survey.as_("周处长")


def drafted(client: PageClient) -> Page:
    """A draft of the edition in force, as its page."""
    page = client.fill(client.get(EDITION), f"{EDITION}/draft")
    assert page.path.startswith(DRAFT)
    return page


def saved(client: PageClient, page: Page, text: str, expect: int = 200) -> Page:
    return client.fill(page, page.path, text=text, expect=expect)


def test_a_draft_is_changed_looked_at_and_applied(zhou: PageClient) -> None:
    page = drafted(zhou)
    page = saved(zhou, page, SURVEY.replace("3月底前", "4月15日前").replace("普查报告", "普查总报告"))
    assert "时限由“3月底前”改为“4月15日前”，2026-03-31→2026-04-15" in page.text

    preview = zhou.get(f"{page.path}/preview")
    assert "改期 2 项" in preview.text
    assert "天宁区民政局、钟楼区民政局" in preview.text
    assert "督办" in preview.text

    done = zhou.fill(preview, f"{page.path}/apply", reason="市局统一安排")
    assert done.path == EDITION
    assert "任务新增0项、改期2项、撤销0项，告知2个单位" in done.text
    assert "门户改过" in zhou.get("/editions").text


def test_every_fault_of_a_file_is_shown_with_its_line_and_the_text_stays(zhou: PageClient) -> None:
    faulty = SURVEY.replace("3月底前", "三月左右").replace("lead: 天宁区民政局", "lead: 云上局")

    page = zhou.fill(
        zhou.get("/editions/new"),
        "/editions/upload",
        files={"file": ("sign_survey.yaml", faulty.encode(), "text/yaml")},
    )

    assert "还有 2 处要改" in page.text
    assert "第 13 行：" in page.text
    assert faulty in page.response.text.replace("&#34;", '"')
    assert "看会发生什么" not in page.text
    assert "没有读懂" in zhou.get(f"{page.path}/preview").response.text


def test_a_file_that_is_none_is_refused_with_the_next_step(zhou: PageClient) -> None:
    page = zhou.get("/editions/new")

    nothing = zhou.fill(page, "/editions/upload", expect=422)
    binary = zhou.fill(
        page, "/editions/upload", files={"file": ("a.yaml", b"\xff\xfe\x00\x81", "text/yaml")}, expect=422
    )
    large = zhou.fill(
        page, "/editions/upload", files={"file": ("a.yaml", b"a" * 1_000_001, "text/yaml")}, expect=422
    )

    assert "请选择一个专项行动文件" in nothing.text
    assert "请检查开头的" in binary.text or "编码认不出来" in binary.text
    assert "超过1MB" in large.text


def test_a_campaign_filled_in_by_hand_becomes_a_draft_with_its_dates(zhou: PageClient) -> None:
    page = zhou.get("/editions/new?year=2026")

    missing = zhou.fill(page, "/editions/by-hand", name="路牌普查", title_1="报计划", expect=422)
    assert "请填写第1个节点的时限。" in missing.text
    assert 'value="路牌普查"' in missing.response.text

    made = zhou.fill(
        missing,
        "/editions/by-hand",
        campaign="road_signs",
        document="2026年工作要点",
        phrase_1="9月底前",
        leads_1="天宁区民政局、钟楼区民政局",
        evidence_1="普查计划\n已查路牌，数据，块",
        gate_1="1",
    )

    assert "报计划：“9月底前”" in made.text
    assert "9月30日 周三" in made.text
    assert "全新的专项行动" in made.text
    preview = zhou.get(f"{made.path}/preview")
    assert "新增任务 2 项" in preview.text
    done = zhou.fill(preview, f"{made.path}/apply", reason="新增")
    assert (done.path, "任务新增2项" in done.text) == ("/editions/road_signs/2026", True)


def test_last_years_edition_is_rolled_into_a_draft_with_what_moved(zhou: PageClient) -> None:
    page = zhou.get("/editions/new?year=2027")

    made = zhou.fill(page, "/editions/roll", campaign="sign_survey")

    assert "地名标志普查2027年" in made.title
    assert "暂定" in made.text
    assert "与地名标志普查2026年相比" in made.text

    preview = zhou.get(f"{made.path}/preview")
    assert "同时发布" in preview.text
    kept = zhou.fill(preview, f"{made.path}/apply", reason="先载入", publish=None)
    assert "（草稿）" in kept.text
    assert "与 2026 年相比" in kept.text
    assert "/editions/sign_survey/2026" in kept.links()


def test_of_two_who_save_the_second_keeps_what_was_typed(survey: Portal, zhou: PageClient) -> None:
    page = drafted(zhou)
    wu = survey.as_("吴处长")
    same = wu.get(page.path)
    saved(zhou, page, SURVEY + "# 周\n")

    refused = saved(wu, same, SURVEY + "# 吴写的\n", expect=409)

    assert "周处长在您打开之后改过这份草稿" in refused.text
    assert "# 吴写的" in refused.response.text
    assert "# 周" in wu.get(page.path).response.text


def test_a_stale_draft_is_refused_until_it_was_checked(survey: Portal, zhou: PageClient) -> None:
    page = saved(zhou, drafted(zhou), SURVEY.replace("普查报告", "普查总报告"))
    wu = survey.as_("吴处长")
    other = saved(wu, drafted(wu), SURVEY.replace("3月底前", "4月15日前"))
    wu.fill(wu.get(f"{other.path}/preview"), f"{other.path}/apply", reason="市局统一安排")

    stale = zhou.get(page.path)
    assert "现行版本在起草之后改过" in stale.text
    assert "会把那次改动盖掉" in zhou.get(f"{page.path}/preview").text
    checked = zhou.fill(stale, f"{page.path}/checked")
    assert "“4月15日前”改为“3月底前”" in checked.text
    assert "应用以后" in zhou.get(f"{page.path}/preview").text


def test_a_preview_left_open_while_the_draft_changes_is_refused(survey: Portal, zhou: PageClient) -> None:
    page = saved(zhou, drafted(zhou), SURVEY.replace("3月底前", "4月15日前"))
    preview = zhou.get(f"{page.path}/preview")
    wu = survey.as_("吴处长")
    saved(wu, wu.get(page.path), SURVEY.replace("3月底前", "4月20日前"))

    refused = zhou.fill(preview, f"{page.path}/apply", reason="市局统一安排", expect=409)

    assert "吴处长在您打开之后改过这份草稿" in refused.text
    assert 'value="市局统一安排"' in refused.response.text
    assert "“3月底前”" in zhou.get(EDITION).text


def test_a_dropped_draft_is_listed_no_more_and_cannot_be_applied(zhou: PageClient) -> None:
    page = drafted(zhou)

    after = zhou.fill(page, f"{page.path}/drop")

    assert "在写的草稿" not in after.text
    assert "已作废" in zhou.get(f"{page.path}/preview").text
    zhou.get(f"{DRAFT}999", expect=404)


def test_the_rehearsal_of_a_draft_lists_days_units_and_differences(zhou: PageClient) -> None:
    assert "共" in zhou.get("/rehearsal").text
    page = saved(zhou, drafted(zhou), SURVEY.replace("3月底前", "4月15日前"))

    found = zhou.get(f"/rehearsal?draft={page.path.removeprefix(DRAFT)}")

    assert "改期 2 项" in found.text
    assert "没有写入台账" in found.text
    assert "到期提醒：地名标志普查·普查方案报备案" in found.text
    assert "天宁区民政局" in found.text
    assert "没有编号为999的草稿" in zhou.get("/rehearsal?draft=999").text
