"""Projected years: the statute's thirteen days, made good where they fall on weekends, always marked."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lunar_python import Lunar

from calendars.workdays import FESTIVALS, YearState, YearUnknown, workday_table
from calendars.workdays.files import load_workdays, project, statutory_days

years = st.integers(2025, 2056)


@given(years)
@settings(max_examples=32)
def test_a_projected_year_gives_thirteen_weekdays_off_and_moves_nothing(year: int) -> None:
    table = project(year)

    assert table.state is YearState.PROVISIONAL
    assert sum(day.on.weekday() < 5 for day in table.off) == 13
    assert table.make_up == ()
    assert {name for day in table.off for name in day.names} == set(FESTIVALS)


@given(years)
@settings(max_examples=32)
def test_every_statutory_day_is_off_and_every_block_ends_beside_a_workday(year: int) -> None:
    projected = project(year)
    off = {day.on for day in projected.off}

    assert {day for day, _ in statutory_days(year)} <= off
    for name in FESTIVALS:
        span = workday_table([projected]).span(name, year)
        assert span is not None
        assert all(date.fromordinal(n) in off for n in range(span[0].toordinal(), span[1].toordinal() + 1))


@pytest.mark.parametrize("year", range(2025, 2057))
def test_lunar_holidays_agree_with_a_second_almanac(year: int) -> None:
    days = {name: day for day, name in statutory_days(year) if name in ("端午", "中秋")}

    assert days == {"端午": _civil(year, 5, 5), "中秋": _civil(year, 8, 15)}
    assert (_civil(year, 1, 1), "春节") in statutory_days(year)
    assert (Lunar.fromYmd(year, 1, 1).getJieQiTable()["清明"].toYmd(), "清明") in [
        (str(day), name) for day, name in statutory_days(year)
    ]


def _civil(year: int, month: int, day: int) -> date:
    return date.fromisoformat(Lunar.fromYmd(year, month, day).getSolar().toYmd())


def test_the_spring_festival_of_2027_begins_on_its_eve_and_makes_the_weekend_good() -> None:
    days = [day.on for day in project(2027).off if "春节" in day.names]

    assert days == [date(2027, 2, day) for day in range(5, 11)]


def test_two_holidays_that_meet_share_a_block_and_lose_no_day() -> None:
    shared = [day for day in project(2028).off if "中秋" in day.names]

    assert all(day.names == ("中秋", "国庆") for day in shared)
    assert (shared[0].on, shared[-1].on) == (date(2028, 9, 30), date(2028, 10, 5))


def test_a_projection_never_stands_in_for_a_notice() -> None:
    assert load_workdays().state(2026) is YearState.PUBLISHED
    assert load_workdays().is_workday(date(2026, 2, 14))
    assert not workday_table([project(2026)]).is_workday(date(2026, 2, 14))


@pytest.mark.parametrize("year", [2024, 2057])
def test_a_year_outside_the_statute_or_the_almanac_is_not_projected(year: int) -> None:
    with pytest.raises(YearUnknown):
        project(year)
