"""What must hold for every table of workdays, whatever the notices say."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendars.workdays import NamedDay, WorkdayTable, YearState, YearTable, YearUnknown, workday_table

FIRST, LAST = date(2025, 1, 1), date(2026, 12, 31)
few = settings(max_examples=40)
days = st.dates(FIRST, LAST)
names = st.sampled_from(["元旦", "春节", "清明", "劳动节", "端午", "中秋", "国庆"])


@st.composite
def year_tables(draw: st.DrawFn, year: int, *, amends: bool | None = None) -> YearTable:
    around = st.dates(date(year - 1, 12, 20), date(year + 1, 1, 10))
    departures = draw(st.dictionaries(around, st.tuples(st.booleans(), names), max_size=12))
    marked = [(NamedDay(on=on, names=(name,)), off) for on, (off, name) in departures.items()]
    return YearTable(
        year=year,
        state=YearState.PUBLISHED,
        document_no=draw(st.sampled_from(["甲〔1〕1号", "乙〔1〕2号"])),
        title="安排",
        issued_on=draw(st.dates(date(year - 1, 10, 1), date(year, 6, 30))),
        off=tuple(day for day, off in marked if off),
        make_up=tuple(day for day, off in marked if not off),
        amends=draw(st.booleans()) if amends is None else amends,
    )


@st.composite
def notices(draw: st.DrawFn) -> list[YearTable]:
    """A whole notice for each year and up to two more of any kind, no two issued on one day."""
    tables = [draw(year_tables(year, amends=False)) for year in (2025, 2026)]
    tables += draw(st.lists(st.sampled_from([2025, 2026]).flatmap(year_tables), max_size=2))
    issued = {table.issued_on for table in tables}
    return tables if len(issued) == len(tables) else tables[:2]


tables = notices().map(workday_table)


def _counted_by_hand(table: WorkdayTable, first: date, last: date) -> int:
    span = range((last - first).days + 1)
    return sum(table.is_workday(first + timedelta(days=offset)) for offset in span)


@few
@given(tables, days, st.integers(-300, 300))
def test_shifting_there_and_back_from_a_workday_is_no_shift(table: WorkdayTable, day: date, n: int) -> None:
    start = _or_none(lambda: table.on_or_before(day))
    there = _or_none(lambda: table.shift(start, n)) if start else None

    if start and there:
        assert table.shift(there, -n) == start


@few
@given(tables, days, st.integers(-300, 300).filter(bool))
def test_a_shifted_day_is_a_workday_on_the_right_side_with_n_workdays_between(
    table: WorkdayTable, day: date, n: int
) -> None:
    answer = _or_none(lambda: table.shift(day, n))

    if answer:
        assert table.is_workday(answer)
        assert (answer > day) == (n > 0)
        after = (day + timedelta(days=1), answer) if n > 0 else (answer, day - timedelta(days=1))
        assert table.between(*after) == _counted_by_hand(table, *after) == abs(n)


@few
@given(tables, days, days)
def test_between_counts_what_is_workday_says(table: WorkdayTable, one: date, other: date) -> None:
    first, last = sorted((one, other))

    assert table.between(first, last) == _counted_by_hand(table, first, last)


@few
@given(tables, days)
def test_the_workday_on_or_before_is_the_nearest_one_not_after_the_day(
    table: WorkdayTable, day: date
) -> None:
    before = _or_none(lambda: table.on_or_before(day))

    if before:
        assert before <= day and table.is_workday(before)
        assert table.between(before, day) == 1


@few
@given(tables, days)
def test_the_workday_on_or_after_is_the_nearest_one_not_before_the_day(
    table: WorkdayTable, day: date
) -> None:
    after = _or_none(lambda: table.on_or_after(day))

    if after:
        assert after >= day and table.is_workday(after)
        assert table.between(day, after) == 1


@few
@given(tables, st.lists(days, max_size=30), st.integers(-20, 20))
def test_many_shifts_agree_with_single_ones(table: WorkdayTable, given_days: list[date], n: int) -> None:
    singly = _or_none(lambda: [table.shift(day, n) for day in given_days])

    assert _or_none(lambda: table.shift_many(given_days, n)) == singly


@few
@given(tables, st.dates().filter(lambda day: not FIRST <= day <= LAST), st.integers(-5, 5))
def test_nothing_is_answered_outside_coverage(table: WorkdayTable, day: date, n: int) -> None:
    for ask in (
        lambda: table.is_workday(day),
        lambda: table.shift(day, n),
        lambda: table.shift_many([day], n),
        lambda: table.on_or_before(day),
        lambda: table.on_or_after(day),
        lambda: table.between(FIRST, day),
        lambda: table.is_provisional(FIRST, day),
        lambda: table.state(day.year),
        lambda: table.span("春节", day.year),
        lambda: table.days_off(day.year),
        lambda: table.source(day.year),
    ):
        with pytest.raises(YearUnknown):
            ask()


@few
@given(notices(), st.randoms(use_true_random=False))
def test_the_order_in_which_notices_arrive_does_not_matter(
    given_notices: list[YearTable], chance: object
) -> None:
    shuffled = list(given_notices)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    one, other = workday_table(given_notices), workday_table(shuffled)

    assert (one.workdays, one.off, one.make_up) == (other.workdays, other.off, other.make_up)


@few
@given(notices())
def test_the_last_whole_notice_of_a_year_decides_alone(given_notices: list[YearTable]) -> None:
    last = max(given_notices, key=lambda table: table.issued_on or date.min)
    alone = [table for table in given_notices if table.year != last.year] + [last]

    if not last.amends:
        assert workday_table(given_notices).workdays == workday_table(alone).workdays


def _or_none(ask):
    try:
        return ask()
    except YearUnknown:
        return None
