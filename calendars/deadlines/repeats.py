"""Reads recurrences: 每月10日前, 每季度末月25日前, 每半年一次, 每年清明节前, 每周五17:00前.

A day of each month is read by the same rules as a day of one month, once for every month.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from calendars.deadlines.lexicon import ONCE, WEEKDAYS, count_of, read_clock, weekday
from calendars.deadlines.parts import (
    PLAN,
    AfterEnd,
    Daily,
    Day,
    Due,
    End,
    Festival,
    Half,
    How,
    Inside,
    Month,
    NthWorkday,
    One,
    Parts,
    Quarter,
    Repeat,
    Several,
    TenDays,
    Undated,
    Weekly,
    WholeYear,
    Window,
    Year,
)
from calendars.deadlines.points import one

_JOINTS = re.compile(r"、|,|;|以及|和|与|及")
_TAIL = re.compile(r"(.*?)(之前|以前|前后|前|期间|当天|当日)?")
_MAX = 12


def several(text: str, *, unmarked: bool = False) -> Several | None:
    """The list that the whole text names, or None; unmarked: no list mark can stand before it.

    Raises Impossible for a day no calendar has.
    """
    text = re.sub(r"^(.*?)上下半年$", r"\1上、下半年", text)
    pieces = _JOINTS.split(_apart(re.sub(r"^(?:每逢|逢)", "", text)))
    if not 2 <= len(pieces) <= _MAX or not all(pieces):
        return None
    pieces = _spelt_out(pieces, unmarked)
    items = [one(piece) for piece in pieces] if pieces else []
    if not items or any(item is None for item in items):
        return None
    dated = _in_one_year([item for item in items if item is not None])
    if _shares_before(text, dated) or not ascending(dated):
        return None
    return Several(items=tuple(dict.fromkeys(dated))) if _alike(dated) else None


def _shares_before(text: str, items: list[One]) -> bool:
    """中秋、国庆前 and 7、8月前: before all of them, or before each? Only a 前 for each of them is clear."""
    before = (How.BEFORE, How.EVE, How.MAYBE_BEFORE)
    unclear = any(isinstance(item, Due) and item.how in before for item in items)
    return unclear and len(re.findall("前", text)) < len(items)


def ascending(items: list[One]) -> bool:
    """12月底、6月底前 may mean next year's June; a list that goes back in the year is not read."""
    ends = [
        item.at if isinstance(item, Due) else item.last for item in items if isinstance(item, Due | Window)
    ]
    known = [
        (end.year.absolute or 0, end.year.offset, months[0])
        for end in ends
        if (months := end.edges) is not None
    ]
    return known == sorted(known)


_HOLIDAY = (
    r"(?:元旦节?|春节|清明节?|五一(?:国际)?劳动节|五一节?|(?:国际)?劳动节|端午节?|中秋节?|国庆节?|十一)"
)


_HOLIDAYS = re.compile(
    rf"(?P<year>[0-9]{{4}}年|今年|明年|次年)?(?P<names>{_HOLIDAY}(?:(?:、|,|和|及|与|以及)?{_HOLIDAY})+)"
    r"、?\(?(?:[两双]节)?\)?(?:法定)?(?:(?:放假|假期|小长假|长假|假日|黄金周)(?:期间)?|期间)"
)


def _apart(text: str) -> str:
    """元旦春节期间 and 国庆、中秋双节假期 name several holidays; what is said of the last is said of each."""
    match = _HOLIDAYS.fullmatch(text)
    if match is None:
        return text
    names = re.findall(_HOLIDAY, match["names"])
    return (match["year"] or "") + "、".join(f"{name}期间" for name in names)


def either(text: str, *, unmarked: bool = False) -> One | Several | None:
    """A date, a window or a list."""
    found = one(text)
    return found if found is not None else several(text, unmarked=unmarked)


