"""Computes lunar festivals and solar terms once and hands them down as a value.

The only place that knows borax; the rules see calendars.almanac.Almanac.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

from borax.calendars.lunardate import LunarDate, TermUtils

from calendars.almanac import FIRST_YEAR, LAST_YEAR, SOLAR_TERMS, Almanac

# Lunar month and day. All of them fall inside the Gregorian year of the same number,
# unlike 腊八 and 小年, which is why those two are not offered.
LUNAR_DAYS = {
    "春节": (1, 1),
    "元宵节": (1, 15),
    "端午节": (5, 5),
    "七夕": (7, 7),
    "中元节": (7, 15),
    "中秋节": (8, 15),
    "重阳节": (9, 9),
    "寒衣节": (10, 1),
}


def almanac_for(years: Iterable[int] = range(FIRST_YEAR, LAST_YEAR + 1)) -> Almanac:
    """The almanac of the given Gregorian years, each between 2000 and 2056."""
    days: dict[tuple[str, int], date] = {}
    for year in years:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise ValueError(f"almanac years run from {FIRST_YEAR} to {LAST_YEAR}, not {year}")
        days.update(_year(year))
    return Almanac(days=MappingProxyType(days))


@cache
def _year(year: int) -> dict[tuple[str, int], date]:
    days = {
        (name, year): LunarDate(year, month, day).to_solar_date() for name, (month, day) in LUNAR_DAYS.items()
    }
    days["除夕", year] = days["春节", year] - timedelta(days=1)
    for term in SOLAR_TERMS:
        days[term, year] = TermUtils.nth_term_day(year, term_name=term)
    return days
