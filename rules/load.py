"""How much falls on a unit in each week, and which weeks stand out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

# Below this many in a week nothing is called a peak, whatever the other weeks are.
LEAST_PEAK = 3


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Week:
    """An ISO week; the year is that of its Thursday."""

    year: int
    number: int

    @property
    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)


def week_of(day: date) -> Week:
    found = day.isocalendar()
    return Week(year=found.year, number=found.week)


def weeks_between(first: date, last: date) -> tuple[Week, ...]:
    """Every week that has a day from `first` to `last`."""
    monday = week_of(first).monday
    count = (last - monday).days // 7 + 1
    return tuple(week_of(monday + timedelta(weeks=number)) for number in range(count))


def by_week(counts: Iterable[tuple[date, int]]) -> dict[Week, int]:
    """Counts of days as counts of their weeks, in order."""
    found: dict[Week, int] = {}
    for day, count in counts:
        week = week_of(day)
        found[week] = found.get(week, 0) + count
    return dict(sorted(found.items()))


def peaks(weeks: Mapping[Week, int]) -> frozenset[Week]:
    """Weeks with at least twice what the unit usually has in a week that has anything."""
    if not weeks:
        return frozenset()
    usual = median(weeks.values())
    return frozenset(week for week, count in weeks.items() if count >= max(LEAST_PEAK, 2 * usual))