def _spelt_out(pieces: list[str], unmarked: bool) -> list[str]:
    """Each piece with what it borrows, or nothing where borrowing would be guessing."""
    last = pieces[-1]
    if re.fullmatch(r".*[0-9]月[0-9]{1,2}", pieces[0]) and re.match(r"[0-9]{1,2}日", last):
        # 3月5、15、25日: bare days between a month and the last day.
        pieces = [piece + "日" if re.search(r"(?:^|月)[0-9]{1,2}$", piece) else piece for piece in pieces]
    if any(re.fullmatch(r"(?:.*年)?第?[0-9]{1,2}", piece) for piece in pieces[:-1]):
        return _numbers(pieces, unmarked)
    if last == "下半年" and pieces == ["上", "下半年"]:
        return ["上半年", last]
    shared = re.fullmatch(r"[0-9]{1,2}月(?:份)?的(.+)", last)
    if shared and all(re.fullmatch(r"(?:.*年)?[0-9]{1,2}月份?", piece) for piece in pieces[:-1]):
        return [f"{piece.removesuffix('份')}{shared[1]}" for piece in pieces[:-1]] + [
            last.replace("的", "", 1)
        ]
    pieces = _same_month(pieces)
    tail = _TAIL.fullmatch(pieces[-1])
    if tail is None or tail[2] is None:
        return pieces
    return [_with_tail(piece, pieces[-1], tail[2]) for piece in pieces]


def _numbers(pieces: list[str], unmarked: bool) -> list[str]:
    """6、12月底前 and 一、三季度: bare numbers that share the last one's words."""
    first = re.fullmatch(r"(?:(.*年))?第?([0-9]{1,2})", pieces[0])
    last = re.fullmatch(r"第?([0-9]{1,2})(月.*|季度.*)", pieces[-1])
    middle = [re.fullmatch(r"第?([0-9]{1,2})", piece) for piece in pieces[1:-1]]
    if first is None or last is None or not all(middle):
        return []
    numbers = [int(first[2]), *(int(each[1]) for each in middle if each), int(last[1])]
    if not _a_series(numbers, quarters=last[2].startswith("季度"), unmarked=unmarked or first[1] is not None):
        return []
    return [f"{first[1] or ''}{number}{last[2]}" for number in numbers]


def _a_series(numbers: list[int], *, quarters: bool, unmarked: bool) -> bool:
    """Whether the numbers can only be months: 「3、5月底前」 may be item 3 of a list, due in May."""
    steps = {after - before for before, after in pairwise(numbers)}
    if min(steps) <= 0:
        return False
    if quarters or unmarked:
        return True
    if len(numbers) > 2:
        return len(steps) == 1 and (numbers[0] > 2 or steps != {1})
    return (numbers[0] > 2 and steps <= {1, 6}) or numbers == [5, 10]


def _same_month(pieces: list[str]) -> list[str]:
    """3月5日、15日 and 4月上旬、下旬: later items keep the first one's month."""
    spelt = [pieces[0]]
    month = re.match(r".*?[0-9]{1,2}月", pieces[0])
    for piece in pieces[1:]:
        borrows = month is not None and re.match(
            r"[0-9]{1,2}日|[上中下]旬|月?底|[0-9]{1,2}-[0-9]{1,2}日", piece
        )
        spelt.append(month[0] + piece if month and borrows else piece)
        month = re.match(r".*?[0-9]{1,2}月", piece) or month
    return spelt


def _with_tail(piece: str, last: str, tail: str) -> str:
    own = _TAIL.fullmatch(piece)
    if own is None or own[2] is not None:
        return piece
    if re.fullmatch(r"(?:.*年)?[0-9]{1,2}月", piece):
        ending = re.fullmatch(r"(?:.*年)?[0-9]{1,2}月份?([底末])(?:之前|以前|前)", last)
        if ending:
            return f"{piece}{ending[1]}{tail}"
        # 6月、12月15日前: whether June has a day of its own is not said.
        return piece if not re.fullmatch(r"(?:.*年)?[0-9]{1,2}月份?(?:之前|以前|前)", last) else piece + tail
    return piece + tail


def _in_one_year(items: list[One]) -> list[One]:
    year = items[0].year
    spelt = [items[0]]
    for item in items[1:]:
        own = item.year
        year = own if own != PLAN else year
        spelt.append(item.in_year(year))
    return spelt


def _alike(items: list[One]) -> bool:
    """Items of one sort: a bare month beside 12月15日前 is not such a list."""
    if all(isinstance(item, Window) for item in items):
        return True
    if not all(isinstance(item, Due) for item in items):
        return False
    dues = [item for item in items if isinstance(item, Due)]
    if any(due.how in (How.FROM, How.AROUND) for due in dues):
        return False
    kinds = {type(due.at) for due in dues}
    if len({due.how in (How.BY, How.BEFORE) for due in dues}) > 1:
        return False
    return len(kinds) == 1 or kinds <= {Day, Festival} or kinds <= {Day, End}


