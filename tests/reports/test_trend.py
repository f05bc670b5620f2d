"""The trend over a year: sums by week that end at the figures of the day asked about."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from duban.reports.rules import TrendCount, weekly_trend

FIRST = date(2026, 1, 1)


def counted(due: str, done: str | None = None, *, in_time: bool = True, n: int = 1) -> TrendCount:
    done_on = date.fromisoformat(done) if done else None
    return TrendCount(due_on=date.fromisoformat(due), done_on=done_on, in_time=in_time, obligations=n)


def test_each_week_counts_what_was_due_and_what_of_it_was_done_by_then() -> None:
    groups = [
        counted("2026-01-02", "2026-01-02", n=3),
        counted("2026-01-03", "2026-01-14", in_time=False, n=2),
        counted("2026-01-13", "2026-01-05"),
        counted("2026-01-09"),
        counted("2026-01-30", "2026-01-05", n=7),
    ]

    points = weekly_trend(groups, first=FIRST, last=date(2026, 1, 15))

    assert [(p.on.isoformat(), p.due, p.done, p.in_time) for p in points] == [
        ("2026-01-04", 5, 3, 3),
        ("2026-01-11", 6, 3, 3),
        ("2026-01-15", 7, 6, 4),
    ]


def test_what_was_signed_off_later_than_the_day_asked_about_counts_on_that_day() -> None:
    points = weekly_trend([counted("2026-01-02", "2026-03-01")], first=FIRST, last=date(2026, 1, 15))

    assert [p.done for p in points] == [0, 0, 1]


_days = st.dates(date(2025, 12, 1), date(2026, 12, 31))


@given(
    groups=st.lists(
        st.builds(
            TrendCount,
            due_on=_days,
            done_on=st.none() | _days,
            in_time=st.booleans(),
            obligations=st.integers(1, 9),
        )
    ),
    last=st.dates(FIRST, date(2026, 12, 31)),
)
def test_sums_never_fall_and_end_at_everything_due(groups: list[TrendCount], last: date) -> None:
    points = weekly_trend(groups, first=FIRST, last=last)

    assert points[-1].on == last
    assert points[-1].due == sum(one.obligations for one in groups if one.due_on <= last)
    assert all(a.due <= b.due and a.done <= b.done for a, b in pairwise(points))
    assert all(p.in_time <= p.done <= p.due for p in points)
    assert all(b.on - a.on <= timedelta(days=7) for a, b in pairwise(points))
