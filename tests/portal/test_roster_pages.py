"""A roster through the pages: chosen, previewed, confirmed, filtered, recorded together, taken away as a sheet."""

from __future__ import annotations

import io
import re

import pytest
from python_calamine import CalamineWorkbook

from tests.portal.bureau import TIANNING, ZHONGLOU, Portal
from tests.portal.client import Page, PageClient
from tests.portal.ledger_builders import HEADINGS, a_code, a_csv, owed, subjects, with_check


def upload(client: PageClient, edition: int, content: bytes, name: str = "名册.csv", **fields) -> Page:
    path = f"/rosters/{edition}/import"
    expect = fields.pop("expect", 200)
    return client.fill(client.get(path), path, files={"sheet": (name, content)}, expect=expect, **fields)


def imported(portal: Portal, count: int = 12) -> int:
    edition = with_check(portal)
    zhou = portal.as_("周处长")
    preview = upload(zhou, edition, a_csv(subjects(count)))
    zhou.fill(preview, preview.path)
    return edition


def sheet_of(response) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_index(0).to_python()


def test_a_sheet_is_previewed_and_nothing_is_entered_before_it_is_confirmed(portal: Portal) -> None:
    edition = with_check(portal)
    zhou = portal.as_("周处长")

    preview = upload(zhou, edition, a_csv(subjects(12)))
    before = owed(portal)
    done = zhou.fill(preview, preview.path)

    assert "新增 12 个" in preview.text
    assert before == {}
    assert done.path == f"/rosters/{edition}"
    assert "已导入12个对象：新增12个" in done.text
    assert owed(portal) == {"assigned": 12}
    zhou.get(preview.path, expect=404)


def test_a_sheet_with_ten_thousand_faulty_rows_is_told_by_kind_and_leaves_nothing(portal: Portal) -> None:
    edition = with_check(portal)
    zhou = portal.as_("周处长")
    rows = [(a_code(n), f"第{n}号", "云上局" if n % 2 else "") for n in range(10_000)]

    preview = upload(zhou, edition, a_csv(rows))
    listed = zhou.http.get(f"{preview.path}/faults.xlsx")

    assert "有 10000 行出错（共 10000 处），一行也没有导入" in preview.text
    assert "单位没有登记 5000" in preview.text
    assert "前 200 处" in preview.text
    assert len(preview.response.content) < 200_000
    assert len(sheet_of(listed)) == 10_001
    assert owed(portal) == {}
    assert "确认导入" not in preview.text


def test_a_sheet_of_somebody_else_is_not_there(portal: Portal) -> None:
    edition = with_check(portal)
    preview = upload(portal.as_("周处长"), edition, a_csv(subjects(2)))

    portal.as_("吴处长").get(preview.path, expect=404)


def test_a_sheet_is_put_away_on_wish(portal: Portal) -> None:
    edition = with_check(portal)
    zhou = portal.as_("周处长")
    preview = upload(zhou, edition, a_csv(subjects(2)))

    done = zhou.fill(preview, preview.path, drop="1")

    assert "已放弃这份表格" in done.text
    zhou.get(preview.path, expect=404)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("名册.pdf", b"%PDF", "不是能导入的表格"),
        ("名册.csv", b"", "是空文件"),
        ("../../名册\u202e.csv", a_csv([], ("甲", "乙")), "表头缺少"),
        ("名册.xlsx", b"<html>", "已损坏"),
    ],
)
def test_what_is_no_roster_gets_a_sentence(portal: Portal, name: str, content: bytes, sentence: str) -> None:
    edition = with_check(portal)
    client = portal.as_("周处长")
    client.http.follow_redirects = True

    answer = client.http.post(
        f"/rosters/{edition}/import",
        data={"csrf": client.get(f"/rosters/{edition}/import").form("/sign-out").find("input").get("value")},
        files={"sheet": (name, content)},
    )

    assert answer.status_code == 422
    assert sentence in Page(answer).text


