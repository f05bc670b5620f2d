"""The almanac refuses what it does not know."""

from __future__ import annotations

from datetime import date

import pytest

from calendars.almanac import Almanac, AlmanacError

AN_ALMANAC = Almanac(days={("春节", 2026): date(2026, 2, 17)})


def test_a_known_day_is_answered():
    assert AN_ALMANAC.day("春节", 2026) == date(2026, 2, 17)


@pytest.mark.parametrize("year", [1999, 2057])
def test_a_year_outside_the_agreed_range_is_refused(year):
    with pytest.raises(AlmanacError, match="2000—2056"):
        AN_ALMANAC.day("春节", year)


@pytest.mark.parametrize(("name", "year"), [("春节", 2027), ("无此节", 2026)])
def test_a_day_that_was_not_handed_down_is_refused(name, year):
    with pytest.raises(AlmanacError, match="请直接填写公历日期"):
        AN_ALMANAC.day(name, year)
