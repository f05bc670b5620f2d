"""Days counted one by one, as a person counts them on a wall calendar: nothing of the product's own arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from calendars.workdays import WorkdayTable

_DAY = timedelta(days=1)


@dataclass(slots=True)
class Walk:
    """Counts workdays day by day; what was asked once is remembered, because a year asks the same few dates."""

    workdays: WorkdayTable
    _is_workday: dict[date, bool] = field(default_factory=dict)
    _shifted: dict[tuple[date, int], date] = field(default_factory=dict)

    def is_workday(self, day: date) -> bool:
        known = self._is_workday.get(day)
        if known is None:
            known = self._is_workday[day] = self.workdays.is_workday(day)
        return known

    def last_workday(self, day: date) -> date:
        """The day itself, or the last workday before it."""
        while not self.is_workday(day):
            day -= _DAY
        return day

    def shift(self, day: date, workdays: int) -> date:
        """So many workdays strictly after the day, or strictly before it where the number is negative."""
        known = self._shifted.get((day, workdays))
        if known is not None:
            return known
        at, left, step = day, abs(workdays), _DAY if workdays > 0 else -_DAY
        while left:
            at += step
            left -= self.is_workday(at)
        self._shifted[day, workdays] = at
        return at

    def between(self, first: date, last: date) -> int:
        """Workdays strictly after `first` up to `last`."""
        return sum(self.is_workday(first + n * _DAY) for n in range(1, (last - first).days + 1))