def test_the_counts_stand_apart_with_their_fractions(portal: Portal) -> None:
    edition = with_check(portal)
    zhou = portal.as_("周处长")
    rows = [(*row, "已参检" if n < 8 else "", "合格" if n < 5 else "") for n, row in enumerate(subjects(12))]
    preview = upload(zhou, edition, a_csv(rows, (*HEADINGS, "参检情况", "结论")))

    page = zhou.fill(preview, preview.path)

    assert "参检率 66.7 %" in page.text
    assert "8/12" in page.text
    assert re.search(r"完成年检 5", page.text)
    assert "100.0 % 5/5" in page.text
    assert "社会组织年检2026年 12 8 5 5 66.7 % 41.7 % 100.0 %" in zhou.get("/rosters").text


def test_without_a_roster_nothing_is_zero(portal: Portal) -> None:
    with_check(portal)

    assert "社会组织年检2026年 — — — — — — — 尚未导入" in portal.as_("周处长").get("/rosters").text


def test_all_that_match_are_recorded_without_script(portal: Portal) -> None:
    edition = imported(portal, 120)
    zhou = portal.as_("周处长")
    tianning = portal.units[TIANNING]
    page = zhou.get(f"/rosters/{edition}?unit_id={tianning}")

    done = zhou.fill(page, f"/rosters/{edition}/outcomes", everything="1", concluded="合格")

    assert "已登记60个对象；任务报结0项、销号60项" in done.text
    assert owed(portal) == {"assigned": 60, "closed": 60}


def test_ticked_ones_are_recorded_and_faults_keep_the_ticks(portal: Portal) -> None:
    edition = imported(portal)
    zhou = portal.as_("周处长")
    page = zhou.get(f"/rosters/{edition}")
    boxes = [one.get("value") for one in page.tree.iter("input") if one.get("name") == "subject"][:2]
    action = f"/rosters/{edition}/outcomes"

    wrong = zhou.fill(page, action, expect=422, subject=boxes)
    done = zhou.fill(wrong, action, subject=boxes, taken_part_on="2026-03-10")

    assert "没有要记录的内容" in wrong.text
    ticked = [
        one
        for one in wrong.tree.iter("input")
        if one.get("name") == "subject" and one.get("checked") is not None
    ]
    assert [one.get("value") for one in ticked] == boxes
    assert "已登记2个对象；任务报结2项" in done.text


def test_a_page_left_open_while_the_roster_changed_records_nothing(portal: Portal) -> None:
    edition = imported(portal)
    zhou, wu = portal.as_("周处长"), portal.as_("吴处长")
    page = zhou.get(f"/rosters/{edition}?outcome=none")
    other = wu.get(f"/rosters/{edition}?text={a_code(3)}")
    wu.fill(other, f"/rosters/{edition}/outcomes", everything="1", concluded="合格")

    late = zhou.fill(page, f"/rosters/{edition}/outcomes", everything="1", concluded="不合格", expect=422)

    assert "您看到的是12个对象，现在符合的是11个" in late.text
    assert owed(portal) == {"assigned": 11, "closed": 1}


def test_a_handler_sees_and_takes_away_his_own_only(portal: Portal) -> None:
    edition = imported(portal)
    wang = portal.as_("王科长")

    page = wang.get(f"/rosters/{edition}")
    foreign = wang.get(f"/rosters/{edition}?unit_id={portal.units[ZHONGLOU]}")
    rows = sheet_of(wang.http.get(f"/rosters/{edition}/export.xlsx"))

    assert "第1号社会组织" in page.text
    assert "第2号社会组织" not in page.text
    assert "没有符合条件的对象" in foreign.text
    assert {row[2] for row in rows[1:]} == {TIANNING}


def test_the_missing_are_listed_exactly_and_leave_as_a_sheet(portal: Portal) -> None:
    edition = imported(portal)
    zhou = portal.as_("周处长")
    page = zhou.get(f"/rosters/{edition}?text={a_code(3)}")
    zhou.fill(page, f"/rosters/{edition}/outcomes", everything="1", taken_part_on="2026-03-10")

    rows = sheet_of(zhou.http.get(f"/rosters/{edition}/export.xlsx?taken_part=no"))

    assert {row[0] for row in rows[1:]} == {a_code(n) for n in range(12)} - {a_code(3)}


@pytest.mark.parametrize(
    "query", ["page=0", "page=99999999999999", "unit_id=x", "outcome=%00", "text=%25", "taken_part=2"]
)
def test_any_address_of_the_list_opens(portal: Portal, query: str) -> None:
    edition = imported(portal)

    portal.as_("周处长").get(f"/rosters/{edition}?{query}")
