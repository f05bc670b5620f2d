"""Reads recurrences that divide the year in other ways: 每两个月, 每半月, 每旬, and 4-10月每月25日前.

It must not know how the inner recurrence is spelt; rules.deadline.repeats hands in its own reader.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from rules.deadline.acts import count_of
from rules.deadline.dates_in_text import one
from rules.deadline.parts import (
    PLAN,
    Day,
    Due,
    Half,
    How,
    Month,
    One,
    Parts,
    Quarter,
    Repeat,
    TenDays,
    Window,
)
from rules.deadline.spans import months_of, one_in, one_year

_MONTHS = range(1, 13)
_WHOLE = {
    "every_two_months": re.compile(r"每(?:2|两)个?月(.*)"),
    "half_monthly": re.compile(r"每半个?月(.*)"),
    "every_ten_days": re.compile(r"每1?个?旬(.*)"),
}
_PART = re.compile(r"(?:自|从|在)?(?P<span>[^每]+?)(?P<open>起|开始)?(?:期间|内)?,?(?P<inner>每个?月.+)")


def divided(text: str) -> Parts | None:
    """The recurrence that cuts every year, or every month, into equal parts; None where the text is none."""
    for name, pattern in _WHOLE.items():
        match = pattern.fullmatch(text)
        count = count_of(match[1]) if match else None
        if count is not None:
            return Repeat(name=f"{name}({count})" if count else name, items=_cells(name))
    return None


def _cells(name: str) -> tuple[One, ...]:
    if name == "every_two_months":
        return tuple(Window(first=Month(month=month), last=Month(month=month + 1)) for month in _MONTHS[::2])
    if name == "every_ten_days":
        return tuple(
            Due(at=TenDays(month=month, first=third, last=third), how=How.WITHIN)
            for month in _MONTHS
            for third in (1, 2, 3)
        )
    return tuple(half for month in _MONTHS for half in _halves(month))


def _halves(month: int) -> tuple[One, One]:
    """The first to the 15th, and the rest: 中旬's second half begins on the 16th."""
    return (
        Window(first=Day(month=month, day=1), last=Day(month=month, day=15)),
        Window(first=Day(month=month, day=16), last=Month(month=month)),
    )


def in_part(text: str, whole: Callable[[str], Parts | None]) -> Parts | None:
    """4-10月每月25日前: the occurrences whose months lie in the part of the year that the text names first."""
    match = _PART.fullmatch(text)
    if match is None:
        return None
    span, inner = one(match["span"]), whole(match["inner"])
    months = _months(span, open_end=bool(match["open"]))
    if months is None or span is None or not isinstance(inner, Repeat) or inner.since is not None:
        return None
    year = one_year(span)
    if match["open"] and year.absolute:
        # 2025年4月起每月10日前 still holds in every month of 2026.
        name = f"{inner.name},from({year.absolute}-{months[0]})"
        known = all(_lies_in(item, (1, 12)) for item in inner.items)
        return replace(inner, name=name, since=year.absolute, since_month=months[0]) if known else None
    items = tuple(item for item in inner.items if _lies_in(item, months))
    if not items:
        return None
    return Repeat(
        name=f"{inner.name},months({months[0]}-{months[1]})",
        items=tuple(one_in(item, year) for item in items),
    )


def _months(span: One | None, *, open_end: bool) -> tuple[int, int] | None:
    """First and last whole month named; None for what is cut inside a month or crosses the year's end."""
    if isinstance(span, Due) and span.how is How.WITHIN and isinstance(span.at, Month | Quarter | Half):
        edge = months_of(span.at)
        assert edge is not None, "months, quarters and halves have fixed ends"
        return edge[0] // 100, 12 if open_end else edge[1] // 100
    if open_end or not isinstance(span, Window):
        return None
    first, last = span.first, span.last
    if not isinstance(first, Month) or not isinstance(last, Month):
        return None
    return (first.month, last.month) if first.year == last.year else None


def _lies_in(item: One, months: tuple[int, int]) -> bool:
    at = item.at if isinstance(item, Due) else item.last if isinstance(item, Window) else None
    edge = months_of(at) if at is not None and one_year(item) == PLAN else None
    return edge is not None and months[0] * 100 <= edge[0] and edge[1] < months[1] * 100 + 100
