"""Dates counted from an event wait until somebody who knows its day enters it; then they are dates like any other."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Actor
from duban.core.errors import NotFound, Refused
from duban.editions.event_queries import EventDuty, EventFilter
from duban.editions.events import EventDay, EventEntered, enter_event, list_event_duties
from duban.editions.queries import edition_or_refuse
from duban.editions.tables import point
from duban.history.service import show_history, verify_history
from duban.obligations.tables import obligation
from duban.reports.board import read_board
from duban.rosters.sheets import import_roster
from duban.rounds.service import hold_round
from tests.editions.planning_builders import MADE_ON, StaffedOffice, a_staffed_office, with_survey

NOTICE = """\
campaign: sign_survey
name: 地名标志普查
kind: filing
year: 2026
documents:
  T: 2026年普查通知
milestones:
  - key: answer
    title: 反馈联系人
    source: T-1
    due: 收到通知后5个工作日内
    leads: [天宁区民政局, 钟楼区民政局]
  - key: result
    title: 公开普查结果
    source: T-2
    due: 办结后5个工作日内
    counts_from: answer
    leads: [天宁区民政局, 钟楼区民政局]
"""
MONDAY = date(2026, 3, 9)


@pytest.fixture
def office(bureau: Bureau) -> StaffedOffice:
    return with_survey(a_staffed_office(bureau), NOTICE)


def duties(office: StaffedOffice, by: Actor = SYSTEM, **wanted) -> tuple[EventDuty, ...]:
    return list_event_duties(office.bureau, EventFilter(**wanted), by=by)


def days(office: StaffedOffice, key: str = "answer") -> dict[str, tuple[str | None, str | None]]:
    """By unit: the day of the event and the date that follows."""
    return {
        one.unit[:2]: (str(one.event_on or ""), str(one.due_on or ""))
        for one in duties(office, milestone=key)
    }


def enter(
    office: StaffedOffice, event_on: date | None, *, by: Actor, on: date = MONDAY, **more
) -> EventEntered:
    entry = EventDay(
        **({"campaign": "sign_survey", "year": 2026, "milestone": "answer", "event_on": event_on} | more)
    )
    return enter_event(office.bureau, entry, by=by, now=clock.at(on))


def owed(office: StaffedOffice) -> list[tuple[str, str, str]]:
    with office.bureau.store.reading() as connection:
        rows = connection.execute(
            sa.select(obligation.c.state, obligation.c.due_on, obligation.c.opened_on).order_by(
                obligation.c.id
            )
        )
        return [(row.state, str(row.due_on), str(row.opened_on)) for row in rows]


def test_until_its_day_is_known_a_duty_waits_and_is_in_no_count(office: StaffedOffice) -> None:
    assert days(office) == {"天宁": ("", ""), "钟楼": ("", "")}
    assert owed(office) == []

    report = hold_round(office.bureau, now=clock.at(MONDAY))
    board = read_board(office.bureau, by=SYSTEM, today=MONDAY)

    assert (report.planned, report.dispatches) == (0, 0)
    assert sum(board.lights.values()) == 0


def test_a_handler_enters_the_day_for_his_unit_and_it_is_owed_from_then_on(office: StaffedOffice) -> None:
    done = enter(office, date(2026, 3, 6), by=office.wang)

    assert (done.due_on, done.obligations_new, done.duties) == (date(2026, 3, 13), 1, 1)
    assert days(office) == {"天宁": ("2026-03-06", "2026-03-13"), "钟楼": ("", "")}
    assert owed(office) == [("assigned", "2026-03-13", "2026-03-09")]
    assert hold_round(office.bureau, now=clock.at(MONDAY)).planned == 1


def test_the_coordinator_enters_one_day_for_all_who_wait(office: StaffedOffice) -> None:
    enter(office, date(2026, 3, 6), by=office.wang)

    done = enter(office, date(2026, 3, 5), by=office.zhou)

    assert done.duties == 1
    assert days(office) == {"天宁": ("2026-03-06", "2026-03-13"), "钟楼": ("2026-03-05", "2026-03-12")}


def test_a_changed_day_moves_the_same_obligation_with_its_history(office: StaffedOffice) -> None:
    enter(office, date(2026, 3, 6), by=office.wang)
    [before] = duties(office, waiting=False, unit_id=office.wang.unit_id, milestone="answer")
    hold_round(office.bureau, now=clock.at(MONDAY))

    with pytest.raises(Refused, match="写明原因"):
        enter(office, date(2026, 3, 4), by=office.wang)
    done = enter(
        office,
        date(2026, 3, 4),
        by=office.zhou,
        unit="天宁区民政局",
        note="签收单上是4日",
        on=date(2026, 3, 10),
    )

    [after] = duties(office, unit_id=office.wang.unit_id, milestone="answer")
    assert (after.obligation_id, str(after.due_on)) == (before.obligation_id, "2026-03-11")
    assert (done.obligations_moved, done.obligations_new, done.told) == (1, 0, ("天宁区民政局",))
    noted = [one for one in show_history(office.bureau, noun="milestone") if one.verb == "enter_event"]
    assert '"before":["2026-03-06"]' in noted[-1].detail
    assert "签收单上是4日" in noted[-1].detail
    assert verify_history(office.bureau).broken_at is None


def test_a_day_entered_by_mistake_is_taken_back_and_entered_again(office: StaffedOffice) -> None:
    enter(office, date(2026, 3, 6), by=office.wang)

    back = enter(office, None, by=office.wang, note="填错了，还没有收到", unit="天宁区民政局")

    assert back.obligations_cancelled == 1
    assert days(office)["天宁"] == ("", "")
    again = enter(office, date(2026, 3, 6), by=office.wang)
    assert again.obligations_new == 1
    assert [state for state, _, _ in owed(office)] == ["assigned"]


@pytest.mark.parametrize(
    ("event_on", "said"),
    [(date(2026, 3, 10), "还没有到"), (date(2016, 3, 6), "早于"), (date(2024, 12, 31), "早于")],
)
def test_a_day_that_cannot_be_is_refused(office: StaffedOffice, event_on: date, said: str) -> None:
    with pytest.raises(Refused, match=said):
        enter(office, event_on, by=office.wang)


def test_another_units_handler_and_a_leader_enter_nothing(office: StaffedOffice) -> None:
    with pytest.raises((Refused, NotFound)):
        enter(office, date(2026, 3, 6), by=office.wang, unit="钟楼区民政局")


def test_what_does_not_hang_on_an_event_takes_no_day(bureau: Bureau) -> None:
    office = with_survey(a_staffed_office(bureau))

    with pytest.raises(Refused, match="不从某一天起算"):
        enter(office, date(2026, 3, 6), by=office.zhou, milestone="plan")


def test_applying_the_file_again_leaves_the_days_alone(office: StaffedOffice) -> None:
    enter(office, date(2026, 3, 6), by=office.wang)

    with_survey(office, NOTICE.replace("反馈联系人", "反馈联系人和电话"))

    assert days(office)["天宁"] == ("2026-03-06", "2026-03-13")
    assert [state for state, _, _ in owed(office)] == ["assigned"]


def test_a_unit_that_is_named_no_more_waits_no_more(office: StaffedOffice) -> None:
    enter(office, date(2026, 3, 6), by=office.zhou)

    with_survey(office, NOTICE.replace("[天宁区民政局, 钟楼区民政局]", "[钟楼区民政局]"))

    assert days(office) == {"钟楼": ("2026-03-06", "2026-03-13")}
    assert sorted(state for state, _, _ in owed(office)) == ["assigned", "cancelled"]


def test_each_day_is_a_point_of_its_own_and_says_what_it_is_counted_from(office: StaffedOffice) -> None:
    enter(office, date(2026, 3, 6), by=office.wang)
    enter(office, date(2026, 3, 5), by=office.zhou)

    with office.bureau.store.reading() as connection:
        rows = connection.execute(sa.select(point).order_by(point.c.label)).all()
        stored = edition_or_refuse(connection, "sign_survey", 2026)
    assert [row.label for row in rows] == ["2026-03-05起算", "2026-03-06起算"]
    assert "从收到通知之日2026-03-06的次日起算。" in rows[1].assumptions
    assert stored.value.milestones[0].points == ()


ROSTER = """\
campaign: sign_survey
name: 社会组织变更
kind: annual_check
year: 2026
roster: 社会组织名册
documents:
  T: 登记管理办法
