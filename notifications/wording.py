"""Phrases that every kind of message shares: days, dates, counts, rates. Pure functions, used by the templates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from calendars.formulas import share_shown
from duban.core.lights import LIGHT_WORDS, Light

if TYPE_CHECKING:
    from notifications.messages import Item, SupportItem


# A phone shows about three items at a time; whoever has more reads the list behind the link.
SHOWN = 15
# A leader must see every unit that is missing; beyond this the list belongs into a table.
NAMED = 300

# The colour of an item's edge. It never stands alone: the light's word is always beside it.
COLOURS = {
    Light.RED: "#c62828",
    Light.YELLOW: "#b26a00",
    Light.GREEN: "#2e7d32",
    Light.GREY: "#757575",
}

# Line breaks would let a name pose as further lines of a letter; direction marks would turn its characters round;
# the rest cannot stand in XML or be encoded at all.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")


def one_line(text: str) -> str:
    """The text on a single line, without characters that have no business in a letter."""
    return text if text.isprintable() else _UNPRINTABLE.sub(" ", text)


def printable(value: Any) -> Any:
    """What a template prints: plain strings become one line; markup made by our own templates stays as it is."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return one_line(value)
    return value


def is_web_link(link: str | None) -> bool:
    """True for http and https only: any other scheme in a letter is not ours."""
    return link is not None and link.startswith(("https://", "http://"))


def full_date(on: date, provisional: bool = False) -> str:
    """2026年3月31日（周二）, and （周二，暂定） when the day rests on a provisional year."""
    weekday = "周" + "一二三四五六日"[on.weekday()]
    return f"{on.year}年{on.month}月{on.day}日（{weekday}{'，暂定' if provisional else ''}）"


def short_date(on: date, as_of_on: date, provisional: bool = False) -> str:
    """3月31日, with the year when it is not the year of `as_of_on`."""
    year = "" if on.year == as_of_on.year else f"{on.year}年"
    return f"{year}{on.month}月{on.day}日{'（暂定）' if provisional else ''}"


def time_left(item: Item | SupportItem, as_of_on: date) -> str:
    """How the item stands against its date, in workdays."""
    if item.days_left < 0:
        return f"已逾期{-item.days_left}个工作日"
    if as_of_on > item.due_on:
        return "已逾期（不足1个工作日）"
    if item.due_on == as_of_on:
        return "今日到期"
    if item.days_left == 0:
        return "今日是最后工作日" if item.last_workday == as_of_on else "时限前已无工作日"
    return f"还有{item.days_left}个工作日"


def standing_words(item: Item, as_of_on: date) -> str:
    """红灯 · 已逾期3个工作日: the light and its reason side by side."""
    return f"{LIGHT_WORDS[item.light]} · {time_left(item, as_of_on)}{'（暂定）' if item.provisional else ''}"


def light_colour(light: Light) -> str:
    return COLOURS[light]


def facts(item: Item, reader: str) -> list[tuple[str, str]]:
    """The lines under an item, as (label, words): text and HTML say the same because both come from here.

    The unit that owes is named when the reader is another one.
    """
    lines = [] if item.unit == reader else [("责任单位", item.unit)]
    lines.append(("时限", full_date(item.due_on, item.provisional)))
    if item.last_workday != item.due_on:
        lines.append(("最后工作日", full_date(item.last_workday, item.provisional)))
    if item.previous_due_on is not None:
        lines.append(("原时限", full_date(item.previous_due_on, item.previous_provisional)))
    if item.hard_due_on is not None:
        lines.append(("上级时限", full_date(item.hard_due_on, item.provisional)))
    if item.extended:
        lines.append(("延期", "已批准，时限为延期后日期"))
    if item.expected_evidence:
        lines.append(("需报", "、".join(item.expected_evidence)))
    lines.append(("依据", item.document))
    if item.note:
        lines.append(("说明", item.note))
    return [*lines, ("编号", str(item.obligation_id))]


def support_facts(item: SupportItem, reader: str) -> list[tuple[str, str]]:
    """The same under what a unit supports: who leads and how they stand. The unit is named to another reader only."""
    lines = [] if item.unit == reader else [("配合单位", item.unit)]
    lines += [("牵头单位", item.leads), ("牵头进展", item.leads_stand)]
    lines.append(("时限", full_date(item.due_on, item.provisional)))
    if item.last_workday != item.due_on:
        lines.append(("最后工作日", full_date(item.last_workday, item.provisional)))
    return [*lines, ("依据", item.document), ("编号", f"配合 {item.duty_id}")]


def first_due(items: Iterable[Item], limit: int = SHOWN) -> list[Item]:
    """The items that fall due first; ties in a fixed order, so that the same letter is the same twice."""
    return sorted(items, key=lambda item: (item.due_on, item.unit, item.campaign, item.milestone))[:limit]


def count(items: Sequence[Item], total: int | None) -> int:
    """How many are owed: `total` when the caller handed over only the first of them."""
    return len(items) if total is None else max(total, len(items))


def left_out(items: Sequence[Item], total: int | None) -> int:
    return count(items, total) - min(len(items), SHOWN)


def units_overdue(items: Iterable[Item]) -> list[tuple[str, int, int]]:
    """(unit, its items, most workdays overdue), the longest overdue first."""
    items = list(items)
    longest: dict[str, int] = {}
    for item in items:
        longest[item.unit] = max(longest.get(item.unit, 0), -item.days_left)
    numbers = Counter(item.unit for item in items)
    return sorted(
        ((unit, numbers[unit], days) for unit, days in longest.items()), key=lambda row: (-row[2], row[0])
    )


FILTERS: dict[str, Callable[..., Any]] = {
    words.__name__: words
    for words in (full_date, short_date, time_left, standing_words, light_colour, first_due)
}
GLOBALS: dict[str, Any] = {
    "NAMED": NAMED,
    **{words.__name__: words for words in (count, facts, left_out, support_facts, units_overdue)},
    "percent": share_shown,
}