_AFTER = re.compile(
    r"(?:度|份)?(?:(?:结束|终了|终结)(?:之日)?(?:起|之?后|以后)?|后)([0-9]{1,2})(日|天|个工作日|个月)(?:以内|之内|内)"
)
_UNIT = {"日": "day", "天": "day", "个工作日": "workday", "个月": "month"}


_PART = re.compile(r"(?:自|从|在)?(?P<span>[^每]+?)(?P<open>起|开始)?(?:期间|内)?,?(?P<inner>每个?月.+)")


_EVERY_MONTH = tuple(range(1, 13))
_QUARTERS = tuple(Quarter(number=number) for number in (1, 2, 3, 4))
_HALVES = (Half(number=1), Half(number=2))


def repeat(text: str) -> Parts | None:
    """The recurrence that the whole text names, or None. Raises Impossible for a day no calendar has."""
    for pattern, make in _RULES:
        match = pattern.fullmatch(text)
        found = make(match) if match else None
        if found is not None:
            return found
    return _in_part(text) if not text.startswith("每") else None


def _counted(name: str, items: tuple[One, ...], rest: str, *, since: int | None = None) -> Repeat | None:
    """The recurrence whose tail says at most how many times; None where it says more."""
    count = count_of(rest)
    if count is None:
        return None
    return Repeat(rule=f"{name}({count})" if count else name, items=items, since=since)


def _weekly(match: re.Match[str]) -> Weekly | None:
    """每周五17:00前, 每周一、三, 每周不少于2次."""
    rest = match["rest"]
    count = None if ONCE.fullmatch(rest) else count_of(rest)
    if count is not None:
        return Weekly(rule=f"weekly_min({count})" if count else "weekly", weekdays=())
    day = rf"(?:周|星期|礼拜)?[{WEEKDAYS}]"
    named = re.fullmatch(rf"({day}(?:(?:[、和及至-]){day})*)(.*?)(之前|以前|前)?", rest)
    clock = read_clock(named[2]) if named else None
    if named is None or clock is None or clock[0] == "00:00":
        return None
    days = _weekdays(named[1])
    if not days:
        return None
    spot = ",".join(str(each + 1) for each in days) + (f" {clock[0]}" if clock[0] else "")
    return Weekly(rule=f"weekly_{'by' if named[3] else 'on'}({spot})", weekdays=days, clock=clock[0])


def _weekdays(text: str) -> tuple[int, ...]:
    text = re.sub(r"周|星期|礼拜", "", text)
    days = [weekday(character) for character in text if character in WEEKDAYS]
    if re.search("[至-]", text):
        return tuple(range(days[0], days[1] + 1)) if len(days) == 2 and days[0] < days[1] else ()
    return tuple(sorted(set(days)))


def _daily(match: re.Match[str]) -> Daily | None:
    """每日16时前, 每个工作日."""
    work, rest = match["work"] is not None, match["rest"]
    base = "every_workday" if work else "daily"
    count = count_of(rest)
    if count is not None:
        return Daily(rule=f"{base}({count})" if count else base, workdays_only=work)
    timed = re.fullmatch(r"(.+?)(?:之前|以前|前)", rest) or re.fullmatch(
        r"(.*(?:[时点分整半]|:[0-9]{2}))", rest
    )
    clock = read_clock(timed[1]) if timed else None
    if clock is None or clock[0] in (None, "00:00"):
        return None
    return Daily(rule=f"{base}_by({clock[0]})", clock=clock[0], workdays_only=work)


def _daily_while(match: re.Match[str]) -> Daily | None:
    """清明节期间每日, 4月4日至6日每天17时前: both ends have to be said, in the plan year."""
    daily, during = _daily(match), one(match["during"])
    if daily is None or during is None or during.year != PLAN:
        return None
    if isinstance(during, Due) and during.how is not How.WITHIN:
        return None
    if isinstance(during, Window) and during.first is None:
        return None
    at = f",{daily.rule}" if daily.rule != "daily" else ""
    return replace(daily, rule=f"daily_while({during.rule}{at})", during=during)


def _yearly(match: re.Match[str]) -> Parts | None:
    year = int(match["since"]) if match["since"] else None
    counted = _counted("yearly", (Due(at=WholeYear(), how=How.WITHIN),), match["rest"], since=year)
    if counted is not None:
        return counted
    rest = re.sub(r"^\((.+)\)$", r"\1", match["rest"])
    rest = re.sub(r"^(?=[底末终](?:之|以)?前?$)", "年", rest)
    found = either(rest, unmarked=True)
    if found is None or (isinstance(found, Due) and found.how in (How.FROM, How.AROUND)):
        return None
    items = found.items if isinstance(found, Several) else (found,)
    if any(item.year != PLAN for item in items):
        return None
    return Repeat(rule=_yearly_name(items), items=items, since=year)


