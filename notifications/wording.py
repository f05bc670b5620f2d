"""Phrases that every kind of message shares: days, dates, counts, rates. Pure functions, used by the templates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from calendars.formulas import figure_shown, rate_of, share_shown
from duban.core.lights import LIGHT_WORDS, Light

if TYPE_CHECKING:
    from notifications.messages import Asked, Item, Other, Progress, Rest, SupportItem


# A phone shows about three items at a time; whoever has more reads the list behind the link.
SHOWN = 15
# A leader must see every unit that is missing; beyond this the list belongs into a table.
NAMED = 300
# So many occurrences or subjects of one duty are named; the others are counted.
NUMBERED = 11
# So many campaigns are named of what a list leaves out.
CAMPAIGNS = 3

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


def full_date(on: date, provisional: bool = False, hour: str | None = None) -> str:
    """2026年3月31日（周二）; （周二，12:00前） with an hour, （周二，暂定） when the day rests on a provisional year."""
    weekday = "周" + "一二三四五六日"[on.weekday()]
    said = [weekday, *([f"{hour}前"] if hour else []), *(["暂定"] if provisional else [])]
    return f"{on.year}年{on.month}月{on.day}日（{'，'.join(said)}）"


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
        return f"今日{item.hour}前到期" if item.hour else "今日到期"
    if item.days_left == 0:
        return "今日是最后工作日" if item.last_workday == as_of_on else "时限前已无工作日"
    return f"还有{item.days_left}个工作日"


def standing_words(item: Item, as_of_on: date) -> str:
    """红灯 · 已逾期3个工作日: the light and its reason side by side."""
    said = [LIGHT_WORDS[item.light], time_left(item, as_of_on) + ("（暂定）" if item.provisional else "")]
    if item.progress and item.progress.behind > 0 and item.light in (Light.RED, Light.YELLOW):
        said.insert(1, f"落后序时进度{item.progress.behind:.1f}个百分点")
    return " · ".join(said)


def light_colour(light: Light) -> str:
    return COLOURS[light]


def facts(item: Item, reader: str, as_of_on: date) -> list[tuple[str, str]]:
    """The lines under an item, as (label, words): text and HTML say the same because both come from here.

    The unit that owes is named when the reader is another one. Of a duty that is owed several times the lines are its
    first one's, beside how often and when.
    """
    lines = [] if item.unit == reader else [("责任单位", item.unit)]
    lines.append(("时限", full_date(item.due_on, item.provisional, item.hour)))
    if item.last_workday != item.due_on:
        lines.append(("最后工作日", full_date(item.last_workday, item.provisional)))
    if item.previous_due_on is not None:
        lines.append(("原时限", full_date(item.previous_due_on, item.previous_provisional)))
    if item.hard_due_on is not None:
        lines.append(("上级时限", full_date(item.hard_due_on, item.provisional)))
    if item.extended:
        lines.append(("延期", "已批准，时限为延期后日期"))
    if item.others:
        lines.append(("次数", _times(item, as_of_on)))
    if item.progress:
        lines.append(("进度", progress_words(item.progress)))
    if item.expected_evidence:
        lines.append(("需报", "、".join(item.expected_evidence)))
    lines.append(("依据", source_words(item)))
    if item.chased:
        lines.append(
            ("已催办", "、".join(f"{short_date(one.on, as_of_on)}（{one.to}）" for one in item.chased))
        )
    if item.subject:
        lines.append(("对象", item.subject))
    if item.note:
        lines.append(("说明", item.note))
    lines.append(("编号", str(item.obligation_id)))
    if item.others:
        lines.append(("其余编号", _numbers(item.others, as_of_on)))
    return lines


def _times(item: Item, as_of_on: date) -> str:
    """共52次，下一次3月3日，末次12月29日; of subjects their number."""
    last = item.others[-1]
    if last.due_on == item.due_on:
        return f"共{item.times}项，时限相同"
    overdue = sum(1 for on in (item.due_on, *(one.due_on for one in item.others)) if on < as_of_on)
    first = short_date(item.due_on, as_of_on, item.provisional)
    until = short_date(last.due_on, as_of_on, last.provisional)
    said = f"共{item.times}次，{'最早' if overdue else '下一次'}{first}，末次{until}"
    return f"{said}，已逾期{overdue}次" if 0 < overdue < item.times else said


def _numbers(others: Sequence[Other], as_of_on: date) -> str:
    named = "、".join(
        f"{one.obligation_id}（{one.subject or short_date(one.due_on, as_of_on, one.provisional)}）"
        for one in others[:NUMBERED]
    )
    return named + (f"，另有{len(others) - NUMBERED}项" if len(others) > NUMBERED else "")


def progress_words(made: Progress) -> str:
    """17.8／45张（39.6%），截至6月30日，落后序时进度22.1个百分点: what a light of a quota is made of."""
    of = f"{_figure(made.target)}{made.unit_of_measure}"
    if made.reported is None:
        said = f"尚未报数，目标{of}"
    else:
        share = f"（{figure_shown(rate_of(made.reported, made.target), '%')}）" if made.target else ""
        until = f"，截至{made.as_of_on.month}月{made.as_of_on.day}日" if made.as_of_on else ""
        said = f"{_figure(made.reported)}／{of}{share}{until}"
    return (
        f"{said}，落后序时进度{made.behind:.1f}个百分点" if made.behind > 0 else f"{said}，不落后于序时进度"
    )


def _figure(value: Decimal) -> str:
    """17.8 and 45 as people write them: no trailing zeros, no exponent."""
    return f"{value.normalize():f}"


def asked_words(asked: Asked, *, alone: bool) -> str:
    """Whom to ask; which campaigns it runs only where several offices stand side by side."""
    who = (
        asked.office
        + (f" {asked.name}" if asked.name else "")
        + (f"（{asked.address}）" if asked.address else "")
    )
    return who if alone else f"{'、'.join(asked.campaigns)}：{who}"


def rest_words(rest: Rest, as_of_on: date) -> str:
    """7月到期3项（安全生产月、半年和年度总结）: what a list leaves to the page behind it."""
    year = "" if rest.first_due_on.year == as_of_on.year else f"{rest.first_due_on.year}年"
    named = "、".join(rest.campaigns[:CAMPAIGNS]) + ("等" if len(rest.campaigns) > CAMPAIGNS else "")
    return f"{year}{rest.first_due_on.month}月到期{rest.number}项（{named}）"


def support_facts(item: SupportItem, reader: str) -> list[tuple[str, str]]:
    """The same under what a unit supports: who leads and how they stand. The unit is named to another reader only."""
    lines = [] if item.unit == reader else [("配合单位", item.unit)]
    lines += [("牵头单位", item.leads), ("牵头进展", item.leads_stand)]
    lines.append(("时限", full_date(item.due_on, item.provisional, item.hour)))
    if item.last_workday != item.due_on:
        lines.append(("最后工作日", full_date(item.last_workday, item.provisional)))
    if item.previous_due_on is not None:
        lines.append(("原时限", full_date(item.previous_due_on)))
    if item.others:
        lines.append(("以后", f"另有{len(item.others)}期，下一期{full_date(item.others[0])}"))
    return [*lines, ("依据", source_words(item)), ("编号", f"配合 {item.duty_id}")]


def source_words(item: Item | SupportItem) -> str:
    """Document and item with what they say of the date."""
    return item.document + (f"“{item.due_phrase}”" if item.due_phrase else "")


def first_due(items: Iterable[Item], limit: int = SHOWN) -> list[Item]:
    """The items that fall due first; ties in a fixed order, so that the same letter is the same twice."""
    return sorted(items, key=lambda item: (item.due_on, item.unit, item.campaign, item.milestone))[:limit]


def count(items: Sequence[Item], total: int | None) -> int:
    """How many are owed: `total` when the caller handed over only the first of them."""
    handed_over = sum(item.times for item in items)
    return handed_over if total is None else max(total, handed_over)


def left_out(items: Sequence[Item], total: int | None) -> int:
    return count(items, total) - sum(item.times for item in first_due(items))


def units_overdue(items: Iterable[Item]) -> list[tuple[str, int, int]]:
    """(unit, its items, most workdays overdue), the longest overdue first."""
    items = list(items)
    longest: dict[str, int] = {}
    for item in items:
        longest[item.unit] = max(longest.get(item.unit, 0), -item.days_left)
    numbers: Counter[str] = Counter()
    for item in items:
        numbers[item.unit] += item.times
    return sorted(
        ((unit, numbers[unit], days) for unit, days in longest.items()), key=lambda row: (-row[2], row[0])
    )


FILTERS: dict[str, Callable[..., Any]] = {
    words.__name__: words
    for words in (full_date, short_date, time_left, standing_words, light_colour, first_due)
}
GLOBALS: dict[str, Any] = {
    "NAMED": NAMED,
    **{
        words.__name__: words
        for words in (asked_words, count, facts, left_out, rest_words, support_facts, units_overdue)
    },
    "percent": share_shown,
}
