"""Places in a ranking of outcomes: ties take the same place and the next is skipped; an empty whole takes none. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction


def share_of(part: int, whole: int) -> Fraction | None:
    """The exact share; None for an empty whole, which is neither the best nor the worst."""
    return Fraction(part, whole) if whole else None


def rank_places(shares: Sequence[Fraction | None]) -> tuple[int | None, ...]:
    """The place of each share among all, the greatest first."""
    ranked = sorted((one for one in shares if one is not None), reverse=True)
    first: dict[Fraction, int] = {}
    for place, one in enumerate(ranked, start=1):
        first.setdefault(one, place)
    return tuple(None if one is None else first[one] for one in shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendCount:
    """Obligations in force that share these dates. `done_on` is None for what is not signed off."""

    due_on: date
    done_on: date | None
    in_time: bool
    obligations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """The end of one week, or the day asked about: sums since the year began."""

    on: date
    due: int
    done: int
    in_time: int


def weekly_trend(counted: Iterable[TrendCount], *, first: date, last: date) -> tuple[TrendPoint, ...]:
    """A point for each Sunday from the first day on, and one for the last day.

    What counts is due by then and signed off by then. What was signed off after `last` counts at `last`: facts are
    as they stand now, so that the line ends at the rate that is printed beside it.
    """
    ends = _ends(first, last)
    due, done, in_time = ([0] * len(ends) for _ in range(3))
    for one in counted:
        if one.due_on > last:
            continue
        due[_week(one.due_on, first, last)] += one.obligations
        if one.done_on is not None:
            week = _week(max(one.due_on, min(one.done_on, last)), first, last)
            done[week] += one.obligations
            in_time[week] += one.obligations if one.in_time else 0
    points, sums = [], [0, 0, 0]
    for end, *news in zip(ends, due, done, in_time, strict=True):
        sums = [total + new for total, new in zip(sums, news, strict=True)]
        points.append(TrendPoint(on=end, due=sums[0], done=sums[1], in_time=sums[2]))
    return tuple(points)


def _ends(first: date, last: date) -> list[date]:
    sunday = first + timedelta(days=6 - first.weekday())
    ends = []
    while sunday < last:
        ends.append(sunday)
        sunday += timedelta(days=7)
    return [*ends, last]


def _week(day: date, first: date, last: date) -> int:
    """Which of the ends is the first on or after the day; what lies before the first day counts from the first."""
    monday = first - timedelta(days=first.weekday())
    return min(max((day - monday).days // 7, 0), _weeks(first, last) - 1)


def _weeks(first: date, last: date) -> int:
    monday = first - timedelta(days=first.weekday())
    return max((last - monday).days, 0) // 7 + 1
