"""The time phrases of holiday notices: days and spans in Chinese, with the year and month carried over.

Knows how one clause writes its days; must not know what the clause orders.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from opencc import OpenCC

from calendars.notices.draft import WEEKDAYS, spoken
from calendars.workdays import festival

NAME = r"(?:元旦节?|新年|春节|清明节?|(?:五一)?(?:国际)?劳动节|五一|端午节?|中秋节?|国庆节?|十一)"
NAMES = rf"{NAME}(?:[、和,]{NAME})*"
DAY = r"(?:(?:\d{4}年)?\d{1,2}月)?\d{1,2}[日号](?:\([^()]*\))?"
_START = r"(?:(?:\d{4}年)?\d{1,2}月)?\d{1,2}(?:[日号](?:\([^()]*\))?)?"
SPAN = rf"(?:{_START}(?:至|到|-){DAY}|{DAY})"
SPANS = rf"{SPAN}(?:(?:、|和|及|以及){SPAN})*"
_PARTS = re.compile(r"(?:(?:(\d{4})年)?(\d{1,2})月)?(\d{1,2})(?:[日号])?(?:\(([^()]*)\))?")
_WEEKDAY = re.compile(r"(?:星期|周|礼拜)([一二三四五六日天])")
LONGEST_BLOCK = 15


class NotADay(ValueError):
    """A phrase has the form of a day but names none; the message says which and why."""


@dataclass(slots=True)
class Carry:
    """What a clause inherits: the notice's year, and the year and month last written in the section."""

    notice_year: int
    new_year: bool = False
    month: tuple[int, int] | None = None
    problems: list[str] = field(default_factory=list)


def normalised(text: str) -> str:
    """Full width to half width, Traditional to Simplified, one kind of dash and no quotes or blanks; lines are kept."""
    text = _simplifier().convert(unicodedata.normalize("NFKC", text))
    text = re.sub(r"[—–―~〜～﹣−]+", "-", text)
    text = re.sub(r"[“”\"'‘’「」『』\u200b\ufeff]", "", text)
    return "\n".join(re.sub(r"\s+", "", line) for line in text.splitlines())


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def names_in(text: str) -> tuple[str, ...]:
    """The holidays named in a text, in its order, each once, by the names year tables use."""
    return tuple(dict.fromkeys(festival(name) for name in re.findall(NAME, text)))


def days_in(spans: str, carry: Carry) -> list[date]:
    """All days of `SPANS`; updates the carry. Raises NotADay for a day that does not exist or has no month."""
    return [day for span in re.findall(SPAN, spans) for day in _span(span, carry)]


def _span(span: str, carry: Carry) -> list[date]:
    parts = [match.groups() for match in _PARTS.finditer(span)]
    first = _day(parts[0], carry, span)
    if len(parts) == 1:
        return [first]
    last = _day(parts[1], carry, span, after=first)
    if not 0 < (last - first).days < LONGEST_BLOCK:
        raise NotADay(f"「{span}」首尾颠倒或过长，请核对原文。")
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def _day(parts: tuple[str | None, ...], carry: Carry, span: str, after: date | None = None) -> date:
    year, month, number, note = parts
    if month:
        carry.month = (int(year) if year else _unsaid_year(int(month), carry, after), int(month))
    if carry.month is None or number is None:
        raise NotADay(f"「{span}」没有写明月份，请补上月份。")
    try:
        day = date(*carry.month, int(number))
    except ValueError:
        raise NotADay(f"「{span}」没有这一天，请核对原文。") from None
    _check_note(day, note or "", carry)
    return day


def _unsaid_year(month: int, carry: Carry, after: date | None) -> int:
    """A range runs forward, so its end may lie in the next year; a December day of New Year lies in the year before."""
    if after is not None:
        return after.year + (month < after.month)
    return carry.notice_year - (carry.new_year and month == 12)


def _check_note(day: date, note: str, carry: Carry) -> None:
    """Behind a day stands its weekday, a festival or a lunar date; only the weekday can be checked."""
    for said in _WEEKDAY.findall(note):
        if WEEKDAYS[day.weekday()] != said.replace("天", "日"):
            carry.problems.append(f"原文写的是周{said}，而{spoken(day)}不是，请核对日期和年份。")
    if re.search(r"\d|放假|上班|休", note):
        carry.problems.append(f"{spoken(day)}后面括号里的「{note}」没有读懂，请改写到括号外面。")
