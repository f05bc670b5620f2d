"""The computed almanac against a second library and against dates copied by hand."""

from datetime import date, timedelta

import pytest
from lunar_python import Lunar, Solar

from calendars.almanac import FIRST_YEAR, LAST_YEAR, LUNAR_FESTIVALS, SOLAR_TERMS
from calendars.lunar import LUNAR_DAYS, almanac_for

YEARS = range(FIRST_YEAR, LAST_YEAR + 1)
ALMANAC = almanac_for()


def _civil(solar: Solar) -> date:
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


@pytest.mark.parametrize("name", LUNAR_DAYS)
def test_lunar_festivals_agree_with_a_second_library(name):
    month, day = LUNAR_DAYS[name]

    ours = {year: ALMANAC.day(name, year) for year in YEARS}

    assert ours == {year: _civil(Lunar.fromYmd(year, month, day).getSolar()) for year in YEARS}


def test_solar_terms_agree_with_a_second_library():
    for year in YEARS:
        table = Lunar.fromYmd(year, 6, 1).getJieQiTable()
        theirs = {term: _civil(table[term]) for term in SOLAR_TERMS if _civil(table[term]).year == year}

        assert {term: ALMANAC.day(term, year) for term in theirs} == theirs
        assert len(theirs) >= 23


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("清明", date(2025, 4, 4)),
        ("七夕", date(2025, 8, 29)),
        ("重阳节", date(2025, 10, 29)),
        ("冬至", date(2025, 12, 21)),
        ("春节", date(2026, 2, 17)),
        ("清明", date(2026, 4, 5)),
        ("七夕", date(2026, 8, 19)),
        ("春节", date(2027, 2, 6)),
    ],
)
def test_known_days(name, day):
    assert ALMANAC.day(name, day.year) == day


def test_the_eve_is_the_day_before_spring_festival():
    assert all(ALMANAC.day("春节", year) - ALMANAC.day("除夕", year) == timedelta(days=1) for year in YEARS)


def test_every_festival_lies_in_the_year_it_is_asked_for():
    assert all(ALMANAC.day(name, year).year == year for name in LUNAR_FESTIVALS for year in YEARS)


def test_years_beyond_the_agreed_range_are_not_computed():
    with pytest.raises(ValueError, match="2057"):
        almanac_for([2057])
