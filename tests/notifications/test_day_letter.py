from datetime import date

import pytest

from notifications.day_letter import day_letter
from notifications.messages import Kind, Section, render
from tests.notifications.mail_builders import an_item
from tests.notifications.samples import DESK


def a_day(*sections: Section) -> str:
    message = day_letter(
        to_name="王科长", unit="钟楼区民政局", as_of_on=date(2026, 4, 3), sections=sections, desk=DESK
    )
    return f"{message.folder}: {render(message).subject}"


@pytest.mark.parametrize(
    ("kind", "letter"),
    [
        (Kind.ASSIGN, "assign: 【交办】5项任务，最早3月31日到期"),
        (Kind.ADVANCE, "advance: 【提前提醒】5项任务，最早3月31日到期"),
        (Kind.DUE, "due: 【到期】5项任务到期"),
        (Kind.CHASE, "chase: 【催办】5项任务逾期"),
        (Kind.ESCALATE, "escalate: 【督办】1家单位1项任务逾期，最长3个工作日"),
        (Kind.CALENDAR_CHANGE, "digest: 【督办提醒】4月3日：日历变更5项"),
    ],
)
def test_one_kind_alone_is_its_own_letter(kind, letter):
    assert a_day(Section(kind=kind, items=(an_item(days_left=-3),), total=5)) == letter


def test_several_kinds_are_one_digest():
    sections = [Section(kind=kind, items=(an_item(days_left=-3),)) for kind in (Kind.ASSIGN, Kind.ESCALATE)]

    assert a_day(*sections) == "digest: 【督办提醒】4月3日：督办1项、交办1项"