milestones:
  - key: filing
    title: 备案印章式样
    source: T-1
    due: 登记后30日内
    per_subject: true
    event_column: 登记日期
    leads: []
  - key: visit
    title: 走访
    source: T-2
    due: 验收后10个工作日内
    per_subject: true
    event_column: 验收日期
    leads: []
"""


def test_where_the_roster_carries_the_day_the_date_comes_from_it(bureau: Bureau, tmp_path: Path) -> None:
    office = with_survey(a_staffed_office(bureau), ROSTER)
    sheet = tmp_path / "名册.csv"
    rows = [
        ("编号", "名称", "业务主管单位", "登记日期", "验收日期"),
        ("A1", "第一家", "天宁区民政局", "2026-02-20", "2026-03-02"),
        ("A2", "第二家", "钟楼区民政局", "2026-03-01", ""),
        ("A3", "第三家", "钟楼区民政局", "1999-03-01", ""),
    ]
    with sheet.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)

    done = import_roster(bureau, "sign_survey", 2026, sheet, by=office.zhou, now=clock.at(MONDAY))

    found = {(one.milestone_key, one.subject): str(one.due_on or "") for one in duties(office)}
    assert found == {
        ("filing", "第一家"): "2026-03-22",
        ("filing", "第二家"): "2026-03-31",
        ("filing", "第三家"): "",
        ("visit", "第一家"): "2026-03-16",
        ("visit", "第二家"): "",
        ("visit", "第三家"): "",
    }
    assert done.obligations_new == 3
    # What the sheet does not know somebody may still enter.
    enter(office, date(2026, 3, 6), by=office.zhou, milestone="visit", subject="A2")
    assert len([one for one in duties(office) if one.due_on]) == 4
    assert MADE_ON < MONDAY
