"""Counting in workdays, supersession of notices, and the refusal beyond the known years."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from calendars.workdays import (
    LocalDay,
    NamedDay,
    WorkdayTable,
    YearState,
    YearTable,
    YearUnknown,
    moved,
    workday_table,
)


def a_block(first: date, last: date, *names: str) -> tuple[NamedDay, ...]:
    days = (last - first).days + 1
    return tuple(NamedDay(on=first + timedelta(days=offset), names=names) for offset in range(days))


def a_year(
    year: int = 2026,
    off: tuple[NamedDay, ...] = (),
    make_up: tuple[NamedDay, ...] = (),
    *,
    issued_on: date | None = None,
    state: YearState = YearState.PUBLISHED,
    amends: bool = False,
    document_no: str = "某办发〔2025〕1号",
) -> YearTable:
    return YearTable(
        year=year,
        state=state,
        document_no=document_no,
        title=f"{year}年放假安排",
        issued_on=issued_on or date(year - 1, 11, 1),
        off=off,
        make_up=make_up,
        amends=amends,
    )


SPRING = a_block(date(2026, 2, 15), date(2026, 2, 23), "春节")
SPRING_WORK = (
    NamedDay(on=date(2026, 2, 14), names=("春节",)),
    NamedDay(on=date(2026, 2, 28), names=("春节",)),
)


def a_table(*years: YearTable, local: tuple[LocalDay, ...] = ()) -> WorkdayTable:
    return workday_table(years or (a_year(off=SPRING, make_up=SPRING_WORK),), local)


def test_a_holiday_on_a_weekday_is_off_and_a_make_up_saturday_is_worked() -> None:
    table = a_table()

    assert not table.is_workday(date(2026, 2, 16))
    assert table.is_workday(date(2026, 2, 14))
    assert not table.is_workday(date(2026, 2, 21))
    assert table.is_workday(date(2026, 2, 24))


def test_counting_forward_starts_strictly_after_the_day() -> None:
    table = a_table()

    assert table.shift(date(2026, 2, 13), 1) == date(2026, 2, 14)
    assert table.shift(date(2026, 2, 13), 2) == date(2026, 2, 24)
    assert table.shift(date(2026, 2, 18), 1) == date(2026, 2, 24)


def test_counting_back_ends_strictly_before_the_day() -> None:
    table = a_table()

    assert table.shift(date(2026, 2, 24), -1) == date(2026, 2, 14)
    assert table.shift(date(2026, 2, 18), -1) == date(2026, 2, 14)
    assert table.shift(date(2026, 3, 2), -2) == date(2026, 2, 27)


def test_no_workdays_from_a_day_is_the_day_itself_even_when_it_is_off() -> None:
    assert a_table().shift(date(2026, 2, 18), 0) == date(2026, 2, 18)


def test_a_day_off_rolls_to_the_workday_on_either_side_and_a_workday_stays() -> None:
    table = a_table()

    assert table.on_or_before(date(2026, 2, 22)) == date(2026, 2, 14)
    assert table.on_or_after(date(2026, 2, 22)) == date(2026, 2, 24)
    assert table.on_or_before(date(2026, 2, 28)) == date(2026, 2, 28)
    assert table.on_or_after(date(2026, 2, 28)) == date(2026, 2, 28)


def test_workdays_between_two_days_count_both_ends() -> None:
    table = a_table()

    assert table.between(date(2026, 2, 13), date(2026, 2, 24)) == 3
    assert table.between(date(2026, 2, 15), date(2026, 2, 23)) == 0
    assert table.between(date(2026, 2, 24), date(2026, 2, 13)) == 0


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2027, 1, 1)])
def test_a_year_nobody_knows_is_refused_with_the_next_step(day: date) -> None:
    table = a_table()

    with pytest.raises(YearUnknown, match=f"没有{day.year}年.*请先导入"):
        table.is_workday(day)


def test_an_answer_that_would_lie_beyond_the_known_years_is_refused() -> None:
    table = a_table()

    with pytest.raises(YearUnknown, match="没有2027年"):
        table.shift(date(2026, 12, 31), 1)
    with pytest.raises(YearUnknown, match="没有2025年"):
        table.shift(date(2026, 1, 1), -1)
    with pytest.raises(YearUnknown, match="没有2027年"):
        table.shift_many([date(2026, 6, 1), date(2026, 12, 30)], 5)
    with pytest.raises(YearUnknown, match="没有2028年"):
        table.shift_many([date(2026, 6, 1), date(2028, 5, 1)], 5)


def test_a_gap_between_the_years_is_refused() -> None:
    with pytest.raises(YearUnknown, match="2027"):
        workday_table([a_year(2026), a_year(2028)])


def test_no_notice_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="请先导入"):
        workday_table([])


def test_a_notice_reaches_into_the_december_before() -> None:
    new_year = a_block(date(2026, 12, 31), date(2027, 1, 2), "元旦")
    table = a_table(a_year(2026), a_year(2027, off=new_year))

    assert not table.is_workday(date(2026, 12, 31))
    assert [day.on for day in table.days_off(2026)] == [date(2026, 12, 31)]
    assert table.span("元旦", 2027) == (date(2026, 12, 31), date(2027, 1, 2))


def test_two_holidays_in_one_block_both_answer_with_the_whole_block() -> None:
    block = a_block(date(2025, 10, 1), date(2025, 10, 8), "国庆", "中秋")
    table = a_table(a_year(2025, off=block))

    assert table.span("中秋", 2025) == table.span("国庆节", 2025) == (date(2025, 10, 1), date(2025, 10, 8))
    assert table.span("端午", 2025) is None


def test_a_later_whole_notice_supersedes_the_earlier_one_in_any_order_of_arrival() -> None:
    first = a_year(off=a_block(date(2026, 6, 19), date(2026, 6, 21), "端午"), issued_on=date(2025, 11, 1))
    second = a_year(off=a_block(date(2026, 6, 18), date(2026, 6, 19), "端午"), issued_on=date(2025, 12, 1))

    for order in ([first, second], [second, first]):
        table = workday_table(order)

        assert table.span("端午", 2026) == (date(2026, 6, 18), date(2026, 6, 19))
        assert table.source(2026).count("放假安排") == 1


def test_an_undated_notice_supersedes_the_autumns_and_yields_to_amendments_of_the_year() -> None:
    dated = a_year(off=a_block(date(2026, 6, 19), date(2026, 6, 21), "端午"))
    undated = replace(dated, issued_on=None, off=a_block(date(2026, 6, 18), date(2026, 6, 19), "端午"))
    amendment = a_year(
        off=a_block(date(2026, 6, 17), date(2026, 6, 19), "端午"), issued_on=date(2026, 4, 1), amends=True
    )

    assert workday_table([undated, dated]).span("端午", 2026) == (date(2026, 6, 18), date(2026, 6, 19))
    assert workday_table([amendment, undated, dated]).span("端午", 2026) == (
        date(2026, 6, 17),
        date(2026, 6, 19),
    )


def test_an_amendment_replaces_only_the_holiday_it_names() -> None:
    whole = a_year(
        off=(*SPRING, *a_block(date(2026, 5, 1), date(2026, 5, 1), "劳动节")),
        make_up=SPRING_WORK,
        issued_on=date(2025, 11, 1),
    )
    amendment = a_year(
        off=a_block(date(2026, 5, 1), date(2026, 5, 4), "劳动节"),
        make_up=(NamedDay(on=date(2026, 5, 9), names=("劳动节",)),),
        issued_on=date(2026, 3, 22),
        amends=True,
    )
    table = workday_table([amendment, whole])

    assert table.span("劳动节", 2026) == (date(2026, 5, 1), date(2026, 5, 4))
    assert table.is_workday(date(2026, 5, 9))
    assert table.span("春节", 2026) == (date(2026, 2, 15), date(2026, 2, 23))


def test_an_amendment_takes_back_the_make_up_day_of_its_holiday() -> None:
    longer = a_year(
        off=a_block(date(2026, 2, 15), date(2026, 2, 26), "春节"), issued_on=date(2026, 1, 20), amends=True
    )
    table = workday_table([a_year(off=SPRING, make_up=SPRING_WORK), longer])

    assert not table.is_workday(date(2026, 2, 26))
    assert not table.is_workday(date(2026, 2, 28))


def test_an_amendment_alone_does_not_publish_a_provisional_year() -> None:
    projected = a_year(off=SPRING, state=YearState.PROVISIONAL, document_no="")
    amendment = a_year(off=a_block(date(2026, 9, 3), date(2026, 9, 3), "纪念日"), amends=True)

    assert workday_table([amendment, projected]).state(2026) is YearState.PROVISIONAL
    assert workday_table([a_year(), projected]).state(2026) is YearState.PUBLISHED


def test_a_span_of_days_is_provisional_when_any_of_its_years_is() -> None:
    table = a_table(a_year(2026), a_year(2027, state=YearState.PROVISIONAL))

    assert not table.is_provisional(date(2026, 1, 1), date(2026, 12, 31))
    assert table.is_provisional(date(2026, 12, 30), date(2027, 1, 5))
    with pytest.raises(YearUnknown):
        table.is_provisional(date(2027, 12, 30), date(2028, 1, 5))


def test_a_local_day_lies_over_the_notice() -> None:
    local = (
        LocalDay(on=date(2026, 2, 24), works=False, reason="暴雪停工"),
        LocalDay(on=date(2026, 2, 21), works=True, reason="抗灾值守"),
    )
    table = a_table(local=local)

    assert not table.is_workday(date(2026, 2, 24))
    assert table.is_workday(date(2026, 2, 21))
    with pytest.raises(YearUnknown):
        a_table(local=(LocalDay(on=date(2030, 1, 1), works=True, reason="无"),))


def test_a_day_that_is_off_and_worked_in_one_notice_is_refused() -> None:
    with pytest.raises(ValueError, match="既放假又上班"):
        a_year(off=SPRING, make_up=(NamedDay(on=date(2026, 2, 21)),))


def test_moved_names_only_the_days_whose_workday_or_mark_changed() -> None:
    old = a_table(a_year(2026), a_year(2027, state=YearState.PROVISIONAL))
    new = a_table(a_year(2026, off=a_block(date(2026, 3, 31), date(2026, 3, 31), "停工")), a_year(2027))
    days = [date(2027, 1, 4), date(2026, 3, 31), date(2026, 3, 30), date(2026, 3, 31)]

    changes = moved(old, new, days)

    assert [change.day for change in changes] == [date(2026, 3, 31), date(2027, 1, 4)]
    assert (changes[0].old_workday, changes[0].new_workday) == (date(2026, 3, 31), date(2026, 3, 30))
    assert (changes[1].was_provisional, changes[1].is_provisional) == (True, False)


def test_moved_reports_a_day_that_the_new_table_covers_for_the_first_time() -> None:
    [change] = moved(a_table(a_year(2026)), a_table(a_year(2026), a_year(2027)), [date(2027, 5, 7)])

    assert (change.old_workday, change.new_workday) == (None, date(2027, 5, 7))