def _yearly_name(items: tuple[One, ...]) -> str:
    inner = ",".join(item.rule for item in items)
    if all(isinstance(item, Due) and isinstance(item.at, Month) and item.how is How.WITHIN for item in items):
        return "yearly_months(" + ",".join(item.rule[6:-1] for item in items) + ")"
    if len(items) > 1 or isinstance(items[0], Inside):
        return f"yearly({inner})"
    if isinstance(items[0], Window):
        return "yearly_" + inner
    at, how = items[0].at, items[0].how
    if isinstance(at, Day) and how is How.BY:
        return "yearly_" + inner
    return f"yearly_{inner}" if isinstance(at, Quarter) and how is How.WITHIN else f"yearly({inner})"


def _every_years(match: re.Match[str]) -> Parts | None:
    return Undated(rule=f"every_n_years({match[1]})") if count_of(match["rest"]) in ("", "1") else None


def _month_after_quarter(match: re.Match[str]) -> Parts | None:
    """每季度结束后次月10日前: April, July, October, and January of the next year."""
    day = int(match["day"])
    months = ((4, PLAN), (7, PLAN), (10, PLAN), (1, Year(offset=1)))
    if not 1 <= day <= 30:
        return None
    items = tuple(Due(at=Day(year=year, month=month, day=day), how=How.BY) for month, year in months)
    return Repeat(rule=f"every_quarter_after_end(next_month_by_day({day}))", items=items)


def _spans(name: str, spans: tuple[Quarter, ...] | tuple[Half, ...], rest: str) -> Parts | None:
    counted = _counted(name, tuple(Due(at=span, how=How.WITHIN) for span in spans), rest)
    if counted is not None:
        return counted
    named = re.fullmatch(r"\((.+)\)", rest)
    if named:
        return _named(name, spans, named[1])
    if re.fullmatch(r"(?:末|底|期末)(?:之前|以前|前)?", rest):
        return Repeat(rule=f"{name}_by_end", items=tuple(Due(at=End(of=span), how=How.BY) for span in spans))
    return _after(name, spans, rest)


def _named(name: str, spans: tuple[Quarter, ...] | tuple[Half, ...], text: str) -> Parts | None:
    """每半年(6月底、12月底前): a date for each span, inside it."""
    found = several(text, unmarked=True)
    if found is None or len(found.items) != len(spans):
        return None
    cells: list[Quarter | Half] = list(spans)
    for item, span in zip(found.items, cells, strict=True):
        at = item.at.edges if isinstance(item, Due) else None
        cell = span.edges
        if at is None or cell is None or not cell[0] <= at[0] <= at[1] <= cell[1]:
            return None
    inner = ",".join(item.rule for item in found.items)
    return Repeat(rule=f"{name}({inner})", items=found.items)


def _after(name: str, spans: tuple[Month | Quarter | Half, ...], rest: str) -> Parts | None:
    match = _AFTER.fullmatch(rest)
    if match is None or (match[2] == "日" and int(match[1]) > 31):
        return None
    n, unit = int(match[1]), _UNIT[match[2]]
    return Repeat(
        rule=f"{name}_after_end({n},{unit})",
        items=tuple(Due(at=AfterEnd(of=span, n=n, unit=unit), how=How.BY) for span in spans),
    )


def _in_months(name: str, months: tuple[int, ...], rest: str) -> Parts | None:
    whole = tuple(Month(month=month) for month in months)
    found = _counted(name, tuple(Due(at=month, how=How.WITHIN) for month in whole), rest)
    if found is not None:
        return found
    if _AFTER.fullmatch(rest):
        return _after(name, whole, rest)
    if rest.startswith("份") or rest in ("前", "之前", "以前"):
        return None
    rest = re.sub(r"^\((.+)\)$", r"\1", rest)
    read = [either(_template(month, rest), unmarked=True) for month in months]
    if any(each is None or not _listable(each) for each in read):
        return None
    items = tuple(
        item
        for each in read
        if each is not None
        for item in (each.items if isinstance(each, Several) else (each,))
    )
    return Repeat(rule=name + _spot(read[0], rest), items=items)


