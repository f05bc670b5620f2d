"""Measures of how duties are met, each defined once and printed with its definition. Exact; pure.

What is not yet due, waived, suspended or cancelled is in no denominator; an approved extension counts by its new date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date

from calendars.formulas import ComputedFigure, figure_shown, rate_of
from duban.obligations.lights import Facts, is_late
from duban.obligations.states import DONE, NOT_STARTED, OUT, State


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureRate:
    """Part of whole with its definition; `figure` is the exact percentage, None for an empty whole."""

    key: str
    name: str
    part: int
    whole: int
    definition: str

    @property
    def figure(self) -> ComputedFigure | None:
        return rate_of(self.part, self.whole)

    @property
    def shown(self) -> str:
        """61.8 %, or "—" for an empty whole."""
        return figure_shown(self.figure, "%")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTally:
    """Counts of obligations. `owed` are in force; `due` of them had to be done by the day asked about."""

    owed: int = 0
    due: int = 0
    done: int = 0
    done_due: int = 0
    done_in_time: int = 0
    done_at_first: int = 0
    taken_up: int = 0
    out: int = 0

    @property
    def rates(self) -> tuple[MeasureRate, ...]:
        """The measures, in the order people read them."""
        counts = (
            (self.done_in_time, self.due),
            (self.done_due, self.due),
            (self.done_at_first, self.done),
            (self.taken_up, self.owed),
        )
        return tuple(
            MeasureRate(key=key, name=name, part=part, whole=whole, definition=definition)
            for (key, name, definition), (part, whole) in zip(DEFINITIONS, counts, strict=True)
        )


DEFINITIONS = (
    (
        "in_time",
        "按时办结率",
        "按时限报结并已销号÷截至当日应办结；免办、暂停、撤销和未到期的不计，已批延期按新时限",
    ),
    ("done", "办结率", "已销号÷截至当日应办结"),
    ("at_first", "一次通过率", "未经退回而销号÷已销号"),
    ("taken_up", "签收率", "已签收或已着手÷已交办"),
)


@dataclass(frozen=True, slots=True)
class CountedMeasure:
    """What a figure counts: its name, and whether one obligation's tally is in it."""

    name: str
    holds: Callable[[RateTally], bool]


# Every part and whole of the measures, and what is missing between them, so that each figure opens to its items.
COUNTED: dict[str, CountedMeasure] = {
    "due": CountedMeasure("截至当日应办结", lambda one: bool(one.due)),
    "in_time": CountedMeasure("按时办结", lambda one: bool(one.done_in_time)),
    "not_in_time": CountedMeasure("应办结而未按时办结", lambda one: one.due > one.done_in_time),
    "done_due": CountedMeasure("应办结且已销号", lambda one: bool(one.done_due)),
    "not_done": CountedMeasure("应办结而未销号", lambda one: one.due > one.done_due),
    "done": CountedMeasure("已销号", lambda one: bool(one.done)),
    "at_first": CountedMeasure("未经退回而销号", lambda one: bool(one.done_at_first)),
    "owed": CountedMeasure("已交办", lambda one: bool(one.owed)),
    "taken_up": CountedMeasure("已签收或已着手", lambda one: bool(one.taken_up)),
    "not_taken_up": CountedMeasure("已交办而未签收", lambda one: one.owed > one.taken_up),
}
# Of each measure in DEFINITIONS: what its part and its whole count.
PART_AND_WHOLE: dict[str, tuple[str, str]] = {
    "in_time": ("in_time", "due"),
    "done": ("done_due", "due"),
    "at_first": ("at_first", "done"),
    "taken_up": ("taken_up", "owed"),
}
_NAMES = tuple(field.name for field in fields(RateTally))


def rate_tally(facts: Facts, today: date, *, late: bool, returned: bool) -> RateTally:
    """What one obligation with these facts and marks adds to each count: 0 or 1."""
    if facts.state in NOT_STARTED or facts.state in OUT:
        return RateTally(out=1)
    due, done = facts.due_on <= today, facts.state in DONE
    in_time = done and not late and not is_late(facts)
    return RateTally(
        owed=1,
        due=int(due),
        done=int(done),
        done_due=int(due and done),
        done_in_time=int(due and in_time),
        done_at_first=int(done and not returned),
        taken_up=int(facts.state is not State.ASSIGNED),
    )


def total_tally(parts: Iterable[tuple[RateTally, int]]) -> RateTally:
    """The sum of tallies, each as often as it says."""
    counts = dict.fromkeys(_NAMES, 0)
    for one, times in parts:
        for name in _NAMES:
            counts[name] += getattr(one, name) * times
    return RateTally(**counts)
