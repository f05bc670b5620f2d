"""Pictures drawn on the server: where the lines of a trend and the parts of a bar lie. Templates write them as SVG.

Lines differ by dashes and labels as well as by colour, so that a print in black and white reads the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from duban.figures.measures import MeasureRate
from duban.reports.board import TrendPoint

WIDTH, HEIGHT = 720, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 120, 12, 28
_STEPS = (1, 2, 3, 4, 5, 6, 8)
# Labels at the ends of lines need so much room below each other.
_LABEL_GAP = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on an axis at `at`, with its text."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: `key` is its class, `points` as SVG wants them, its label at the right end."""

    key: str
    name: str
    points: str
    label_y: float
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A drawing of `width` × `height`; `area` lies under the first line."""

    width: int
    height: int
    left: int
    right: float
    bottom: float
    months: tuple[Tick, ...]
    heights: tuple[Tick, ...]
    lines: tuple[Line, ...]
    area: str


def draw_trend(points: Sequence[TrendPoint]) -> Trend | None:
    """The year's lines; None while nothing was due."""
    if not points or not points[-1].due:
        return None
    top, first = _round_up(points[-1].due), date(points[0].on.year, 1, 1)
    days = max((date(first.year, 12, 31) - first).days, 1)

    def x(day: date) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (day - first).days / days, 1)

    def y(number: int) -> float:
        return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * number / top, 1)

    series = (
        ("due", "应办结", [one.due for one in points]),
        ("done", "已办结", [one.done for one in points]),
        ("in-time", "按时办结", [one.in_time for one in points]),
    )
    drawn = {
        key: " ".join(f"{x(one.on)},{y(n)}" for one, n in zip(points, numbers, strict=True))
        for key, _, numbers in series
    }
    labels = _apart([y(numbers[-1]) for _, _, numbers in series])
    start, end = x(points[0].on), x(points[-1].on)
    return Trend(
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        bottom=y(0),
        months=tuple(Tick(at=x(date(first.year, month, 1)), text=f"{month}月") for month in range(1, 13)),
        heights=tuple(Tick(at=y(top * n // 4), text=f"{top * n // 4}") for n in range(5)),
        lines=tuple(
            Line(key=key, name=name, points=drawn[key], label_y=label, last=numbers[-1])
            for (key, name, numbers), label in zip(series, labels, strict=True)
        ),
        area=f"{start},{y(0)} {drawn['due']} {end},{y(0)}",
    )


def _round_up(number: int) -> int:
    """A round number not below, divisible by four so that the grid's lines are whole."""
    size = 4
    while True:
        for step in _STEPS:
            if size * step >= number:
                return size * step
        size *= 10


def _apart(heights: Sequence[float]) -> list[float]:
    """The same heights, moved down where labels would lie upon each other; kept inside the drawing."""
    placed: list[float] = []
    for wanted in heights:
        placed.append(max(wanted, placed[-1] + _LABEL_GAP) if placed else wanted)
    over = max(placed[-1] - (HEIGHT - _BOTTOM), 0.0)
    return [round(one - over, 1) for one in placed]


def draw_share(rate: MeasureRate, width: int = 200) -> float:
    """How wide the filled part of a bar of this width is."""
    return round(width * rate.part / rate.whole, 1) if rate.whole else 0.0