def _template(month: int, rest: str) -> str:
    """This month's text; 每月30日前 means the month's last day where there is no 30th."""
    if re.fullmatch(r"[0-9]{1,2}(?:[、和及][0-9]{1,2})+日(?:之前|以前|前)", rest):
        rest = re.sub(r"(?<=[0-9])(?=[、和及])", "日", rest)
    if re.fullmatch(r"[0-9]{1,2}日(?:[、和及][0-9]{1,2}日)*(?:之前|以前|前)?", rest):
        if month == 2:
            rest = re.sub(r"(?:29|30|31)日", "底", rest)
        elif month in (4, 6, 9, 11):
            rest = rest.replace("31日", "底")
    return f"{month}月{rest}"


def _listable(found: One | Several) -> bool:
    items = found.items if isinstance(found, Several) else (found,)
    for item in items:
        if isinstance(item, Window) and item.first is None:
            return False
        if isinstance(item, Due) and item.how not in (How.BY, How.WITHIN, How.MAYBE_BEFORE):
            return False
        if isinstance(item, Inside) or item.year != PLAN:
            return False
    return True


def _spot(found: One | Several | None, rest: str) -> str:
    items = found.items if isinstance(found, Several) else (found,)
    ats = [item.at for item in items if isinstance(item, Due)]
    days = [at for at in ats if isinstance(at, Day)]
    if len(days) == len(items):
        by = any(isinstance(item, Due) and item.how is How.BY for item in items)
        numbers = ",".join(f"{day.day}T{day.clock}" if day.clock else str(day.day) for day in days)
        return f"_{'by' if by else 'on'}_day({numbers})"
    if len(ats) == 1 and isinstance(ats[0], End):
        return "_by_end"
    if len(ats) == 1 and isinstance(ats[0], NthWorkday):
        return f"_by_workday({ats[0].nth})"
    return f"({rest})"


def _in_part(text: str) -> Parts | None:
    """4-10月每月25日前: the occurrences whose months lie in the part of the year that the text names first."""
    match = _PART.fullmatch(text)
    if match is None:
        return None
    span, inner = one(match["span"]), repeat(match["inner"])
    months = _months(span, open_end=bool(match["open"]))
    if months is None or span is None or not isinstance(inner, Repeat) or inner.since is not None:
        return None
    year = span.year
    if match["open"] and year.absolute:
        # 2025年4月起每月10日前 still holds in every month of 2026.
        rule = f"{inner.rule},from({year.absolute}-{months[0]})"
        known = all(_lies_in(item, (1, 12)) for item in inner.items)
        return replace(inner, rule=rule, since=year.absolute, since_month=months[0]) if known else None
    items = tuple(item for item in inner.items if _lies_in(item, months))
    if not items:
        return None
    return Repeat(
        rule=f"{inner.rule},months({months[0]}-{months[1]})",
        items=tuple(item.in_year(year) for item in items),
    )


def _months(span: One | None, *, open_end: bool) -> tuple[int, int] | None:
    """First and last whole month named; None for what is cut inside a month or crosses the year's end."""
    if isinstance(span, Due) and span.how is How.WITHIN and isinstance(span.at, Month | Quarter | Half):
        edge = span.at.edges
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
    edge = at.edges if at is not None and item.year == PLAN else None
    return edge is not None and months[0] * 100 <= edge[0] and edge[1] < months[1] * 100 + 100


_QUARTER = r"(?:每季度?|每个季度|按季度?|逐季度?|各季度|1个?季度(?=[0-9]次))"

_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], Parts | None]]


def _by_months(name: str, months: tuple[int, ...], pattern: str) -> _Rule:
    return re.compile(pattern), lambda found: _in_months(name, months, found[1])


