"""The counts of a yearly check, which must not be mixed: 应参检, 已参检, 完成年检, 合格, and the rates made of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from duban.core.days import happened_faults
from duban.figures.measures import MeasureRate
from duban.obligations.states import DONE, OPEN, WAITING, State

# What a record on the roster moves. The registrar's published conclusion closes also what a unit handed in and nobody
# has reviewed yet; participation only hands in.
BY_CONCLUSION = OPEN | WAITING
BY_PARTICIPATION = OPEN
# An old record says nothing about what people have done since: it moves only what nobody has touched.
UNTOUCHED = frozenset({State.ASSIGNED})
# A record that such a state rests on is not emptied behind its back.
HELD = WAITING | DONE


def participation_faults(on: date | None, today: date, year: int | None = None) -> tuple[str, ...]:
    """Why nobody can have taken part on that day, in a year's check at the earliest in the year before it."""
    if year is None:
        return happened_faults("参检日期", on, today)
    return happened_faults("参检日期", on, today, since=date(year - 1, 1, 1), since_is=f"{year}年年检最早的")


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterCounts:
    """`due` 应参检, `taken_part` 已参检, `completed` 完成年检 (a conclusion was reached), then the conclusions.

    `left_out` stand on the roster without having to take part: they are in no count and no rate.
    """

    due: int
    taken_part: int = 0
    completed: int = 0
    passed: int = 0
    basically_passed: int = 0
    failed: int = 0
    left_out: int = 0

    @property
    def missing(self) -> int:
        return self.due - self.taken_part

    def rate(self, key: str) -> MeasureRate:
        """One of RATES."""
        name, part, whole, definition = RATES[key]
        parts = {"part": getattr(self, part), "whole": getattr(self, whole)}
        return MeasureRate(key=key, name=name, definition=definition, **parts)


# The rates of a check, each defined here alone: name, part, whole, and what people read of it.
RATES = {
    "participation": ("参检率", "taken_part", "due", "已参检÷应参检；名册里不在应参检范围的不计"),
    "completion": ("年检率", "completed", "due", "完成年检（已有结论）÷应参检；名册里不在应参检范围的不计"),
    "passing": (
        "合格率",
        "passed",
        "completed",
        "合格÷完成年检（已有结论）；基本合格、不合格不算合格，还没有结论的不计",
    ),
}
RATE_WORDS = {key: f"{name}＝{definition}" for key, (name, _, _, definition) in RATES.items()}


def total_counts(counts: Iterable[RosterCounts]) -> RosterCounts:
    """The sum over units."""
    every = tuple(counts)
    names = RosterCounts.__dataclass_fields__
    return RosterCounts(**{name: sum(getattr(one, name) for one in every) for name in names})


def counts_as_figures(counts: RosterCounts) -> dict[str, int]:
    """The counts under the names that formulas use, Chinese and as the calendar files write them."""
    return {
        "应参检": counts.due,
        "due_check": counts.due,
        "已参检": counts.taken_part,
        "checked": counts.taken_part,
        "完成年检": counts.completed,
        "completed": counts.completed,
        "合格": counts.passed,
        "passed": counts.passed,
    }


OUTCOMES = {"合格": "passed", "基本合格": "basically_passed", "不合格": "failed"}


def left_words(left: int) -> str:
    """What a conclusion did not close, and what to do; nothing where there is none."""
    if not left:
        return ""
    return f"有{left}项虽有结论，但前一阶段没有办结或设有问题台账，没有销号，请先办结前一阶段、清完台账。"
