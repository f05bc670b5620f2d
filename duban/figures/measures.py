"""Measures of how duties are met, each defined once and printed with its definition. Exact; pure.

What is not yet due, waived, suspended or cancelled is in no denominator; an approved extension counts by its new date.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from calendars.formulas import figure_shown, rate_of, share_shown
from duban.obligations.lights import Facts, is_late
from duban.obligations.states import DONE, NOT_STARTED, OUT, State


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
        return tuple(
            MeasureRate(
                key=key,
                name=one.name,
                part=COUNTED[one.part].of(self),
                whole=COUNTED[one.whole].of(self),
                definition=one.definition,
            )
            for key, one in MEASURES.items()
        )

    def rate(self, key: str) -> MeasureRate:
        """One of them."""
        return next(one for one in self.rates if one.key == key)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureRate:
    """Part of whole with its definition."""

    key: str
    name: str
    part: int
    whole: int
    definition: str

    @property
    def shown(self) -> str:
        """61.8 %, or "—" for an empty whole."""
        return figure_shown(rate_of(self.part, self.whole), "%")

    @property
    def exact(self) -> str:
        """The same with its fraction."""
        return share_shown(self.part, self.whole)


@dataclass(frozen=True, slots=True)
class CountedFigure:
    """What a figure counts: its name, and the tallies of which it is the sum or what is missing between them."""

    name: str
    counts: str
    without: str | None = None

    def of(self, tallies: Any) -> Any:
        """Of a RateTally, or of a table with its columns."""
        number = getattr(tallies, self.counts)
        return number - getattr(tallies, self.without) if self.without else number


# Every part and whole of the measures, and what is missing between them, so that each figure opens to its items.
COUNTED: dict[str, CountedFigure] = {
    "due": CountedFigure("截至当日应办结", "due"),
    "in_time": CountedFigure("按时办结", "done_in_time"),
    "not_in_time": CountedFigure("应办结而未按时办结", "due", without="done_in_time"),
    "done_due": CountedFigure("应办结且已销号", "done_due"),
    "not_done": CountedFigure("应办结而未销号", "due", without="done_due"),
    "done": CountedFigure("已销号", "done"),
    "at_first": CountedFigure("未经退回而销号", "done_at_first"),
    "owed": CountedFigure("已交办", "owed"),
    "taken_up": CountedFigure("已签收或已着手", "taken_up"),
    "not_taken_up": CountedFigure("已交办而未签收", "owed", without="taken_up"),
    # What stands in no denominator of what was due.
    "not_due": CountedFigure("尚未到期", "owed", without="due"),
    "out": CountedFigure("免办、暂停、撤销或未启动", "out"),
}
LEFT_OUT = ("not_due", "out")


def left_out_words(tally: RateTally) -> str:
    """What stands in no denominator of what was due; "" for nothing."""
    found = ((COUNTED[key].of(tally), COUNTED[key].name) for key in LEFT_OUT)
    return "；".join(f"{number}项{name}" for number, name in found if number)


@dataclass(frozen=True, slots=True)
class Measure:
    """A rate: what its part and its whole count, by their keys in COUNTED."""

    name: str
    part: str
    whole: str
    definition: str


MEASURES: dict[str, Measure] = {
    "in_time": Measure(
        "按时办结率",
        "in_time",
        "due",
        "按时限报结并已销号÷截至当日应办结；免办、暂停、撤销和未到期的不计，已批延期按新时限",
    ),
    "done": Measure("办结率", "done_due", "due", "已销号÷截至当日应办结"),
    "at_first": Measure("一次通过率", "at_first", "done", "未经退回而销号÷已销号"),
    "taken_up": Measure("签收率", "taken_up", "owed", "已签收或已着手÷已交办"),
}


def total_tally(tallies: Iterable[tuple[RateTally, int]]) -> RateTally:
    """The sum of tallies, each taken so many times."""
    every = tuple(tallies)
    names = RateTally.__dataclass_fields__
    return RateTally(**{name: sum(getattr(one, name) * times for one, times in every) for name in names})


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
