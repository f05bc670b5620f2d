"""A problem ledger through the pages: filled from a sheet or by hand, fixed by its unit, confirmed one by one or together."""

from __future__ import annotations

import io

import pytest
from python_calamine import CalamineWorkbook

from tests.portal.bureau import TIANNING, ZHONGLOU, Portal
from tests.portal.client import Page, PageClient
from tests.portal.ledger_builders import PROBLEM_HEADINGS, a_csv, with_check


def rows(count: int) -> list[tuple[str, ...]]:
    return [
        (
            f"NJ-{n}",
            f"第{n}号材料不全",
            TIANNING if n % 2 else ZHONGLOU,
            "限期整改",
            "2026-03-02",
            f"2026-03-{10 + n}",
            "补齐材料；复核" if n == 1 else "",
        )
        for n in range(count)
    ]


def upload(client: PageClient, edition: int, content: bytes) -> Page:
    path = f"/problems/{edition}/import"
    return client.fill(client.get(path), path, files={"sheet": ("清单.csv", content)})


@pytest.fixture
def edition(portal: Portal) -> int:
    made = with_check(portal)
    zhou = portal.as_("周处长")
    preview = upload(zhou, made, a_csv(rows(6), PROBLEM_HEADINGS))
    zhou.fill(preview, preview.path)
    return made


def item(client: PageClient, edition: int, code: str) -> Page:
    page = client.get(f"/problems/{edition}?text={code}")
    return client.get(next(link for link in page.links() if link.startswith("/problems/item/")))


def fix(portal: Portal, edition: int, *codes: str) -> None:
    for code in codes:
        client = portal.as_("王科长" if int(code[-1]) % 2 else "张科长")
        page = item(client, edition, code)
        while "已完成" in [button.text for button in page.tree.iter("button")]:
            page = client.fill(page, f"{page.path}/act", act="measure")
        client.fill(page, f"{page.path}/act", act="fix", nth=None, words="已补齐")


def test_a_sheet_is_previewed_then_entered(portal: Portal, edition: int) -> None:
    page = portal.as_("陈科长").get(f"/problems/{edition}")

    assert "发现 6 个 ＝ 已整改 0 个" in page.text
    assert "补齐材料 未完成" in page.text
    assert "社会组织年检2026年 6 6 0 0 0" in portal.as_("李局长").get("/problems").text


def test_a_faulty_sheet_enters_nothing(portal: Portal, edition: int) -> None:
    zhou = portal.as_("周处长")
    wrong = [
        ("NJ-1", "重复的编号", TIANNING, "限期整改", "2026-03-02", "2026-04-01", ""),
        ("NJ-9", "无此单位", "云上局", "限期整改", "2026-02-30", "", ""),
    ]

    preview = upload(zhou, edition, a_csv(wrong, PROBLEM_HEADINGS))

    assert "有 2 行出错（共 2 处）" in preview.text
    assert "编号重复 1" in preview.text
    assert "日期写错 1" in preview.text
    assert "发现 6 个" in zhou.get(f"/problems/{edition}").text


def test_a_problem_is_entered_by_hand_and_nothing_typed_is_lost(portal: Portal, edition: int) -> None:
    li = portal.as_("李局长")
    path = f"/problems/{edition}/new"

    wrong = li.fill(
        li.get(path), path, expect=422, code="NJ-1", title="印章缺失", unit="云上局", due_on="2026-04-01"
    )
    done = li.fill(wrong, path, code="NJ-10", unit=TIANNING, measures="补章\n培训")

    assert "问题编号NJ-1已在台账中" in wrong.text
    assert "没有名为“云上局”的单位" in wrong.text
    assert "已登记问题NJ-10" in done.text
    assert "印章缺失" in done.text


def test_a_unit_finishes_its_measures_and_another_strikes_off(portal: Portal, edition: int) -> None:
    wang, chen = portal.as_("王科长"), portal.as_("陈科长")
    page = item(wang, edition, "NJ-1")

    early = wang.http.post(
        f"{page.path}/act", data={"csrf": page.form("/sign-out").find("input").get("value"), "act": "fix"}
    )
    fix(portal, edition, "NJ-1")
    confirmed = item(chen, edition, "NJ-1")
    back = chen.fill(confirmed, f"{confirmed.path}/act", act="return", words="复核记录未附")
    fix(portal, edition, "NJ-1")
    again = chen.get(back.path)
    done = chen.fill(again, f"{again.path}/act", act="strike_off")

    assert early.status_code == 422
    assert "还有 2 条整改措施未完成" in Page(early).text
    assert "复核记录未附" in wang.get(back.path).text
    assert "已销号" in done.text
    told = ("措施完成 （第 1 条）", "报告整改完成", "退回整改", "核实销号")
    assert all(word in done.text for word in told), done.text


def test_all_that_match_are_struck_off_together(portal: Portal, edition: int) -> None:
    fix(portal, edition, "NJ-0", "NJ-2", "NJ-3")
    chen = portal.as_("陈科长")
    page = chen.get(f"/problems/{edition}?state=fixed")

    done = chen.fill(page, f"/problems/{edition}/settle", everything="1", act="strike_off", words="现场核实")

    assert "已核实销号3个问题" in done.text
    assert "其中已销号 3 个" in done.text


def test_ticked_ones_are_given_back_with_one_reason_and_the_rest_is_told(
    portal: Portal, edition: int
) -> None:
    fix(portal, edition, "NJ-0", "NJ-2")
    chen = portal.as_("陈科长")
    page = chen.get(f"/problems/{edition}")
    boxes = [one.get("value") for one in page.tree.iter("input") if one.get("name") == "problem"][:3]
    action = f"/problems/{edition}/settle"

    wrong = chen.fill(page, action, expect=422, problem=boxes, act="return")
    done = chen.fill(wrong, action, problem=boxes, act="return", words="照片不清")

    assert "退回整改要写明原因" in wrong.text
    assert "已退回整改2个问题；1个没有办理（现为“未整改”）" in done.text


def test_a_double_click_strikes_off_once(portal: Portal, edition: int) -> None:
    fix(portal, edition, "NJ-0")
    chen = portal.as_("陈科长")
    page = item(chen, edition, "NJ-0")

    chen.fill(page, f"{page.path}/act", act="strike_off")
    second = chen.fill(page, f"{page.path}/act", act="strike_off", expect=422)

    assert "现为“已销号”" in second.text


def test_a_handler_finds_his_own_problems_only(portal: Portal, edition: int) -> None:
    wang = portal.as_("王科长")
    foreign = item(portal.as_("周处长"), edition, "NJ-2").path

    page = wang.get(f"/problems/{edition}")
    listed = wang.http.get(f"/problems/{edition}/export.xlsx").content

    assert "NJ-1" in page.response.text
    assert "NJ-2" not in page.response.text
    wang.get(foreign, expect=404)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(listed)).get_sheet_by_index(0).to_python()
    assert {row[3] for row in sheet[1:]} == {TIANNING}


def test_the_ledger_is_filtered_by_what_is_overdue(portal: Portal, edition: int) -> None:
    portal.on("2026-03-13")

    page = portal.as_("周处长").get(f"/problems/{edition}?overdue=1")

    assert "共 3 个" in page.text
    assert "未整改（逾期）" in page.text


@pytest.mark.parametrize("query", ["page=0", "state=x", "pace=%00", "unit_id=-1", "text=%25", "overdue=0"])
def test_any_address_of_the_ledger_opens(portal: Portal, edition: int, query: str) -> None:
    portal.as_("周处长").get(f"/problems/{edition}?{query}")
