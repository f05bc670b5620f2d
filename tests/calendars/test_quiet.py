"""When messages may leave: never in quiet hours, never on a day off, always as soon as both are over."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.quiet_hours import next_opening, quiet_hours
from calendars.workdays.files import load_workdays

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKDAYS = load_workdays()
START = datetime(2025, 1, 1, tzinfo=UTC)
QUIET = quiet_hours("20:00", "08:00")


def shanghai(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (shanghai(date(2026, 3, 26), 8, 30), shanghai(date(2026, 3, 26), 8, 30)),
        (shanghai(date(2026, 3, 26), 6), shanghai(date(2026, 3, 26), 8)),
        (shanghai(date(2026, 3, 26), 20), shanghai(date(2026, 3, 27), 8)),
        (shanghai(date(2026, 3, 27), 23, 59), shanghai(date(2026, 3, 30), 8)),
        # The New Year holiday of 2026 from 15 to 23 February, with the Saturday before it worked.
        (shanghai(date(2026, 2, 14), 10), shanghai(date(2026, 2, 14), 10)),
        (shanghai(date(2026, 2, 14), 21), shanghai(date(2026, 2, 24), 8)),
    ],
)
def test_messages_wait_for_the_next_opening(moment: datetime, opens: datetime) -> None:
    assert next_opening(moment, QUIET, WORKDAYS) == opens


def test_a_year_without_a_table_does_not_keep_messages_back() -> None:
    saturday, monday = date(2040, 3, 24), date(2040, 3, 26)

    assert next_opening(shanghai(saturday, 10), QUIET, WORKDAYS) == shanghai(monday, 8)


@given(
    st.integers(0, 3 * 365 * 24 * 60 - 1).map(lambda minutes: START + timedelta(minutes=minutes)),
    st.times(),
    st.times(),
)
def test_an_opening_is_a_working_hour_and_nothing_earlier_is(
    moment: datetime, begin: time, end: time
) -> None:
    quiet = quiet_hours(begin.strftime("%H:%M"), end.strftime("%H:%M"))

    opens = next_opening(moment, quiet, WORKDAYS)

    local = opens.astimezone(SHANGHAI)
    assert opens >= moment
    assert WORKDAYS.is_workday(local.date()) and not quiet.cover(local.time())
    step = timedelta(minutes=37)
    between = (moment + step * n for n in range(int((opens - moment) / step)))
    assert not any(
        WORKDAYS.is_workday(at.astimezone(SHANGHAI).date())
        and not quiet.cover(at.astimezone(SHANGHAI).time())
        for at in between
    )
