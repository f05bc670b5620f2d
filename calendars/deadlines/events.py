"""Dates counted from an event: 收到通知后15个工作日内, 届满前30日; the day of the event itself is not counted."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from calendars.deadlines.parts import Counted
from calendars.workdays import WorkdayTable

_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


def counted_on(counted: Counted, event_on: date, table: WorkdayTable) -> date:
    """The last day. Hours and minutes reach the day on which they end when the event came at any hour of its own.

    Raises YearUnknown where workdays are counted beyond the known years.
    """
    n, unit = counted.n, counted.unit
    if unit == "workday":
        return table.shift(event_on, n)
    if unit in _DAYS:
        return event_on + timedelta(days=n * _DAYS[unit])
    if unit in _MONTHS:
        year, month = divmod(event_on.year * 12 + event_on.month - 1 + n * _MONTHS[unit], 12)
        last = calendar.monthrange(year, month + 1)[1]
        return date(year, month + 1, min(event_on.day, last))
    hours = n if unit == "hour" else n // 60
    return event_on + timedelta(days=int(hours / 24))