# What the whole text may be, in this order; 中旬 is cut in two where every half month is named.
_RULES: tuple[_Rule, ...] = (
    (
        re.compile(r"每(?:2|两)个?月(.*)"),
        lambda found: _counted(
            "every_two_months",
            tuple(Window(first=Month(month=at), last=Month(month=at + 1)) for at in _EVERY_MONTH[::2]),
            found[1],
        ),
    ),
    (
        re.compile(r"每半个?月(.*)"),
        lambda found: _counted(
            "half_monthly",
            tuple(
                half
                for at in _EVERY_MONTH
                for half in (
                    Window(first=Day(month=at, day=1), last=Day(month=at, day=15)),
                    Window(first=Day(month=at, day=16), last=Month(month=at)),
                )
            ),
            found[1],
        ),
    ),
    (
        re.compile(r"每1?个?旬(.*)"),
        lambda found: _counted(
            "every_ten_days",
            tuple(
                Due(at=TenDays(month=at, first=third, last=third), how=How.WITHIN)
                for at in _EVERY_MONTH
                for third in (1, 2, 3)
            ),
            found[1],
        ),
    ),
    _by_months(
        "half_yearly_last_month", (6, 12), r"(?:每半年度?|每个半年)(?:的)?(?:末月|最后1个月)(?:的)?(.*)"
    ),
    _by_months(
        "half_yearly_first_month", (1, 7), r"(?:每半年度?|每个半年)(?:的)?(?:首月|第1个月)(?:的)?(.*)"
    ),
    (
        re.compile(r"(?:每半年度?|每个半年|半年(?=[0-9]次|一))(.*)"),
        lambda found: _spans("half_yearly", _HALVES, found[1]),
    ),
    (re.compile(r"季度(?=结束|终了)(.*)"), lambda found: _after("quarterly", _QUARTERS, found[1])),
    _by_months(
        "quarterly_last_month",
        (3, 6, 9, 12),
        rf"{_QUARTER}(?:的)?(?:末月|最后1个月|最后1月|第3个月)(?:的)?份?(.*)",
    ),
    _by_months("quarterly_first_month", (1, 4, 7, 10), rf"{_QUARTER}(?:的)?(?:首月|第1个月)(?:的)?份?(.*)"),
    _by_months("quarterly_second_month", (2, 5, 8, 11), rf"{_QUARTER}(?:的)?第2个月(?:的)?份?(.*)"),
    _by_months("quarterly", (3, 6, 9, 12), rf"{_QUARTER}末?(的?最后1个工作日.*)"),
    _by_months("quarterly", (1, 4, 7, 10), rf"{_QUARTER}(的?[第前][0-9]{{1,2}}个工作日.*)"),
    (
        re.compile(
            rf"{_QUARTER}(?:结束|终了)后?的?(?:次月|下1?个?月|首月|第1个月)(?P<day>[0-9]{{1,2}})日(?:之|以)?前"
        ),
        _month_after_quarter,
    ),
    (re.compile(rf"{_QUARTER}(.*)"), lambda found: _spans("every_quarter", _QUARTERS, found[1])),
    _by_months(
        "monthly", _EVERY_MONTH, r"(?:(?:每个?月份?|每个?月度|按月|逐月)(?:的)?,?|1个?月(?=[0-9]次))(.*)"
    ),
    (
        re.compile(r"月(?:度|份)?(?=结束|终了)(.*)"),
        lambda found: _after("monthly", tuple(Month(month=at) for at in _EVERY_MONTH), found[1]),
    ),
    (
        re.compile(r"月度(?!结束|终了)(.+)"),
        lambda found: _in_months("monthly", _EVERY_MONTH, found[1]) if count_of(found[1]) == "" else None,
    ),
    _by_months("even_months", _EVERY_MONTH[1::2], r"(?:每逢|逢|每)?双月(?:份)?(.*)"),
    _by_months("odd_months", _EVERY_MONTH[::2], r"(?:每逢|逢|每)?单月(?:份)?(.*)"),
    (re.compile(r"(?:每个?(?:周|星期|礼拜)|1周(?=[0-9]次))(?P<rest>.*)"), _weekly),
    (re.compile("工作日每[天日]|每天工作日"), lambda _: Daily(rule="every_workday", workdays_only=True)),
    (
        re.compile(r"(?:每[日天]|逐日|按日|(?P<work>每个?工作日)|1[天日](?=[0-9]次))(?P<rest>.*)"),
        _daily,
    ),
    (
        re.compile(r"(?P<during>.+?)的?(?:每[日天]|逐日|按日|(?P<work>每个?工作日))(?P<rest>.*)"),
        _daily_while,
    ),
    (re.compile(r"每([2-9]|10)年(?P<rest>.*)"), _every_years),
    (re.compile(r"([2-9])年(?=1次)(?P<rest>.*)"), _every_years),
    (
        re.compile(
            r"(?:(?:自|从)?(?P<since>[0-9]{4})年度?(?:起|开始),?(?=每年))?"
            r"(?:(?:每年(?:度)?|每逢|按年度?|逐年)(?:的)?,?|1年(?=[0-9]次))(?P<rest>.*)"
        ),
        _yearly,
    ),
    (
        re.compile(r"(?:全年|年内|全年内|本年度)(.+)"),
        lambda found: (
            _counted("yearly", (Due(at=WholeYear(), how=How.WITHIN),), found[1])
            if count_of(found[1])
            else None
        ),
    ),
)
