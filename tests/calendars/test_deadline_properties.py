"""What holds for every spelling, every year and every text."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from calendars.deadlines.grammar import read
from calendars.deadlines.parts import CannotResolve, NotUnderstood, Reading
from calendars.deadlines.resolve import resolve
from calendars.workdays import YearUnknown
from calendars.workdays.files import load_workdays
from tests.calendars.deadline_cases import ALMANAC
from tests.calendars.test_deadline_dates import CASES as DATED
from tests.calendars.test_deadline_notices import CASES as NOTICED
from tests.calendars.test_deadline_repeats import CASES as REPEATED
from tests.calendars.test_deadline_undated import CASES as UNDATED

PHRASES = [case.phrase for case in (*DATED, *NOTICED, *REPEATED, *UNDATED)]
WORDS = (
    *"年月日号季度半前后底末内起止至到的每上中下旬初周一二三十百〇廿第个次、，。；：—-~·()（）“”0123456789０１２３ ",
    *(
        "春节",
        "清明",
        "期间",
        "工作日",
        "之前",
        "完成",
        "报送",
        "收到通知",
        "力争",
        "截至",
        "截止",
        "每季度",
        "即日起",
        "次年",
    ),
)
FULL_WIDTH = str.maketrans("0123456789-()", "０１２３４５６７８９－（）")
DASHES = ["-", "—", "–", "－", "～", "~", "——"]
NUMERALS = "一二三四五六七八九十"


def chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    head = {0: "", 1: "十"}.get(tens, NUMERALS[tens - 1] + "十" if tens else "")
    return head + (NUMERALS[ones - 1] if ones else "")


def reading(text: str) -> Reading:
    found = read(text)
    assert isinstance(found, Reading), found.reason
    return found


@given(st.text(max_size=200))
def test_reading_ends_and_never_raises(text):
    assert read(text).text == text


@given(st.lists(st.sampled_from(WORDS), max_size=14).map("".join))
def test_words_of_the_field_in_any_order_never_raise_and_never_resolve_backwards(text):
    found = read(text)
    if isinstance(found, NotUnderstood):
        assert found.reason.endswith("。")
        return
    try:
        dates = resolve(found, year=2026, almanac=ALMANAC, workdays=load_workdays())
    except (CannotResolve, YearUnknown):
        return
    assert dates.starts_on is None or dates.due_on is None or dates.starts_on <= dates.due_on


@given(st.sampled_from(PHRASES))
def test_full_width_characters_change_nothing(phrase):
    assert reading(phrase.translate(FULL_WIDTH)).parts == reading(phrase).parts


@given(st.sampled_from(PHRASES), st.sampled_from(["", " ", "\u3000", "\u200b"]))
def test_space_around_a_phrase_changes_nothing(phrase, space):
    assert reading(f"{space}{phrase}{space}").parts == reading(phrase).parts


@given(st.integers(1, 12), st.integers(1, 28), st.sampled_from(["日前", "日", "日之前", "日以前", "号前"]))
def test_chinese_numerals_read_as_figures(month, day, tail):
    spelt = f"{chinese(month)}月{chinese(day)}{tail}"

    assert reading(spelt).parts == reading(f"{month}月{day}{tail}").parts


@given(
    st.integers(1, 8),
    st.integers(9, 12),
    st.sampled_from([*DASHES, "至", "到"]),
    st.sampled_from(["月", "月份"]),
)
def test_every_dash_joins_a_window(first, last, dash, unit):
    assert reading(f"{first}{dash}{last}{unit}").rule == f"window_months({first},{last})"


@given(st.sampled_from(PHRASES), st.sampled_from(["吖", "§", "x", "不", "未", "非", "?"]))
def test_an_unknown_tail_is_never_dropped(phrase, tail):
    assert isinstance(read(phrase + tail), NotUnderstood)


@given(st.sampled_from(PHRASES), st.sampled_from(["吖", "§", "x", "不", "未", "非", "?"]))
def test_an_unknown_head_is_never_dropped(phrase, head):
    found = read(head + phrase)

    # Only the name of an event is free text, and that sets no date.
    assert isinstance(found, NotUnderstood) or not found.sets_date


@given(st.sampled_from(PHRASES), st.integers(2023, 2028))
def test_dates_of_any_year_run_forwards_and_lie_in_their_years(phrase, year):
    try:
        found = resolve(reading(phrase), year=year, almanac=ALMANAC, workdays=load_workdays())
    except (CannotResolve, YearUnknown):
        return

    assert found.starts_on is None or found.due_on is None or found.starts_on <= found.due_on
    days = [each.due_on for each in found.occurrences]
    assert days == sorted(days)
    for each in found.occurrences:
        assert each.starts_on is None or each.starts_on <= each.due_on
    if found.last_workday is not None:
        assert found.due_on is not None
        assert found.last_workday <= found.due_on
        assert load_workdays().is_workday(found.last_workday)


@given(st.sampled_from(REPEATED), st.integers(2024, 2027))
def test_occurrences_fall_in_the_plan_year_or_close_it_in_the_next(case, year):
    try:
        found = resolve(reading(case.phrase), year=year, almanac=ALMANAC, workdays=load_workdays())
    except (CannotResolve, YearUnknown):
        return

    for each in found.occurrences:
        # Only what is counted from the end of a period, or rolls over days off, may close in January.
        crossing = any(word in case.phrase for word in ("次年", "后", "结束", "顺延"))
        assert date(year, 1, 1) <= each.due_on <= date(year + crossing, 12, 31)


@given(st.integers(1, 12), st.integers(2000, 2056))
def test_the_end_of_a_month_is_the_day_before_the_next(month, year):
    found = resolve(reading(f"{month}月底前"), year=year, almanac=ALMANAC, workdays=None)

    assert found.due_on is not None
    assert found.due_on.month == month
    assert date.fromordinal(found.due_on.toordinal() + 1).day == 1
