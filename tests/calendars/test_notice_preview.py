"""What a notice would change, shown before it is confirmed, and the table it becomes."""

from __future__ import annotations

from datetime import date

import pytest

from calendars.notices import preview_notice_change, to_year_table
from calendars.notices.draft import NoticeRefused
from calendars.notices.text import read_text
from calendars.workdays import WorkdayTable, YearState, moved, workday_table
from calendars.workdays.files import load_workdays, project
from tests.calendars.notice_writer import Block, Hand, written


def d(month: int, *days: int, year: int = 2027) -> tuple[date, ...]:
    return tuple(date(year, month, day) for day in range(days[0], days[-1] + 1))


# An invented arrangement for 2027; nobody has published one.
BLOCKS_2027 = [
    Block(names=("元旦",), off=d(1, 1, 3)),
    Block(names=("春节",), off=d(2, 5, 12), make_up=(date(2027, 1, 31), date(2027, 2, 20))),
    Block(names=("清明",), off=d(4, 3, 5)),
    Block(names=("劳动节",), off=d(5, 1, 5), make_up=(date(2027, 4, 25),)),
    Block(names=("端午",), off=d(6, 9, 9)),
    Block(names=("中秋",), off=d(9, 15, 15)),
    Block(names=("国庆",), off=d(10, 1, 7), make_up=(date(2027, 9, 26), date(2027, 10, 9))),
]


def a_notice_for_2027(**changes) -> str:
    return written(2027, BLOCKS_2027, Hand(**changes))


def test_a_notice_for_a_provisional_year_shows_what_it_publishes() -> None:
    shown = preview_notice_change(read_text(a_notice_for_2027()), load_workdays())

    assert shown.acceptable
    assert (shown.state_before, shown.state_after) == (YearState.PROVISIONAL, YearState.PUBLISHED)
    assert (shown.checksum, shown.expected) == (13, 13)
    assert "一致" in shown.verdict
    assert [day.on for day in shown.working_weekends] == [
        date(2027, 1, 31),
        date(2027, 2, 20),
        date(2027, 4, 25),
        date(2027, 9, 26),
        date(2027, 10, 9),
    ]


def test_the_changed_days_are_exactly_those_that_differ_from_the_table_in_force() -> None:
    current = load_workdays()
    shown = preview_notice_change(read_text(a_notice_for_2027()), current)
    assert shown.table is not None

    after = load_workdays([shown.table])

    year = [date.fromordinal(n) for n in range(date(2026, 12, 1).toordinal(), date(2028, 2, 1).toordinal())]
    differing = [day for day in year if current.is_workday(day) != after.is_workday(day)]
    assert [change.on for change in shown.changes] == differing
    assert all(change.was_workday is not change.is_workday for change in shown.changes)


def test_after_the_import_the_moved_days_and_marks_are_listed_for_the_journal() -> None:
    current, day = load_workdays(), date(2027, 2, 11)
    shown = preview_notice_change(read_text(a_notice_for_2027()), current)
    assert shown.table is not None

    [change] = moved(current, load_workdays([shown.table]), [day, date(2026, 3, 31)])

    assert (change.day, change.old_workday, change.new_workday) == (day, day, date(2027, 2, 4))
    assert (change.was_provisional, change.is_provisional) == (True, False)


def test_a_checksum_that_is_off_is_said_in_the_verdict() -> None:
    blocks = [*BLOCKS_2027[:-1], Block(names=("国庆",), off=d(10, 1, 7))]

    shown = preview_notice_change(read_text(written(2027, blocks)), load_workdays())

    assert (shown.checksum, shown.expected) == (15, 13)
    assert "法定应为13天" in shown.verdict and "核对" in shown.verdict


def test_a_notice_with_problems_shows_them_and_becomes_no_table() -> None:
    draft = read_text(a_notice_for_2027().replace("共3天", "共4天"))
    shown = preview_notice_change(draft, load_workdays())

    assert not shown.acceptable
    assert shown.table is None
    assert "无法核对" in shown.verdict
    with pytest.raises(NoticeRefused, match="共4天"):
        to_year_table(draft)


