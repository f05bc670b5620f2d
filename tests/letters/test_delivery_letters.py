"""What named people find in their mailbox, and what is no longer sent to them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from duban.bureau import Bureau
from duban.core.access import Role
from duban.editions.service import tell_units
from duban.editions.staging_queries import MovedItem
from duban.editions.tables import edition
from duban.evidence.service import FileItem, submit
from duban.history.tables import history
from duban.obligations.states import Transition
from duban.obligations.transitions import ExtensionDecision, ExtensionRequest, SendBack, transition
from duban.outbox.queries import enqueue_urgent
from duban.outbox.tables import dispatch
from duban.rounds.gates import close_gates
from duban.units.tables import contact
from tests.builders import a_person, a_unit
from tests.letters.delivery_builders import (
    DUE,
    LI,
    THREE_BEFORE,
    WANG,
    District,
    a_contact,
    a_district,
    at,
    hold,
    letters,
    rows,
    set_obligation,
    statuses,
    to_files,
)

PLAN = {"key": "plan", "title": "巡检计划"}


@pytest.fixture
def either_district(either_bureau: Bureau) -> District:
    return a_district(either_bureau)


@pytest.fixture
def district(bureau: Bureau) -> District:
    return a_district(bureau)


def test_wang_finds_everything_he_owes_in_one_letter_with_what_to_hand_in(either_district: District) -> None:
    bureau = either_district.bureau
    soon = either_district.owes(evidence=(PLAN,), hard_due_on=date(2026, 4, 15))
    second = either_district.owes(due_on=date(2026, 4, 13), title="乡村著名上报")
    hold(bureau, date(2026, 3, 30))

    report = to_files(bureau, date(2026, 3, 30))

    (letter,) = letters(bureau)
    assert report.accepted == 1
    assert letter.to == f"王科长 <{WANG}>"
    assert letter.subject == "【提前提醒】2项任务，最早3月31日到期"
    assert "时限：2026年3月31日（周二）" in letter.text and "还有1个工作日" in letter.text
    assert "上级时限：2026年4月15日（周三）" in letter.text and "需报：巡检计划" in letter.text
    assert "依据：2025年工作要点 附件1 A1-10-01" in letter.text
    assert f"编号：{soon}" in letter.text and f"编号：{second}" in letter.text
    (row,) = rows(bureau)
    assert (row.status, row.provider_code, row.attempts) == ("accepted", "written", 1)
    assert letter.message_id == f"<2026-03-30-{row.id}@localhost>"


def test_the_leader_gets_what_stays_overdue_with_the_unit_named(district: District) -> None:
    late = district.owes()
    for day in (date(2026, 4, 1), date(2026, 4, 7), date(2026, 4, 9)):
        hold(district.bureau, day)
        to_files(district.bureau, day)

    chase, _, escalation = letters(district.bureau)
    assert chase.subject.startswith("【催办】") and WANG in chase.to
    assert escalation.subject.startswith("【督办】1家单位1项任务逾期") and LI in escalation.to
    assert "天宁区民政局：1项，最长逾期6个工作日" in escalation.text
    assert "红灯" in escalation.text and f"编号：{late}" in escalation.text


def test_a_deputy_leader_gets_a_copy_of_what_his_unit_is_chased_for_and_of_nothing_else(
    district: District,
) -> None:
    a_contact(
        district.bureau, district.unit, "ju@tianning.example", name="孙局长", duty="deputy_leader", rank=1
    )
    chased = district.owes()
    coming = district.owes(due_on=date(2026, 4, 3))
    day = date(2026, 4, 1)
    hold(district.bureau, day)

    to_files(district.bureau, day)

    by_name = {letter.to.split()[0].strip('"'): letter for letter in letters(district.bureau)}
    assert f"编号：{chased}" in by_name["孙局长"].text and f"编号：{coming}" not in by_name["孙局长"].text
    assert f"编号：{coming}" in by_name["王科长"].text


@pytest.mark.parametrize(
    "change",
    [
        {"state": "closed"},
        {"state": "accepted"},
        {"state": "submitted"},
        {"state": "waived"},
        {"state": "suspended"},
        {"state": "cancelled"},
        {"due_on": date(2026, 4, 30)},
    ],
    ids=lambda change: str(next(iter(change.values()))),
)
def test_nothing_is_sent_of_what_was_settled_between_planning_and_delivery(
    district: District, change: dict[str, Any]
) -> None:
    settled = district.owes()
    hold(district.bureau, THREE_BEFORE)
    set_obligation(district.bureau, settled, **change)

    report = to_files(district.bureau, THREE_BEFORE)

    (row,) = rows(district.bureau)
    assert letters(district.bureau) == [] and report.withdrawn == 1
    assert row.status == "withdrawn" and "无需再发" in row.reason


@pytest.mark.parametrize("state", ["paused", "withdrawn"])
def test_nothing_is_sent_for_an_edition_that_was_paused_or_withdrawn(district: District, state: str) -> None:
    district.owes()
    hold(district.bureau, THREE_BEFORE)
    with district.bureau.store.writing() as connection:
        connection.execute(sa.update(edition).values(state=state))

    assert to_files(district.bureau, THREE_BEFORE).withdrawn == 1
    assert letters(district.bureau) == []


def test_what_still_stands_is_sent_without_what_was_settled(district: District) -> None:
    settled, stands = district.owes(), district.owes(title="乡村著名上报")
    hold(district.bureau, THREE_BEFORE)
    set_obligation(district.bureau, settled, state="closed")

    to_files(district.bureau, THREE_BEFORE)

    (letter,) = letters(district.bureau)
    assert f"编号：{stands}" in letter.text and f"编号：{settled}" not in letter.text


def test_what_was_moved_to_another_unit_is_not_told_to_the_old_one(district: District) -> None:
    moved = district.owes()
    hold(district.bureau, THREE_BEFORE)
    set_obligation(district.bureau, moved, unit_id=a_unit(district.bureau, "钟楼区民政局"))

    assert to_files(district.bureau, THREE_BEFORE).withdrawn == 1


def test_a_letter_that_never_left_is_merged_into_the_next_days_with_each_matter_once(
    district: District,
) -> None:
    twice = district.owes()
    once = district.owes(due_on=date(2026, 4, 3), title="乡村著名上报")
    days = [date(2026, 3, 26), date(2026, 3, 27), date(2026, 3, 30)]
    for day in days:
        hold(district.bureau, day)

    report = to_files(district.bureau, days[-1])

    (letter,) = letters(district.bureau)
    assert report.accepted == 1
    assert letter.text.count(f"编号：{twice}\n") == 1 and letter.text.count(f"编号：{once}\n") == 1
    assert [row.status for row in rows(district.bureau)] == ["withdrawn", "accepted"]


def test_more_matters_than_a_letter_shows_are_counted(district: District) -> None:
    for _ in range(20):
        district.owes()
    hold(district.bureau, THREE_BEFORE)

    to_files(district.bureau, THREE_BEFORE)

    (letter,) = letters(district.bureau)
    assert letter.text.count("编号：") == 15 and "另有5项" in letter.text


def test_a_link_and_the_desk_come_from_the_settings(district: District) -> None:
    changes = {
        "link_base": "https://city.example/duban/",
        "portal_key": SecretStr("a-key-of-this-test"),
        "desk_name": "市民政局办公室",
        "desk_phone": "0000-1234567",
    }
    bureau = replace(district.bureau, settings=district.bureau.settings.model_copy(update=changes))
    one = district.owes()
    hold(bureau, THREE_BEFORE)

    to_files(bureau, THREE_BEFORE)

    (letter,) = letters(bureau)
    assert re.search(rf"办理：https://city\.example/duban/l/\S+\?to={one}\n", letter.text)
    assert "市民政局办公室" in letter.text and "联系：0000-1234567" in letter.text


def test_a_date_in_a_provisional_year_says_so(district: District) -> None:
    district.owes(due_on=date(2027, 1, 8), provisional=True, ladder="standard")
    day = date(2026, 12, 31)
    hold(district.bureau, day)

    to_files(district.bureau, day)

    assert "时限：2027年1月8日（周五，暂定）" in letters(district.bureau)[0].text


def test_at_night_nothing_leaves_and_nothing_is_lost(district: District) -> None:
    district.owes()
    hold(district.bureau, THREE_BEFORE)

    night = to_files(district.bureau, THREE_BEFORE, time(21, 0))

    (row,) = rows(district.bureau)
    assert (night.deferred, night.accepted) == (1, 0) and letters(district.bureau) == []
    assert row.status == "pending" and row.not_before == at(date(2026, 3, 27), time(8, 0))
    assert to_files(district.bureau, date(2026, 3, 27), time(7, 59)).accepted == 0
    # At eight the office opens, but the day's round will take the letter up; only a round that fails to come is not waited for.
    assert to_files(district.bureau, date(2026, 3, 27), time(8, 0)).accepted == 0
    assert to_files(district.bureau, date(2026, 3, 27), time(9, 30)).accepted == 1


def test_what_is_left_of_yesterday_does_not_hold_up_todays_letter(district: District) -> None:
    older, due_today = district.owes(), district.owes(due_on=date(2026, 3, 27), title="乡村著名上报")
    hold(district.bureau, THREE_BEFORE)
    to_files(district.bureau, THREE_BEFORE, time(21, 0))  # too late in the day: put off
    next_day = date(2026, 3, 27)
    to_files(district.bureau, next_day, time(8, 5))

    hold(district.bureau, next_day)
    to_files(district.bureau, next_day, time(8, 35))

    (letter,) = letters(district.bureau)
    assert f"编号：{older}" in letter.text and f"编号：{due_today}" in letter.text
    assert "今日到期" in letter.text


def test_what_comes_up_on_a_day_off_leaves_on_the_next_workday(district: District) -> None:
    district.owes()
    holiday = date(2026, 4, 5)  # 清明, off until the 6th
    hold(district.bureau, holiday)

    assert to_files(district.bureau, holiday).deferred == 0  # the round itself has put it off
    assert rows(district.bureau)[0].not_before == at(date(2026, 4, 7), time(8, 0))
    assert to_files(district.bureau, date(2026, 4, 6)).accepted == 0
    assert to_files(district.bureau, date(2026, 4, 7), time(9, 30)).accepted == 1


def test_an_urgent_answer_written_on_a_day_off_waits_for_the_workday(district: District) -> None:
    _enqueue(district, "extension", _granted(district.owes()), on=date(2026, 4, 5))

    assert to_files(district.bureau, date(2026, 4, 5), time(10, 0)).deferred == 1
    assert rows(district.bureau)[0].not_before == at(date(2026, 4, 7), time(8, 0))


def test_an_address_gets_one_digest_a_day_even_when_an_older_one_was_held_up(district: District) -> None:
    older, newer = district.owes(), district.owes(due_on=date(2026, 4, 1), title="乡村著名上报")
    hold(district.bureau, THREE_BEFORE)
    _set_status(district, "sending")  # held by a worker when the next round was planned, so it was not merged
    hold(district.bureau, THREE_BEFORE + timedelta(days=1))
    _set_status(district, "pending", day=THREE_BEFORE)

    report = to_files(district.bureau, THREE_BEFORE + timedelta(days=1))

    assert (report.accepted, report.deferred) == (1, 1)
    (letter,) = letters(district.bureau)
    assert f"编号：{newer}" in letter.text and f"编号：{older}" not in letter.text
    held_up = rows(district.bureau)[0]
    assert held_up.status == "pending" and held_up.not_before == at(date(2026, 3, 30), time(8, 0))


def test_wang_reads_why_his_material_came_back_and_by_when(district: District, tmp_path: Any) -> None:
    bureau, one = district.bureau, district.owes(evidence=(PLAN,))
    wang = a_person(bureau, "王科长", district.unit, Role.HANDLER)
    chen = a_person(bureau, "陈审核", district.home, Role.REVIEWER)
    paper = tmp_path / "计划.txt"
    paper.write_text("巡检计划\n", encoding="utf-8")
    submit(bureau, one, items=[FileItem(key="plan", path=paper)], by=wang, now=at(date(2026, 3, 24)))
    transition(
        bureau,
        one,
        Transition.SEND_BACK,
        SendBack(reason="未列各街道的完成月份", resubmit_by_on=date(2026, 3, 30)),
        by=chen,
        now=at(THREE_BEFORE),
    )

    to_files(bureau, THREE_BEFORE)

    (letter,) = letters(bureau)
    assert letter.subject == "【退回】地名标志巡检·巡检计划报备案（第1次），3月30日前补正"
    assert "退回原因：未列各街道的完成月份" in letter.text and "审核人：陈审核" in letter.text
    assert f"编号：{one}" in letter.text


def test_an_older_answer_is_not_sent_after_a_newer_one(district: District) -> None:
    one = district.owes(state="returned")
    payload = {
        "obligation_id": one,
        "reason": "缺附件",
        "reviewer": "陈审核",
        "times": 1,
        "resubmit_by_on": None,
        "previous_due_on": DUE.isoformat(),
    }
    _enqueue(district, "send_back", payload)
    set_obligation(district.bureau, one, returned_times=2)

    assert to_files(district.bureau, THREE_BEFORE).withdrawn == 1


def test_the_asker_reads_what_was_decided_on_his_extension(district: District) -> None:
    bureau = district.bureau
    one = district.owes(hard_due_on=date(2026, 4, 30))
    wang = a_person(bureau, "王科长", district.unit, Role.HANDLER)
    zhou = a_person(bureau, "周统筹", district.home, Role.COORDINATOR)
    transition(
        bureau,
        one,
        Transition.ASK_EXTENSION,
        ExtensionRequest(wanted_on=date(2026, 4, 20), reason="会商未完", progress="已完成初稿"),
        by=wang,
        now=at(date(2026, 3, 25)),
    )
    transition(
        bureau,
        one,
        Transition.DECIDE_EXTENSION,
        ExtensionDecision(granted_on=date(2026, 4, 10), reply="同意顺延"),
        by=zhou,
        now=at(THREE_BEFORE, time(15, 0)),
    )

    to_files(bureau, THREE_BEFORE, time(15, 0))

    (letter,) = letters(bureau)
    assert letter.subject.startswith("【延期批复】同意延至4月10日")
    assert "原时限：2026年3月31日（周二）" in letter.text and "批复人：周统筹" in letter.text
    assert "申请延至：2026年4月20日（周一）" in letter.text and "延期：已批准" in letter.text


def test_an_answer_about_what_was_waived_meanwhile_is_withdrawn(district: District) -> None:
    one = district.owes()
    _enqueue(district, "extension", _granted(one))
    set_obligation(district.bureau, one, state="waived")

    assert to_files(district.bureau, THREE_BEFORE).withdrawn == 1
    assert letters(district.bureau) == []


def test_a_unit_whose_dates_moved_reads_the_old_and_the_new_ones(district: District) -> None:
    moved, closed = (
        district.owes(due_on=date(2026, 4, 3)),
        district.owes(due_on=date(2026, 4, 3), state="closed"),
    )
    _tell_moved(district, moved, closed)

    to_files(district.bureau, THREE_BEFORE)

    (letter,) = letters(district.bureau)
    assert letter.subject.startswith("【日历变更】地名标志巡检·巡检计划报备案，时限改为4月3日")
    assert "2026年放假安排已确认，贵单位1项任务的时限随之调整" in letter.text
    assert "原时限：2026年3月31日（周二）" in letter.text and f"编号：{closed}" not in letter.text


def test_a_change_that_was_taken_back_is_not_told(district: District) -> None:
    _tell_moved(district, district.owes())

    assert to_files(district.bureau, THREE_BEFORE).withdrawn == 1


def test_a_leader_reads_how_a_stage_ended_and_who_is_missing(district: District) -> None:
    district.owes(gate=True)
    close_gates(district.bureau, now=at(date(2026, 4, 1)))

    to_files(district.bureau, date(2026, 4, 1))

    (letter,) = letters(district.bureau)
    assert LI in letter.to and letter.subject.startswith("【阶段小结】地名标志巡检2026·巡检计划报备案")
    assert "应办1家，按时办结0家" in letter.text and "1. 天宁区民政局：逾期1个工作日" in letter.text


def test_a_summary_of_a_withdrawn_edition_stays_unsent(district: District) -> None:
    district.owes(gate=True)
    close_gates(district.bureau, now=at(date(2026, 4, 1)))
    with district.bureau.store.writing() as connection:
        connection.execute(sa.update(edition).values(state="withdrawn"))

    assert to_files(district.bureau, date(2026, 4, 1)).withdrawn == 1


def test_one_letter_that_cannot_be_composed_is_put_aside_and_the_others_leave(district: District) -> None:
    district.owes()
    hold(district.bureau, THREE_BEFORE)
    spoiled = {"obligation_id": district.owes(), "granted": True}
    _enqueue(district, "extension", spoiled, unit_id=a_unit(district.bureau, address="x@u.example"))
    _enqueue(district, "unheard_of", {}, unit_id=a_unit(district.bureau, address="y@u.example"))

    report = to_files(district.bureau, THREE_BEFORE)

    assert statuses(district.bureau) == {WANG: "accepted", "x@u.example": "failed", "y@u.example": "failed"}
    assert report.failed == 2 and all(
        "写不成" in row.reason for row in rows(district.bureau) if row.status == "failed"
    )


def test_a_contact_who_has_left_is_not_written_to_and_the_next_one_takes_over(district: District) -> None:
    a_contact(district.bureau, district.unit, "zhao@tianning.example", duty="backup")
    district.owes()
    hold(district.bureau, THREE_BEFORE)
    with district.bureau.store.writing() as connection:
        connection.execute(sa.update(contact).where(contact.c.address == WANG).values(active=False))

    to_files(district.bureau, THREE_BEFORE)

    assert statuses(district.bureau) == {WANG: "failed", "zhao@tianning.example": "accepted"}


def test_a_channel_that_is_not_configured_is_said_and_the_next_contact_takes_over(
    district: District,
) -> None:
    unit = a_unit(district.bureau, "钟楼区民政局", address=None)
    first = a_contact(district.bureau, unit, "robot", rank=1, channel="apprise")
    a_contact(district.bureau, unit, "zhao@zhonglou.example", rank=2)
    district.owes(unit_id=unit)
    hold(district.bureau, THREE_BEFORE)

    report = to_files(district.bureau, THREE_BEFORE)

    robot, mail = rows(district.bureau)
    assert (report.failed, report.accepted) == (1, 1) and robot.contact_id == first
    assert robot.reason == "发送渠道“apprise”尚未配置，请在设置中配置后重发。"
    assert (mail.status, mail.fallback_of) == ("accepted", robot.id)


def test_no_more_is_claimed_than_asked_for(district: District) -> None:
    for n in range(5):
        district.owes(unit_id=a_unit(district.bureau, f"第{n}区民政局"))
    hold(district.bureau, THREE_BEFORE)

    assert to_files(district.bureau, THREE_BEFORE, limit=2).accepted == 2
    assert to_files(district.bureau, THREE_BEFORE).accepted == 3


def test_a_pass_that_did_something_stands_in_the_history_and_an_idle_one_does_not(
    district: District,
) -> None:
    district.owes()
    hold(district.bureau, THREE_BEFORE)
    for _ in range(2):
        to_files(district.bureau, THREE_BEFORE)

    with district.bureau.store.reading() as connection:
        found = connection.execute(sa.select(history.c.detail).where(history.c.verb == "deliver"))
        assert ['"accepted":1' in str(row.detail) for row in found] == [True]


def _enqueue(
    district: District,
    kind: str,
    payload: dict[str, Any],
    *,
    on: date = THREE_BEFORE,
    unit_id: int | None = None,
) -> None:
    with district.bureau.store.writing() as connection:
        enqueue_urgent(
            connection,
            kind=kind,
            unit_id=unit_id or district.unit,
            ref=f"about:{kind}",
            payload=payload,
            now=at(on),
            settings=district.bureau.settings,
        )


def _granted(obligation_id: int) -> dict[str, Any]:
    return {
        "obligation_id": obligation_id,
        "granted": True,
        "asked_for_on": "2026-04-20",
        "granted_on": "2026-04-10",
        "previous_due_on": DUE.isoformat(),
        "decided_by": "周统筹",
        "reason": "同意",
    }


def _tell_moved(district: District, *obligations: int) -> None:
    items = tuple(
        MovedItem(
            obligation_id=one,
            unit_id=district.unit,
            previous_due_on=DUE,
            previous_last_workday=DUE,
            previous_provisional=False,
        )
        for one in obligations
    )
    with district.bureau.store.writing() as connection:
        tell_units(
            connection,
            district.bureau,
            items,
            cause="2026年放假安排已确认",
            ref="notice-1",
            now=at(THREE_BEFORE),
        )


def _set_status(district: District, status: str, *, day: date | None = None) -> None:
    table = dispatch
    statement = sa.update(table).values(status=status)
    with district.bureau.store.writing() as connection:
        connection.execute(statement if day is None else statement.where(table.c.day == day))
