"""The day a document was issued, and days off: which dates it makes, which it does not, and what is said beside them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.deadlines.parts import CannotResolve, Resolution
from calendars.deadlines.resolve import resolve
from calendars.deadlines.rolling import Roll
from calendars.lunar import almanac_for
from calendars.model import Edition
from calendars.phrases import read_phrase
from calendars.reader import CALENDARS, read_edition_text, units_of
from calendars.reader.faults import CalendarFaults
from calendars.roll import rewrite
from calendars.workdays.files import load_workdays
from calendars.writing import text_of
from tests.calendars.deadline_cases import ALMANAC

WORKDAYS, UNITS = load_workdays(), units_of(CALENDARS)
JULY = date(2025, 7, 4)
PLAN = """\
campaign: rest_home_visits
name: 敬老院走访
kind: standing
year: 2025
documents:
  N: 关于下半年走访的通知
{more}
milestones:
  - key: visits
    title: 走访
    source: N-1
    due: {due}
    leads: [天宁区, 钟楼区]
"""


def dates(phrase: str, *, year: int = 2025, issued_on: date | None = JULY, **more) -> Resolution:
    return resolve(
        read_phrase(phrase), year=year, almanac=ALMANAC, workdays=WORKDAYS, issued_on=issued_on, **more
    )


def days(found: Resolution) -> list[str]:
    return [str(one.due_on) for one in found.occurrences] or [str(found.due_on)]


def an_edition(due: str, *more: str, year: int = 2025) -> Edition:
    text = PLAN.format(due=due, more="\n".join(more)).replace("year: 2025", f"year: {year}")
    return read_edition_text(
        text, Path(str(year), "rest_home_visits.yaml"), units=UNITS, almanac=almanac_for(), workdays=WORKDAYS
    )


@pytest.mark.parametrize(
    ("phrase", "first", "count"),
    [
        ("每月25日前", "2025-07-25", 6),
        ("每月3日前", "2025-08-03", 5),
        ("每季度一次", "2025-09-30", 2),
        ("每周五", "2025-07-04", 26),
        ("春节前", "2026-02-16", 1),
        ("3月底前", "2026-03-31", 1),
        ("6月份之前", "2026-05-31", 1),
        ("国庆、春节期间", "2025-10-08", 2),
        ("11月至次年2月", "2026-02-28", 1),
        ("3月至8月", "2025-08-31", 1),
        ("印发后15个工作日内", "2025-07-25", 1),
        ("即日起至12月底", "2025-12-31", 1),
        ("清明节期间每日", "2026-04-04", 3),
    ],
)
def test_nothing_of_a_july_plan_is_due_before_july(phrase: str, first: str, count: int) -> None:
    found = days(dates(phrase))

    assert (found[0], len(found)) == (first, count)


def test_next_year_is_said_as_an_assumption() -> None:
    assert any("当年的2025-01-28已过，按次年理解" in said for said in dates("春节前").assumptions)
    assert any("此前的6期不列" in said for said in dates("每月25日前").assumptions)


def test_before_june_in_a_paper_of_june_has_only_one_meaning_left() -> None:
    found = dates("6月份之前", issued_on=date(2025, 6, 10))

    assert days(found) == ["2025-06-30"]
    assert any("按含在内理解" in said for said in found.assumptions)


@pytest.mark.parametrize(
    "phrase", ["2025年3月底前", "今年3月底前", "3月底前制定方案，10月底前总结", "2024年底前"]
)
def test_a_date_that_its_own_words_put_before_the_paper_goes_to_a_person(phrase: str) -> None:
    with pytest.raises(CannotResolve, match="请核对原文"):
        dates(phrase)


def test_a_year_of_which_nothing_is_left_begins_with_the_next() -> None:
    found = dates("每年3月31日前")

    assert found.due_on is None
    assert any("从下一年度起办理" in said for said in found.assumptions)


@given(
    phrase=st.sampled_from(
        ("每月10日前", "每季度一次", "春节前", "每周二", "3月底前", "七夕", "每半年", "每旬")
    ),
    issued_on=st.dates(date(2025, 1, 1), date(2025, 12, 31)),
)
def test_no_date_lies_before_the_day_of_issue_and_none_after_it_is_lost(phrase: str, issued_on: date) -> None:
    found = dates(phrase, issued_on=issued_on)
    plain = dates(phrase, issued_on=None)

    made = [date.fromisoformat(day) for day in days(found) if day != "None"]
    assert all(day >= issued_on for day in made)
    assert {date.fromisoformat(day) for day in days(plain)} & {*made} == {
        day for one in days(plain) if (day := date.fromisoformat(one)) >= issued_on
    }


def test_without_a_day_of_issue_the_whole_year_is_listed() -> None:
    assert len(days(dates("每月25日前", issued_on=None))) == 12


@pytest.mark.parametrize(
    ("clause", "modifier", "due_on"),
    [
        ("（遇节假日顺延）", "holiday_roll(next)", "2026-02-24"),
        ("，遇节假日顺延至下一个工作日", "holiday_roll(next)", "2026-02-24"),
        ("（如遇法定节假日、双休日，顺延至节后第一个工作日）", "holiday_roll(next)", "2026-02-24"),
        ("，遇节假日顺延至节后第二个工作日", "holiday_roll(second)", "2026-02-25"),
        ("，遇节假日提前至前一工作日", "holiday_roll(previous)", "2026-02-14"),
        ("，遇法定节假日提前至节前最后一个工作日", "holiday_roll(previous,holidays)", "2026-02-14"),
        ("（逢周末顺延）", "holiday_roll(next,weekends)", "2026-02-17"),
    ],
)
def test_a_clause_says_which_days_off_move_the_date_and_where(
    clause: str, modifier: str, due_on: str
) -> None:
    reading = read_phrase(f"2月17日前{clause}")

    assert reading.modifiers == (modifier,)
    assert days(dates(f"2月17日前{clause}", year=2026, issued_on=None)) == [due_on]


@pytest.mark.parametrize("phrase", ["5月31日前（遇法定节假日顺延）", "5月31日前"])
def test_a_plain_sunday_is_no_statutory_holiday(phrase: str) -> None:
    assert days(dates(phrase, year=2026, issued_on=None)) == ["2026-05-31"]


@pytest.mark.parametrize(
    "clause", ["（遇节假日提前至节后第一个工作日）", "（遇节假日顺延至前一工作日）", "（节假日不顺延）"]
)
def test_a_clause_that_contradicts_itself_goes_to_a_person(clause: str) -> None:
    assert hasattr(read_phrase(f"2月17日前{clause}"), "reason")


def test_occurrences_that_days_off_bring_onto_one_day_are_one_and_say_so() -> None:
    found = dates("每周二（遇节假日顺延）", year=2026, issued_on=None)

    tuesday = next(one for one in found.occurrences if one.due_on == date(2026, 2, 24))
    assert tuesday.label == "2月24日"
    assert len(found.occurrences) == 51
    assert "原到期日2026-02-17是休息日，改为2026-02-24" in "".join(tuesday.because)
    assert "“2月17日”一期也落在2026-02-24，并为一期。" in tuesday.because


@given(
    way=st.sampled_from(("previous", "next", "second")), on=st.dates(date(2025, 1, 15), date(2026, 11, 30))
)
def test_a_rolled_date_is_a_workday_on_its_side_and_a_workday_stays(way: str, on: date) -> None:
    moved = Roll(way=way, why="局务会").of(on, WORKDAYS)

    assert WORKDAYS.is_workday(moved)
    assert moved == on if WORKDAYS.is_workday(on) else (moved < on) == (way == "previous")
    assert abs(moved - on) < timedelta(days=16)


@pytest.mark.parametrize(
    ("lines", "due_on"),
    [
        (("roll: next", "roll_reason: 通知第五条"), "2026-02-24"),
        (("roll: second", "roll_reason: 通知第五条"), "2026-02-25"),
        (("roll: previous", "roll_days: holidays", "roll_reason: 通知第五条"), "2026-02-14"),
        (("roll: next", "roll_days: weekends", "roll_reason: 通知第五条"), "2026-02-17"),
    ],
)
def test_the_campaign_says_what_a_day_off_does_and_its_reason_stands_beside_the_date(
    lines: tuple[str, ...], due_on: str
) -> None:
    [point] = an_edition("2月17日前", *lines, year=2026).milestones[0].points

    assert str(point.due_on) == due_on
    assert any("通知第五条" in said for said in point.assumptions) == (due_on != "2026-02-17")


def test_five_units_owe_one_report_for_two_tuesdays_of_the_festival() -> None:
    edition = an_edition("每周二", "roll: next", "roll_reason: 通知第五条", year=2026)

    labels = [point.label for point in edition.milestones[0].points]
    assert "2月17日" not in labels
    assert len(labels) == 51


def test_what_a_file_says_of_its_day_and_of_days_off_is_written_as_it_is_read() -> None:
    before = an_edition(
        "每月25日前", "issued: 2025-07-04", "roll: second", "roll_reason: 第五条", "roll_days: holidays"
    )

    text = text_of(before)

    assert "issued: 2025-07-04" in text
    path = Path("2025", "rest_home_visits.yaml")
    assert read_edition_text(text, path, units=UNITS, almanac=almanac_for(), workdays=WORKDAYS) == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("issued: 七月四日", "不是日期"),
        ("issued: 2026-07-04", "应在2024年或2025年"),
        ("roll: third\nroll_reason: 第五条", "second"),
        ("roll_days: sundays", "holidays"),
        ("roll: next", "roll_reason"),
    ],
)
def test_a_wrong_setting_is_told_with_what_may_stand_there(line: str, said: str) -> None:
    with pytest.raises(CalendarFaults) as refused:
        an_edition("每月25日前", line)

    assert said in "".join(fault.message for fault in refused.value.faults)


@pytest.mark.parametrize(
    ("due", "after", "first"),
    [
        ("春节前", "次年春节前", "2027-02-05"),
        ("每月25日前", "每月25日前", "2026-01-25"),
        ("9月底前", "9月底前", "2026-09-30"),
    ],
)
def test_rolled_into_the_next_year_a_file_loses_its_day_and_keeps_its_cycle(
    due: str, after: str, first: str
) -> None:
    before = an_edition(due, "issued: 2025-07-04")

    rolled = rewrite(text_of(before), before, 2026, UNITS).text

    assert rolled is not None
    assert "issued" not in rolled
    path = Path("2026", "rest_home_visits.yaml")
    read = read_edition_text(rolled, path, units=UNITS, almanac=almanac_for(), workdays=WORKDAYS)
    assert read.milestones[0].due_phrase == after
    assert str(read.milestones[0].points[0].due_on) == first
