"""Reads one date with what is said about it: 3月底前, 春节前, 自6月1日起, a window, a month inside a quarter.

Every rule consumes its text whole; a text that no rule consumes is not read.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from rules.deadline import lexicon
from rules.deadline.naming import year_of
from rules.deadline.parts import (
    PLAN,
    Day,
    Due,
    End,
    Festival,
    Half,
    How,
    Inside,
    Month,
    NthWeekday,
    NthWorkday,
    One,
    Quarter,
    Shifted,
    Span,
    TenDays,
    WholeYear,
    Window,
    Year,
)
from rules.deadline.points import INCLUDED, point
from rules.deadline.windows import window

_POINTED = (Day, End, NthWeekday, NthWorkday)
"""Spans of one numbered day: 前 includes it, by the usual office practice."""
_BEFORE = re.compile(
    rf"(.+?){INCLUDED}(?:之前|以前|前)(\((?:含|包含|包括)(?:本[月日]|当[日天]|[0-9]{{1,2}}[月日]|[0-9]{{1,2}}月[0-9]{{1,2}}日)?\))?"
)
_SHIFTED = re.compile(
    r"(.+?)(?:(?:前|提前|之前)([0-9]{1,2})(天|日)(?:前|之前|以前)|([0-9]{1,2})(天|日)(?:前|之前|以前))"
)
_RUN_UP = re.compile(r"(.+?)前(?:的)?([0-9]{1,2})(天|日|周|个星期)(?:以内|之内|内)")


def one(text: str, *, firm: bool = False) -> One | None:
    """One date or window that the whole text names; firm: the words around it already said 'at the latest'.

    Raises Impossible for a day no calendar has.
    """
    if firm:
        return _firm(text)
    for rule in _RULES:
        found = rule(text)
        if found is not None:
            return found
    return None


def _firm(text: str) -> One | None:
    found = one(text)
    if isinstance(found, Due) and isinstance(found.at, _POINTED) and found.how in (How.BY, How.WITHIN):
        return _by(found.at)
    return found if isinstance(found, Due) and found.how in (How.BY, How.BEFORE) else None


def _by(at: Span) -> Due | None:
    # 0时 belongs to the day before in one reading and to the day itself in the other.
    return None if isinstance(at, Day) and at.clock == "00:00" else Due(at=at, how=How.BY)


def _before(text: str) -> One | None:
    match = _BEFORE.fullmatch(text)
    if match is None:
        return None
    head, included = match[1], bool(match[2])
    if re.fullmatch(r"[0-9]{1,2}·[0-9]{1,2}|520|521", head) and not included:
        # 5·12 is a day and the name of what is held on it: whether 前 includes it is not said.
        return None
    at = point(head)
    if at is None and head in lexicon.ONLY_WITH_RELATION:
        at = Festival(name=lexicon.ONLY_WITH_RELATION[head])
    match at:
        case Day() | End() | NthWeekday() | NthWorkday():
            return _by(at)
        case Month(month=1) | TenDays(first=1) if not included:
            # 4月上旬前 and 1月前 would point before anything the writer can have meant.
            return None
        case Month() | TenDays():
            return Due(at=at, how=How.BY if included else How.MAYBE_BEFORE)
        case Festival(name=name) if not included:
            moving = isinstance(lexicon.PLACES[name], lexicon.WholeMonth | lexicon.Local)
            # 元旦前 in a plan for 2026 may mean the end of 2025 or of 2026.
            return None if moving or (name == "元旦" and at.year == PLAN) else Due(at=at, how=How.BEFORE)
        case _:
            return None


def _eve(text: str) -> One | None:
    match = re.fullmatch(r"(.+?)(前夕|前夜|前1[天日])", text)
    at = point(match[1]) if match else None
    if match is None or not isinstance(at, Festival) or not _is_day(at):
        return None
    if at.name == "元旦" and at.year == PLAN:
        return None
    if match[2] in ("前夕", "前夜"):
        return Due(at=at, how=How.EVE)
    return Due(at=Shifted(festival=at, n=1), how=How.WITHIN)


def _around(text: str) -> One | None:
    match = re.fullmatch(r"(.+?)前后", text)
    at = point(match[1]) if match else None
    return Due(at=at, how=How.AROUND) if isinstance(at, Festival) and _is_day(at) else None


def _is_day(at: Festival) -> bool:
    place = lexicon.PLACES[at.name]
    return not at.holiday and not isinstance(place, lexicon.WholeMonth | lexicon.Local)


def _from(text: str) -> One | None:
    match = re.fullmatch(r"(?:自|从)?(.+?)(?:起|开始|之日起|起开始)|(?:不早于|不得早于)(.+)", text)
    at = point(match[1] or match[2]) if match else None
    if isinstance(at, Day | Month | TenDays | Quarter | Half | WholeYear):
        return Due(at=at, how=How.FROM)
    return None


def _shifted(text: str) -> One | None:
    match = _SHIFTED.fullmatch(text)
    at = point(match[1]) if match else None
    if match and isinstance(at, Festival) and _is_day(at) and not (at.name == "元旦" and at.year == PLAN):
        return Due(at=Shifted(festival=at, n=int(match[2] or match[4])), how=How.BY)
    return None


def _run_up(text: str) -> One | None:
    match = _RUN_UP.fullmatch(text)
    at = point(match[1]) if match else None
    if match and isinstance(at, Festival) and _is_day(at) and not (at.name == "元旦" and at.year == PLAN):
        days = int(match[2]) * (1 if match[3] in "天日" else 7)
        return Window(first=Shifted(festival=at, n=days), last=Shifted(festival=at, n=1))
    return None


def _holiday_window(text: str) -> One | None:
    """清明节期间(4月4日至6日): the written days count, if the festival lies among them."""
    match = re.fullmatch(r"(?P<name>[^()]+)\((?P<days>[^()]+)\)(?:期间)?", text)
    if match is None:
        return None
    for name, days in ((match["name"], match["days"]), (match["days"], match["name"])):
        at, found = point(name.removesuffix("期间")), window(days)
        if isinstance(at, Festival) and found is not None and found.first is not None:
            on = replace(at, holiday=False)
            year = year_of(found.first)
            on = replace(on, year=year) if at.year == PLAN else on
            return replace(found, holds=on) if _is_day(on) else None
    return None


def _closing(text: str) -> One | None:
    match = re.fullmatch(r"(.+?)(?:截止|止|为止|前截止|前结束)", text)
    if match is None:
        return None
    at = point(match[1])
    return _by(at) if isinstance(at, _POINTED) else None


def _until(text: str) -> One | None:
    match = re.fullmatch(
        r"(?P<go>持续|延续|一直|延期|延长|推迟|顺延|延|调整)?(?:至|到)(?P<at>.+?)(?:止|为止|结束|前)?", text
    )
    at = point(match["at"]) if match else None
    if match is None or at is None:
        return None
    if isinstance(at, Day) and at.clock == "00:00":
        return None
    if isinstance(at, WholeYear) and text.endswith("前"):
        return None
    if isinstance(at, WholeYear) and at.year.absolute and not match["go"]:
        return Due(at=replace(at, subject=False), how=How.BY)
    if isinstance(at, (*_POINTED, Month)) and not (isinstance(at, Month) and text.endswith("前")):
        return Window(first=None, last=at)
    return None


def _inside(text: str) -> One | None:
    match = re.fullmatch(r"(.*?(?:[1-4]季度|[上下]半年|[Qq][1-4])):?(?:\((.+)\)|(.+))", text)
    if match is None:
        return None
    cell = point(match[1])
    if not isinstance(cell, Quarter | Half):
        return None
    inner = one(match[2] or match[3])
    if not isinstance(inner, Due | Window) or (
        isinstance(inner, Due) and inner.how in (How.FROM, How.AROUND)
    ):
        return None
    last = inner.at if isinstance(inner, Due) else inner.last
    # A cell holds finer dates only; 上半年一季度 is none, and a second year would be a contradiction.
    if year_of(last) != PLAN or not isinstance(last, (*_POINTED, Month, TenDays, Festival)):
        return None
    if cell.year != PLAN:
        return None
    return Inside(cell=cell, inner=inner)


def _bare(text: str) -> One | None:
    at = point(text)
    if at is None:
        return _period(text)
    return Due(at=at, how=How.BY if isinstance(at, End) else How.WITHIN)


def _period(text: str) -> One | None:
    match = re.fullmatch(r"(十[三四五]五)(?:规划)?(?:时期|期间)?", text)
    if match:
        first, last = lexicon.PLAN_PERIODS[match[1]]
        return Window(first=WholeYear(year=Year(absolute=first)), last=WholeYear(year=Year(absolute=last)))
    match = re.fullmatch(r"([0-9]{4}年|今年)?前([23])个?季度", text)
    if match:
        year = Year(absolute=int(match[1][:4])) if match[1] and match[1] != "今年" else PLAN
        return Window(first=Quarter(year=year, number=1), last=Quarter(year=year, number=int(match[2])))
    return None


_RULES: tuple[Callable[[str], One | None], ...] = (
    _bare,
    _before,
    _eve,
    _around,
    _shifted,
    _run_up,
    _holiday_window,
    _closing,
    window,
    _until,
    _from,
    _inside,
)