def test_the_same_notice_again_changes_nothing_and_says_so() -> None:
    table = to_year_table(read_text(a_notice_for_2027()))

    shown = preview_notice_change(read_text(a_notice_for_2027()), load_workdays([table]))

    assert shown.changes == ()
    assert any("没有一天改变" in warning for warning in shown.warnings)


def test_a_notice_older_than_the_one_in_force_is_refused() -> None:
    text = "关于2026年放假的通知\n端午节：6月19日放假。\n某办公室\n2025年10月1日"

    shown = preview_notice_change(read_text(text), load_workdays())

    assert any("更早" in problem for problem in shown.problems)


def test_an_amendment_changes_one_holiday_and_leaves_the_rest() -> None:
    text = "关于调整2026年端午节假期的通知\n端午节：6月19日至22日放假，共4天。\n某办公室\n2026年3月2日"

    shown = preview_notice_change(read_text(text), load_workdays())

    assert [change.on for change in shown.changes] == [date(2026, 6, 22)]
    assert (shown.checksum, shown.expected) == (14, 13)
    assert "延长了假期，这是正常的" in shown.verdict


def a_spring_of_2020() -> WorkdayTable:
    """The block before it was prolonged."""
    text = (
        "关于2020年放假的通知\n春节：1月24日至30日放假调休。1月19日、2月1日上班。\n某办公室\n2019年11月21日"
    )
    return workday_table([to_year_table(read_text(text))])


def test_an_extension_begins_where_the_table_in_force_says_and_frees_its_make_up_day() -> None:
    text = "关于延长2020年春节假期的通知\n延长2020年春节假期至2月2日，2月3日起正常上班。\n某办公室\n2020年1月26日"

    shown = preview_notice_change(read_text(text), a_spring_of_2020())

    assert shown.acceptable and shown.table
    assert [change.on for change in shown.changes] == [date(2020, 1, 31), date(2020, 2, 1)]
    assert (shown.table.off[0].on, shown.table.off[-1].on) == (date(2020, 1, 24), date(2020, 2, 2))
    assert [day.on for day in shown.table.make_up] == [date(2020, 1, 19)]


@pytest.mark.parametrize("until", ["1月29日", "1月30日"])
def test_an_extension_that_does_not_extend_is_refused(until: str) -> None:
    draft = read_text(f"关于延长2020年春节假期的通知\n延长2020年春节假期至{until}。")

    assert "没有延长" in preview_notice_change(draft, a_spring_of_2020()).problems[0]


def test_an_extension_of_an_unknown_block_is_refused() -> None:
    draft = read_text("关于延长2020年春节假期的通知\n延长2020年春节假期至2月2日。")

    with pytest.raises(NoticeRefused, match="请先导入"):
        to_year_table(draft)
    assert "请先导入" in preview_notice_change(draft, load_workdays()).problems[0]


def test_a_notice_that_leaves_a_gap_of_years_is_refused() -> None:
    text = written(2035, [Block(names=("元旦",), off=(date(2035, 1, 1),))]).replace("部分节假日安排", "放假")

    shown = preview_notice_change(read_text(text), load_workdays())

    assert any("没有2029年" in problem for problem in shown.problems)


def test_the_next_years_notice_may_move_a_december_day_of_this_year() -> None:
    first = Block(names=("元旦",), off=(date(2026, 12, 31), *d(1, 1, 3)), make_up=(date(2026, 12, 27),))
    text = written(2027, [first, *BLOCKS_2027[1:]])

    shown = preview_notice_change(read_text(text), load_workdays())

    assert [change.on for change in shown.changes][:2] == [date(2026, 12, 27), date(2026, 12, 31)]


def test_a_projection_is_never_made_from_a_notice() -> None:
    table = to_year_table(read_text(a_notice_for_2027()))

    assert table.state is YearState.PUBLISHED
    assert project(2027).state is YearState.PROVISIONAL
