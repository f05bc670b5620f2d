"""When messages may leave: on workdays, outside the quiet hours. What comes at another time waits, nothing is dropped.

Knows no clock: the moment is handed in. Hours are wall-clock hours in Asia/Shanghai.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from calendars.workdays import WorkdayTable, YearUnknown

_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From `begin` until `end` nobody is disturbed; `begin` may lie before midnight and `end` after it."""

    begin: time
    end: time

    def cover(self, hour: time) -> bool:
        if self.begin <= self.end:
            return self.begin <= hour < self.end
        return hour >= self.begin or hour < self.end


def quiet_hours(begin: str, end: str) -> QuietHours:
    """From the settings' texts, such as 20:00 and 08:00."""
    return QuietHours(begin=time.fromisoformat(begin), end=time.fromisoformat(end))


def next_opening(moment: datetime, quiet: QuietHours, workdays: WorkdayTable | None) -> datetime:
    """The first moment from `moment` on at which a message may leave, in UTC.

    Without a table only the hours are asked. In a year without a table Monday to Friday count as worked: a letter
    that waits for a notice nobody has imported would be a letter dropped.
    """
    local = moment.astimezone(_ZONE)
    while True:
        if not _worked(local.date(), workdays):
            local = _midnight_after(local)
        elif not quiet.cover(local.time()):
            return local.astimezone(UTC)
        elif local.time() < quiet.end:
            local = datetime.combine(local.date(), quiet.end, _ZONE)
        else:
            local = _midnight_after(local)


def _midnight_after(moment: datetime) -> datetime:
    return datetime.combine(moment.date() + timedelta(days=1), time.min, _ZONE)


def _worked(day: date, workdays: WorkdayTable | None) -> bool:
    if workdays is None:
        return True
    try:
        return workdays.is_workday(day)
    except YearUnknown:
        return day.weekday() < 5
