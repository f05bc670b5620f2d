"""What goes into a notice comes out of its text: real years from a second source, and invented ones by the hundred."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from chinese_calendar import is_workday
from chinese_calendar.constants import Holiday, holidays, workdays
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from calendars.notices import checksum_of, expected_checksum, to_year_table
from calendars.notices.draft import NoticeRefused
from calendars.notices.text import read_text
from calendars.workdays import FESTIVALS, workday_table
from calendars.workdays.files import statutory_days
from tests.calendars.notice_writer import Block, Hand, written

NAMES = {
    Holiday.new_years_day.value: "元旦",
    Holiday.spring_festival.value: "春节",
    Holiday.tomb_sweeping_day.value: "清明",
    Holiday.labour_day.value: "劳动节",
    Holiday.dragon_boat_festival.value: "端午",
    Holiday.mid_autumn_festival.value: "中秋",
    Holiday.national_day.value: "国庆",
    Holiday.anti_fascist_70th_day.value: "抗战胜利纪念日",
}
CHECKSUMS_BY_AMENDMENT = {2015: 12, 2020: 13}
hands = st.builds(
    Hand,
    weekday=st.sampled_from(["", "周", "星期"]),
    full_width=st.booleans(),
    month_once=st.booleans(),
    counts=st.booleans(),
    broken_lines=st.booleans(),
    to=st.sampled_from(["至", "-", "—", "～"]),
)


def _notice_year(day: date, name: str) -> int:
    return day.year + 1 if name == "元旦" and day.month == 12 else day.year


def _real_blocks(year: int) -> list[Block]:
    off: dict[str, list[date]] = {}
    make_up: dict[str, list[date]] = {}
    for source, kept in ((holidays, off), (workdays, make_up)):
        for day, english in source.items():
            name = NAMES[english]
            if _notice_year(day, name) == year and not (source is workdays and day.weekday() < 5):
                kept.setdefault(name, []).append(day)
    shared = "中秋" not in off
    return [
        Block(
            names=("国庆", "中秋") if name == "国庆" and shared else (name,),
            off=tuple(sorted(days)),
            make_up=tuple(sorted(make_up.get(name, []))),
        )
        for name, days in off.items()
    ]


@pytest.mark.parametrize("year", range(2009, 2027))
def test_a_real_year_written_as_a_notice_has_no_problem_and_the_right_number_of_days(year: int) -> None:
    draft = read_text(written(year, _real_blocks(year)))
    table = workday_table([to_year_table(draft)])

    assert draft.problems == ()
    assert draft.unread == ("值班事宜另行告知",)
    assert checksum_of(table, year) == CHECKSUMS_BY_AMENDMENT.get(year, expected_checksum(year))


def test_eighteen_real_years_written_as_notices_are_read_without_one_wrong_day() -> None:
    drafts = [read_text(written(year, _real_blocks(year))) for year in range(2009, 2027)]
    table = workday_table(to_year_table(draft) for draft in drafts)

    days = [date.fromordinal(n) for n in range(date(2009, 1, 1).toordinal(), date(2027, 1, 1).toordinal())]
    assert [day for day in days if table.is_workday(day) != is_workday(day)] == []


@st.composite
def invented(draw: st.DrawFn) -> tuple[int, list[Block]]:
    """A year whose seven holidays begin near their statutory days, of any length, with make-up days around them."""
    year = draw(st.integers(2025, 2055))
    first = {name: day for day, name in reversed(statutory_days(year))}
    blocks, taken = [], set[date]()
    for name in FESTIVALS:
        begin = first[name] + timedelta(days=draw(st.integers(-3, 1)))
        off = tuple(begin + timedelta(days=offset) for offset in range(draw(st.integers(1, 9))))
        around = [begin + timedelta(days=offset) for offset in range(-12, 15)]
        weekends = [day for day in around if day.weekday() >= 5 and day not in off]
        make_up = draw(st.lists(st.sampled_from(weekends), unique=True, max_size=3))
        assume(not taken & {*off, *make_up})
        taken |= {*off, *make_up}
        blocks.append(Block(names=(name,), off=off, make_up=tuple(sorted(make_up))))
    return year, blocks


@given(invented(), hands)
@settings(max_examples=60)
def test_an_invented_notice_in_any_hand_gives_back_its_days(
    notice: tuple[int, list[Block]], hand: Hand
) -> None:
    year, blocks = notice

    draft = read_text(written(year, blocks, hand))

    assert draft.problems == ()
    assert not draft.amends
    assert (draft.year, draft.issued_on) == (year, date(year - 1, 11, 9))
    assert {(day.on, day.names) for day in draft.off} == {(on, b.names) for b in blocks for on in b.off}
    assert {(day.on, day.names) for day in draft.make_up} == {
        (on, b.names) for b in blocks for on in b.make_up
    }


@given(invented(), st.sampled_from(["周", "星期"]))
@settings(max_examples=30)
def test_a_notice_read_for_the_wrong_year_is_caught_by_its_weekdays(
    notice: tuple[int, list[Block]], weekday: str
) -> None:
    year, blocks = notice
    text = written(year, blocks, Hand(weekday=weekday)).replace(f"{year}年", f"{year + 1}年")

    assert any("请核对日期和年份" in problem for problem in read_text(text).problems)


@given(
    st.text(
        alphabet="0123456789年月日至、，。；：（）()星期周六日放假调休上班共天元旦春节与末连公补延长\n -",
        max_size=60,
    )
)
@settings(max_examples=200)
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    try:
        draft = read_text(text, year=2026)
    except NoticeRefused as refused:
        assert "请" in str(refused)
    else:
        assert draft.year == 2026


@given(invented(), st.data())
@settings(max_examples=100, derandomize=True)
def test_a_notice_with_a_piece_missing_is_never_read_as_other_days_without_a_word(
    notice: tuple[int, list[Block]], data: st.DataObject
) -> None:
    """Copying loses characters; whatever is left must not quietly arrange other days.

    Always the same examples: a lost digit that moves a day by whole weeks near its holiday cannot be noticed.
    """
    year, blocks = notice
    text = written(year, blocks)
    at = data.draw(st.integers(text.index("一、"), len(text) - 1))
    torn = text[:at] + text[at + data.draw(st.integers(1, 4)) :]

    whole, rest = read_text(text), read_text(torn)

    same = (rest.off, rest.make_up) == (whole.off, whole.make_up)
    assert same or rest.problems
