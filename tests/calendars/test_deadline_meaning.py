"""What a resolution says beside its dates: last workdays, provisional years, rolling, modifiers and assumptions."""

from __future__ import annotations

from datetime import date

import pytest

from calendars.deadlines.grammar import read
from calendars.deadlines.parts import Reading
from calendars.deadlines.resolve import resolve
from tests.calendars.deadline_cases import ALMANAC, a_resolution


def test_a_due_date_on_a_day_off_stays_and_the_last_workday_stands_beside_it():
    found = a_resolution("5月31日前")

    assert found.due_on == date(2026, 5, 31)
    assert found.last_workday == date(2026, 5, 29)


def test_the_last_workday_before_spring_festival_is_the_make_up_saturday():
    assert a_resolution("春节前").last_workday == date(2026, 2, 14)


@pytest.mark.parametrize("phrase", ["3月底前", "清明节期间", "每月最后一个工作日", "每季度末月25日前"])
def test_what_rests_on_a_year_without_notice_is_provisional(phrase):
    assert a_resolution(phrase, year=2027).provisional
    assert not a_resolution(phrase, year=2026).provisional


def test_a_date_beyond_every_known_year_keeps_its_day_and_says_what_is_missing():
    found = a_resolution("2030年12月31日前")

    assert found.due_on == date(2030, 12, 31)
    assert found.last_workday is None
    assert found.provisional
    assert any("工作日表没有所涉年份" in each for each in found.assumptions)


def test_a_phrase_that_rolls_over_days_off_moves_to_the_next_workday_and_says_so():
    found = a_resolution("5月31日前（遇节假日顺延）")

    assert found.due_on == date(2026, 6, 1)
    assert any("2026-05-31" in each for each in found.assumptions)


def test_each_occurrence_of_a_rolling_recurrence_moves_by_itself():
    found = a_resolution("每月25日前（遇节假日顺延）")

    assert found.occurrences[0].due_on == date(2026, 1, 26)
    assert found.occurrences[1].due_on == date(2026, 2, 25)


@pytest.mark.parametrize(
    ("phrase", "modifiers"),
    [
        ("力争6月底前", ("soft",)),
        ("原则上于10月底前完成", ("soft",)),
        ("最迟不晚于5月31日", ("firm",)),
        ("年底前累计完成20个", ("cumulative",)),
        ("力争明年上半年", ("soft", "relative_year(+1)")),
        ("每月10日前（遇节假日顺延）", ("holiday_roll(next)",)),
        ("3月底前", ()),
    ],
)
def test_what_softens_a_phrase_is_kept(phrase, modifiers):
    reading = read(phrase)

    assert isinstance(reading, Reading)
    assert reading.modifiers == modifiers


def test_another_year_in_the_text_wins_over_the_plan_year_and_is_said():
    found = a_resolution("2027年6月底前", year=2026)

    assert found.due_on == date(2027, 6, 30)
    assert "文中写明 2027 年，与计划年份 2026 年不同，按文中年份。" in found.assumptions


def test_a_window_across_the_year_end_says_so():
    found = a_resolution("11月-3月")

    assert (found.starts_on, found.due_on) == (date(2026, 11, 1), date(2027, 3, 31))
    assert any("跨越年末" in each for each in found.assumptions)


def test_two_festivals_that_share_their_days_off_are_one_window():
    found = a_resolution("中秋、国庆期间", year=2025)

    assert [(each.starts_on, each.due_on) for each in found.occurrences] == [
        (date(2025, 10, 1), date(2025, 10, 8))
    ]


def test_clauses_keep_what_is_due_at_each_date():
    found = a_resolution("3月底前完成,10月底前总结")

    assert [(each.due_on, each.label) for each in found.occurrences] == [
        (date(2026, 3, 31), "3月底前完成"),
        (date(2026, 10, 31), "10月底前总结"),
    ]


def test_the_29th_of_february_is_understood_in_a_leap_year():
    assert a_resolution("2月29日前", year=2028).due_on == date(2028, 2, 29)


def test_a_past_subject_year_is_no_deadline():
    assert a_resolution("2024年度", year=2025).due_on is None
    assert a_resolution("2025年度", year=2025).due_on == date(2025, 12, 31)


def test_without_a_workday_table_fixed_dates_still_resolve():
    reading = read("3月底前")

    assert isinstance(reading, Reading)
    found = resolve(reading, year=2026, almanac=ALMANAC, workdays=None)
    assert (found.due_on, found.last_workday, found.provisional) == (date(2026, 3, 31), None, False)
