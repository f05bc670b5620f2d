"""Workday arithmetic: a million "n workdays before" against the same days through a numpy searchsorted table.

Both start from the same list of dates. numpy is measured twice: from ready-made integers, its best case, which is the
figure asked for; and from the dates themselves, which is what a caller has.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import date
from statistics import median

import numpy as np

from benchmarks.figure import Figure
from calendars.workdays import WorkdayTable
from calendars.workdays.files import load_workdays

REPEATS = 7
WORKDAYS_BEFORE = 5


def measure(small: bool = False) -> Iterator[Figure]:
    """The ratio of our time to numpy's, each the median of interleaved repeats."""
    table = load_workdays()
    days = _days(table, 100_000 if small else 1_000_000)
    ordinals = np.fromiter((day.toordinal() for day in days), dtype=np.int64, count=len(days))
    workdays = np.fromiter((day.toordinal() for day in table.workdays), dtype=np.int64)

    def with_numpy() -> object:
        return workdays[np.searchsorted(workdays, ordinals) - WORKDAYS_BEFORE]

    def with_numpy_from_dates() -> object:
        given = np.fromiter(map(date.toordinal, days), dtype=np.int64, count=len(days))
        return workdays[np.searchsorted(workdays, given) - WORKDAYS_BEFORE]

    def ours() -> object:
        return table.shift_many(days, -WORKDAYS_BEFORE)

    _agree(table, days, with_numpy)
    our_time, bare_time, dates_time = _interleaved(ours, with_numpy, with_numpy_from_dates)
    detail = f"{len(days):,} days: {our_time * 1000:.0f} ms against {bare_time * 1000:.0f} ms"
    yield Figure(
        name="n workdays before, against numpy searchsorted on integers",
        ratio=our_time / bare_time,
        at_most=3,
        detail=detail,
    )
    yield Figure(
        name="the same, numpy starting from dates",
        ratio=our_time / dates_time,
        at_most=3,
        detail=f"{dates_time * 1000:.0f} ms",
    )


def _days(table: WorkdayTable, count: int) -> list[date]:
    """Days all over the table, a month from its edges; each its own object, as rows from a database are."""
    chance = random.Random(2026)
    first, last = table.first_on.toordinal() + 31, table.last_on.toordinal() - 31
    return [date.fromordinal(chance.randint(first, last)) for _ in range(count)]


def _agree(table: WorkdayTable, days: list[date], with_numpy: Callable[[], object]) -> None:
    ours = [day.toordinal() for day in table.shift_many(days, -WORKDAYS_BEFORE)]
    assert np.array_equal(np.asarray(ours), np.asarray(with_numpy())), "the two ways disagree"


def _interleaved(*ways: Callable[[], object]) -> list[float]:
    """Median seconds of each way, taking turns, so that a busy machine is busy for all of them."""
    seconds: list[list[float]] = [[] for _ in ways]
    for _ in range(REPEATS):
        for place, way in enumerate(ways):
            began = time.perf_counter()
            way()
            seconds[place].append(time.perf_counter() - began)
    return [median(times) for times in seconds]
