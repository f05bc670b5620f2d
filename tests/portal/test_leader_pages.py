"""A leader's minute: what is red, what waits for a decision, and two clicks from a light to the proof."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from duban.core import clock
from duban.core.access import Actor, Role
from duban.obligations.states import Transition
from duban.obligations.tables import obligation
from duban.obligations.transitions import ExtensionRequest, transition
from tests.builders import an_edition, an_obligation
from tests.portal.bureau import TIANNING, ZHONGLOU, Portal


def change(portal: Portal, key: int, **columns: Any) -> None:
    with portal.bureau.store.writing() as connection:
        connection.execute(sa.update(obligation).where(obligation.c.id == key).values(**columns))


def someone(portal: Portal, name: str, unit: str, role: Role) -> Actor:
    return Actor(
        name=name,
        person_id=portal.people[name],
        unit_id=portal.units[unit],
        roles=frozenset({role}),
    )


def sheet_of(content: bytes, number: int = 0) -> tuple[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    name = book.sheet_names[number]
    return name, book.get_sheet_by_name(name).to_python()


def test_what_turned_red_stands_first_and_leads_to_its_file(portal: Portal) -> None:
    change(
        portal,
        portal.signs[ZHONGLOU],
        state="closed",
        submitted_on=date(2026, 3, 30),
        closed_on=date(2026, 3, 31),
    )
    portal.on("2026-04-01")

    page = portal.as_("李局长").get("/board")

    assert page.title == "总览"
    assert "截至 2026年4月1日" in page.text
    assert "今日转红 1 项" in page.text
    assert "时限3月31日已过1个工作日" in page.text
    assert f"/obligations/{portal.signs[TIANNING]}" in page.links()
    assert page.text.index("今日转红") < page.text.index("待我决定 0 项") < page.text.index("办结情况")
    assert "按时办结率 50.0 %" in page.text
    assert "免办、暂停、撤销和未到期的不计" in page.text


def test_two_clicks_lead_from_a_light_to_the_proof(portal: Portal) -> None:
    portal.on("2026-04-01")
    leader = portal.as_("李局长")

    board = leader.get("/board")
    cell = next(
        link
        for link in board.links()
        if link.startswith("/board/cell?") and f"unit={portal.units[TIANNING]}" in link and "edition=" in link
    )
    items = leader.get(cell)

    assert items.title == f"地名标志巡检2026 · {TIANNING}"
    assert f"/obligations/{portal.signs[TIANNING]}" in items.links()
    assert f"/obligations/{portal.signs[ZHONGLOU]}" not in items.links()
    proof = leader.get(f"/obligations/{portal.signs[TIANNING]}")
    assert "巡检计划" in proof.text
    assert "2025年工作要点 附件1" in proof.text


def test_every_link_of_the_page_to_its_items_opens(portal: Portal) -> None:
    portal.on("2026-04-01")
    leader = portal.as_("李局长")

    links = {one for one in leader.get("/board").links() if one.startswith("/board")}

    assert len(links) > 12
    for link in links:
        assert leader.http.get(link).status_code == 200, link


def test_the_day_asked_for_stands_on_everything_that_is_opened_from_the_page(portal: Portal) -> None:
    portal.on("2026-04-10")
    leader = portal.as_("李局长")

    before = leader.get("/board?on=2026-03-31")

    assert "今日转红 0 项" in before.text
    assert "所据是台账现在的事实" in before.text
    assert all("on=2026-03-31" in one for one in before.links() if one.startswith("/board/cell"))
    assert "截至 2026年4月10日" in leader.get("/board?on=2027-01-01").text
    assert "截至 2026年4月10日" in leader.get("/board?on=nonsense").text


def test_a_light_or_figure_that_does_not_exist_is_no_page(portal: Portal) -> None:
    leader = portal.as_("李局长")

    for query in ("light=blue", "figure=clicks", "edition=99999", "unit=99999"):
        leader.get(f"/board/cell?{query}", expect=404)


def test_what_needs_my_decision_is_on_the_page_and_leads_to_where_it_is_decided(portal: Portal) -> None:
    handler = someone(portal, "王科长", TIANNING, Role.HANDLER)
    transition(
        portal.bureau,
        portal.signs[TIANNING],
        Transition.ASK_EXTENSION,
        ExtensionRequest(wanted_on=date(2026, 4, 10), reason="两个街道换届", progress="已过半"),
        by=handler,
        now=portal.moment,
    )
    leader = portal.as_("李局长")

    board = leader.get("/board")
    decisions = leader.get("/decisions")

    assert "待我决定 1 项" in board.text
    assert "申请延至4月10日" in board.text
    assert "理由：两个街道换届" in decisions.text
    assert "/extensions" in decisions.links()
    portal.as_("周处长").get("/decisions", expect=403)


def test_a_past_wall_is_told_to_the_leader(portal: Portal) -> None:
    change(portal, portal.signs[TIANNING], hard_due_on=date(2026, 4, 3))
    portal.on("2026-04-09")

    page = portal.as_("李局长").get("/decisions")

    assert "超过上级时限 1 项" in page.text
    assert TIANNING in page.text


def test_the_board_leaves_as_a_sheet_with_its_day_and_definitions(portal: Portal) -> None:
    portal.on("2026-04-01")
    an_obligation(
        portal.bureau,
        edition_id=an_edition(
            portal.bureau, "formula", name="=1+1", coordinator_unit_id=portal.units[TIANNING]
        ),
        unit_id=portal.units[TIANNING],
        due_on=date(2026, 9, 30),
    )

    answer = portal.as_("李局长").http.get("/board.xlsx")

    name, rows = sheet_of(answer.content)
    assert name == "灯表2026-04-01"
    heading, *lines = rows
    assert heading[-3:-1] == [TIANNING, ZHONGLOU]
    named = {line[0]: line for line in lines}
    assert named["地名标志巡检"][2:7] == ["红灯", 2, 0, 0, 0]
    assert "=1+1" in named
    _, notes = sheet_of(answer.content, 1)
    assert any("截至2026-04-01" in note[0] for note in notes)
    assert any("按时办结率＝" in note[0] for note in notes)


def test_units_are_compared_and_each_figure_opens(portal: Portal) -> None:
    change(
        portal,
        portal.signs[ZHONGLOU],
        state="closed",
        submitted_on=date(2026, 3, 30),
        closed_on=date(2026, 3, 31),
    )
    portal.on("2026-04-01")
    leader = portal.as_("李局长")

    page = leader.get("/ranking")

    assert page.text.index(ZHONGLOU) < page.text.index(TIANNING)
    assert "100.0 %" in page.text
    for link in page.links():
        if link.startswith("/board/cell"):
            leader.get(link)
    name, rows = sheet_of(leader.http.get("/ranking.xlsx").content)
    assert name == "比较2026-04-01"
    assert [row[:2] for row in rows[1:]] == [[1, ZHONGLOU], [2, TIANNING]]
    leader.get("/ranking?measure=clicks", expect=404)
    assert "还没有到期的任务" in leader.get("/ranking?on=2026-03-01").text


def test_the_picture_of_the_year_reads_without_colour_and_has_its_figures_beside_it(portal: Portal) -> None:
    portal.on("2026-04-01")

    page = portal.as_("李局长").get("/board")

    drawing = next(one for one in page.tree.iter() if one.get("role") == "img")
    assert "应办结 2" in "".join(drawing.itertext())
    classes = [one.get("class") or "" for one in drawing.iter() if one.get("points")]
    assert sorted(classes) == ["area", "line line-done", "line line-due", "line line-in-time"]
    assert "4月1日" in page.text
    assert clock.civil(portal.moment) == date(2026, 4, 1)
