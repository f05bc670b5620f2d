"""The trend over a year: sums by week that end at the figures of the day asked about."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from duban.reports.board import TrendPoint, weekly_trend

FIRST = date(2026, 1, 1)


class Counted(NamedTuple):
    """Obligations that had to be done, as the board's table has them."""

    due_on: date
    finished_on: date | None
    due: int
    done_due: int
    done_in_time: int


def counted(due: str, done: str | None = None, *, in_time: bool = True, n: int = 1) -> Counted:
    done_on = date.fromisoformat(done) if done else None
    return Counted(date.fromisoformat(due), done_on, n, n if done else 0, n if done and in_time else 0)


def trend(rows: list[Counted], last: date) -> tuple[TrendPoint, ...]:
    return weekly_trend(pd.DataFrame(rows, columns=Counted._fields), first=FIRST, last=last)


def test_each_week_counts_what_was_due_and_what_of_it_was_done_by_then() -> None:
    rows = [
        counted("2026-01-02", "2026-01-02", n=3),
        counted("2026-01-03", "2026-01-14", in_time=False, n=2),
        counted("2026-01-13", "2026-01-05"),
        counted("2026-01-09"),
        counted("2026-01-30", "2026-01-05", n=7),
    ]

    points = trend(rows, last=date(2026, 1, 15))

    assert [(p.on.isoformat(), p.due, p.done, p.in_time) for p in points] == [
        ("2026-01-04", 5, 3, 3),
        ("2026-01-11", 6, 3, 3),
        ("2026-01-15", 7, 6, 4),
    ]


def test_what_was_signed_off_later_than_the_day_asked_about_counts_on_that_day() -> None:
    points = trend([counted("2026-01-02", "2026-03-01")], last=date(2026, 1, 15))

    assert [p.done for p in points] == [0, 0, 1]


_days = st.dates(date(2025, 12, 1), date(2026, 12, 31))


@given(
    rows=st.lists(
        st.builds(
            lambda due_on, done_on, in_time, n: counted(str(due_on), done_on, in_time=in_time, n=n),
            _days,
            st.none() | _days.map(str),
            st.booleans(),
            st.integers(1, 9),
        )
    ),
    last=st.dates(FIRST, date(2026, 12, 31)),
)
def test_sums_never_fall_and_end_at_everything_due(rows: list[Counted], last: date) -> None:
    points = trend(rows, last=last)

    assert points[-1].on == last
    assert points[-1].due == sum(one.due for one in rows if one.due_on <= last)
    assert all(a.due <= b.due and a.done <= b.done for a, b in pairwise(points))
    assert all(p.in_time <= p.done <= p.due for p in points)
    assert all(b.on - a.on <= timedelta(days=7) for a, b in pairwise(points))
