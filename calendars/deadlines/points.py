"""Reads one date with what is said about it: 3月底前, 春节前, 自6月1日起, a window, a month inside a quarter.

Every rule consumes its text whole; a text that no rule consumes is not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from calendars.deadlines.lexicon import (
    NAMES,
    NUMBERED,
    ONLY_WITH_RELATION,
    PLACES,
    PLAN_PERIODS,
    STATUTORY,
    WEEKDAYS,
    Fixed,
    Local,
    Looked,
    Nth,
    WholeMonth,
    read_clock,
    weekday,
)
from calendars.deadlines.parts import (
    PLAN,
    AfterEnd,
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

_DAYS_IN = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
_OFFSETS = {
    "今年": 0, "本年": 0, "本年度": 0, "当年": 0, "当年度": 0,
    "明年": 1, "次年": 1, "来年": 1, "翌年": 1, "下1年": 1, "下年": 1, "下年度": 1, "下1年度": 1, "明年度": 1,
    "次年度": 1, "第2年": 1, "下1个年度": 1, "后年": 2,
}  # fmt: skip
_YEAR = re.compile(
    rf"(?:([0-9]{{4}})年(度)?|({'|'.join(sorted(_OFFSETS, key=len, reverse=True))}))(?:的(?=.))?"
)

M = r"(?P<m>[0-9]{1,2})月"
MF = M + r"份?"
WEEKDAY = rf"(?:星期|周|礼拜)(?P<w>[{WEEKDAYS}])"
INCLUDED = r"(?:\((?:含|包含|包括)(?:当[日天]|本[日天]|该日|[0-9]{1,2}日|[0-9]{1,2}月[0-9]{1,2}日)?\))?"
DAY = re.compile(
    rf"{MF}(?P<d>[0-9]{{1,2}})日{INCLUDED}(?:\({WEEKDAY}\)|(?:星期|周)(?P<w2>[{WEEKDAYS}]))?{INCLUDED}"
    rf"(?:当[日天])?(?P<clock>.*)"
)
_ISO = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})日?( ?)(.*)")


class Impossible(ValueError):
    """The text names a day that no calendar has; the message is one Chinese sentence."""


def point(text: str) -> Span | None:
    """The span that the whole text names, or None. Raises Impossible for 2月30日 and the like."""
    iso = _ISO.fullmatch(text)
    if iso:
        year, _, month, day, gap, rest = iso.groups()
        if gap and not re.match(r"[0-9]", rest):
            return None
        return point(f"{year}年{int(month)}月{int(day)}日{rest}")
    match = _YEAR.match(text)
    if match is None:
        return _in_year(text, PLAN, bare=True, subject=False)
    absolute, subject, relative = match.groups()
    if absolute and not 2000 <= int(absolute) <= 2099:
        raise Impossible(f"年份 {absolute} 不在 2000—2099 年之间，请核对原文后重新填写。")
    year_of = Year(absolute=int(absolute)) if absolute else Year(offset=_OFFSETS[relative])
    return _in_year(
        text[match.end() :], year_of, bare=False, subject=bool(subject) or relative in ("本年度", "当年度")
    )


def _in_year(text: str, year: Year, *, bare: bool, subject: bool) -> Span | None:
    if not bare and text == "":
        return WholeYear(year=year, subject=subject and year.absolute is not None)
    if not bare and text in ("内", "底", "末", "终"):
        return End(of=WholeYear(year=year))
    for pattern, make in _SPANS:
        match = pattern.fullmatch(text)
        found = make(match, year) if match else None
        if match and found is not None:
            if "m" in match.re.groupindex:
                _check(year, int(match["m"]), int(match["d"]) if "d" in match.re.groupindex else 1)
            return found
    return None


def _check(year: Year, month: int, day: int = 1) -> None:
    if not 1 <= month <= 12:
        raise Impossible(f"没有 {month} 月，请核对原文后重新填写。")
    last = _DAYS_IN.get(month, 31)
    if month == 2 and year.absolute and year.absolute % 4:
        last = 28
    if not 1 <= day <= last:
        raise Impossible(f"{month} 月没有 {day} 日，请核对原文后重新填写。")


def _day(match: re.Match[str], year: Year) -> Span | None:
    clock = read_clock(match["clock"])
    if clock is None:
        return None
    month, day = int(match["m"]), int(match["d"])
    _check(year, month, day)
    named = match["w"] or match["w2"]
    at = Day(year=year, month=month, day=day, clock=clock[0], half_day=clock[1])
    return replace(at, weekday=weekday(named)) if named else at


_THIRDS = {"上": (1, 1), "中": (2, 2), "下": (3, 3), "上中": (1, 2), "中下": (2, 3)}


def _ten_days(match: re.Match[str], year: Year) -> Span:
    first, last = _THIRDS[match["third"].replace("、", "")]
    return TenDays(year=year, month=int(match["m"]), first=first, last=last)


def _cell(cell: Quarter | Half, end: str | None) -> Span:
    return End(of=cell) if end in ("末", "底") else cell


def _nth(match: re.Match[str], year: Year) -> Span | None:
    month, nth = int(match["m"]), -1 if match["last"] else int(match["n"])
    _check(year, month)
    if not (nth == -1 or 1 <= nth <= 15):
        return None
    if match["work"]:
        return NthWorkday(year=year, month=month, nth=nth)
    # A fifth Monday may not exist; 最后一个 is what such a text should say.
    return NthWeekday(year=year, month=month, nth=nth, weekday=weekday(match["w"])) if nth < 5 else None


def _festival(text: str, year: Year) -> Span | None:
    twice = re.fullmatch(r"(.+)\((农历.+)\)", text)
    if twice and twice[1] in NAMES and NAMES[twice[1]] == NAMES.get(twice[2]):
        return Festival(year=year, name=NAMES[twice[1]])
    dated = re.fullmatch(r"(?P<m>[0-9]{1,2})[月·](?P<d>[0-9]{1,2})日?(?P<name>\D{2,})", text) or re.fullmatch(
        r"(?P<name>.+?)\((?P<m>[0-9]{1,2})月(?P<d>[0-9]{1,2})日\)", text
    )
    if dated:
        return _dated_festival(dated, year)
    month = re.fullmatch(r"(?P<m>[0-9]{1,2})月份?(?P<name>\D{2,}月)(?:期间)?", text)
    if month:
        named = NAMES.get(month["name"], "")
        same = PLACES.get(named) == WholeMonth(int(month["m"]))
        return Festival(year=year, name=named) if same else None
    name = NAMES.get(text) or NAMES.get(re.sub(r"[当][天日]$", "", text))
    if name is not None:
        return Festival(year=year, name=name)
    match = re.fullmatch(r"(.+?)(节?)(?:法定)?(?:放假|假期|小长假|长假|假日|黄金周)(?:期间)?", text)
    if match is None:
        match = re.fullmatch(r"(.+?)(节?)期间", text)
    if match is None:
        return None
    name = NAMES.get(match[1] + match[2]) or NAMES.get(match[1]) or ONLY_WITH_RELATION.get(match[1])
    if name in STATUTORY:
        return Festival(year=year, name=name, holiday=True)
    whole = name is not None and isinstance(PLACES[name], WholeMonth | Local)
    return Festival(year=year, name=name) if name and whole and text.endswith("月期间") else None


def _dated_festival(match: re.Match[str], year: Year) -> Span | None:
    """12·4国家宪法日: the name and its date, if they agree."""
    found = _festival(match["name"], year)
    if not isinstance(found, Festival) or found.holiday:
        return None
    place, said = PLACES[found.name], (int(match["m"]), int(match["d"]))
    if isinstance(place, Looked | Nth):
        _check(year, *said)
        return replace(found, said=said)
    if not isinstance(place, Fixed):
        return None
    if said != (place.month, place.day):
        raise Impossible(
            f"“{found.name}”是 {place.month} 月 {place.day} 日，与文中的日期不符，请核对原文后重新填写。"
        )
    return found


# What the whole text after its year may be, in this order; a month named `m` is checked before anything is made.
_SPANS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Year], Span | None]], ...] = (
    (
        re.compile(r"(?P<m>[0-9]{1,2})·(?P<d>[0-9]{1,2})(?:当[日天])?"),
        lambda found, year: Day(year=year, month=int(found["m"]), day=int(found["d"])),
    ),
    (
        re.compile("|".join(NUMBERED)),
        lambda found, year: Day(year=year, month=NUMBERED[found[0]][0], day=NUMBERED[found[0]][1]),
    ),
    (DAY, _day),
    (
        re.compile(rf"{M}(?:份|份内|份期间|期间|当月|份当月)?"),
        lambda found, year: Month(year=year, month=int(found["m"])),
    ),
    (
        re.compile(rf"{MF}(?:底|末|月底|月末|的?最后1[天日])"),
        lambda found, year: End(of=Month(year=year, month=int(found["m"]))),
    ),
    (re.compile(rf"{MF}的?(?P<third>上|中|下|上中|中下|上、中|中、下)旬(?:内|期间)?"), _ten_days),
    (
        re.compile(r"(?:第?(?P<q>[1-4])季度|[Qq](?P<q2>[1-4]))(?P<end>内|期间|末|底)?"),
        lambda found, year: _cell(Quarter(year=year, number=int(found["q"] or found["q2"])), found["end"]),
    ),
    (
        re.compile(r"(?P<h>[上下])半年度?(?P<end>内|期间|末|底)?"),
        lambda found, year: _cell(Half(year=year, number=1 if found["h"] == "上" else 2), found["end"]),
    ),
    (
        re.compile(
            r"(?:全年度?|整年)(?:持续|持续推进|持续开展|常态化|常态化推进|常态化开展|常态推进|常态开展|受理)?|贯穿全年"
        ),
        lambda _, year: WholeYear(year=year),
    ),
    (
        re.compile(r"年内|年度内|全年内|年底|年末|年终|年度末|年度底"),
        lambda _, year: End(of=WholeYear(year=year)),
    ),
    (
        re.compile(r"(十[三四五]五)(?:规划)?(?:末|期末|末期|时期末)"),
        lambda found, year: (
            End(of=WholeYear(year=Year(absolute=PLAN_PERIODS[found[1]][1]))) if year == PLAN else None
        ),
    ),
    (re.compile(".+"), lambda found, year: _festival(found[0], year)),
    (
        re.compile(
            rf"{MF}的?(?:第(?P<n>[0-9]{{1,2}})|(?P<last>最后1?|末))个(?:{WEEKDAY}|(?P<work>工作日))(?:当天)?"
        ),
        _nth,
    ),
    (
        re.compile(rf"{MF}最后1个?工作日"),
        lambda found, year: NthWorkday(year=year, month=int(found["m"]), nth=-1),
    ),
    (
        re.compile(rf"{MF}的?(?:前|头)(?P<n>[0-9]{{1,2}})个工作日(?:以?内|之内)?"),
        lambda found, year: (
            NthWorkday(year=year, month=int(found["m"]), nth=int(found["n"]), upto=True)
            if 1 <= int(found["n"]) <= 15
            else None
        ),
    ),
)


_ENDS = (Day, Month, TenDays, Quarter, Half, WholeYear, End, Festival)
_ISSUE = re.compile(
    r"(?:自|从)?(?P<since>即日|现在|目前|今日|印发之日|发文之日|下发之日|发布之日|公布之日|公告之日|公告发布之日|通知印发之日|"
    r"通知下发之日|通知发布之日|文件下发之日|文件发布之日|方案印发之日|本通知印发之日|本通知下发之日|本通知发布之日|本公告发布之日|文件印发之日)(?:起|开始|起算)?,?"
    r"(?:至|到|-|截至|截止)(?P<last>.+?)(?P<tail>之?前|止|为止|期间)?"
)
_CLOSE = re.compile(r"(?:止|为止|期间|之间|结束|截止|期限内|内)$")
_WINTER_FIRST = 9
_WINTER_LAST = 6
"""11月至3月 crosses the year end; 5月至4月 is more likely a slip of the pen and goes to a person."""


def window(text: str) -> Window | None:
    """The window that the whole text names, or None; Raises Impossible for a day no calendar has."""
    issued = _ISSUE.fullmatch(text)
    if issued:
        return _since_issue(issued)
    core = _CLOSE.sub("", re.sub(r"^(?:自|从|在|由)", "", text))
    if core.endswith("前") and len(core) > 1:
        core = re.sub(r"(?<=[日底末])(?:之|以)?前$", "", core)
    found = {
        made
        for joint in re.finditer(r"至|到|-", core)
        if (made := _joined(core[: joint.start()], core[joint.end() :])) is not None
    }
    return found.pop() if len(found) == 1 else None


def _since_issue(match: re.Match[str]) -> Window | None:
    at = point(match["last"])
    before = (match["tail"] or "").endswith("前")
    if isinstance(at, Festival) and before and at.has_eve:
        return Window(first=None, last=Shifted(festival=at, n=1), since="issue_date")
    if at is None or not isinstance(at, _ENDS) or isinstance(at, Festival):
        return None
    bare = isinstance(at, Day | End)
    if before and not bare:
        return None
    if isinstance(at, Day) and at.clock == "00:00":
        return None
    return Window(first=None, last=at, since="issue_date")


def _joined(left: str, right: str) -> Window | None:
    left = re.sub(r"(?<=[0-9日月底末旬度年])(?:起|开始)$", "", left)
    if not left or not right:
        return None
    last = _right(left, right)
    first = _left(left, right)
    if not isinstance(first, _ENDS) or not isinstance(last, _ENDS):
        return None
    # A festival's statutory days have two ends of their own, a year's subject none.
    if any(isinstance(end, Festival) and (end.holiday or end.said) for end in (first, last)):
        return None
    if isinstance(last, Day) and last.clock == "00:00":
        return None
    return _ordered(first, last)


def _right(left: str, right: str) -> Span | None:
    own = point(right)
    if own is not None:
        return own
    # A bracket opens another text: in 国庆节(10月1日至7日) the festival is not on the 7th.
    month = re.match(r"[^(]*?[0-9]{1,2}月", left)
    if month and re.match(r"[0-9]{1,2}日|[上中下]旬|月?[底末]", right):
        return point(month[0] + right)
    return point(left[:-3] + right) if right == "下半年" and left.endswith("上半年") else None


def _left(left: str, right: str) -> Span | None:
    own = point(left)
    if own is not None or not re.search(r"[0-9]$", left):
        return own
    if re.search(r"[0-9]月[0-9]{1,2}$", left):
        unit = "日"
    elif re.fullmatch(r"[0-9]{4}", left):
        # 2026-2027年度 may be two years or one season across the year end.
        unit = "年" if re.fullmatch(r"[0-9]{4}年", right) else ""
    else:
        shared = re.match(r"第?[0-9]+(月|季度)", right)
        unit = shared[1] if shared else ""
    return point(left + unit) if unit else None


def _ordered(first: Span, last: Span) -> Window | None:
    """Gives both ends their years; None where the text runs backwards."""
    one, other = first.year, last.year
    if one != PLAN and other == PLAN:
        last, other = last.moved_to(one), one
    elif one.absolute and other.offset:
        other = Year(absolute=one.absolute + other.offset)
        last = last.moved_to(other)
    begins, ends = first.edges, last.edges
    backwards = begins is not None and ends is not None and begins[0] > ends[1]
    if one == PLAN and other.absolute:
        if begins is None:
            return None
        return Window(first=first.moved_to(Year(absolute=other.absolute - backwards)), last=last)
    if one.absolute and other.absolute and one.absolute > other.absolute:
        return None
    if one != other:
        return Window(first=first, last=last) if one.offset <= other.offset else None
    if backwards and begins and ends:
        if begins[0] // 100 < _WINTER_FIRST or ends[1] // 100 > _WINTER_LAST:
            return None
        after = Year(absolute=one.absolute + 1) if one.absolute else Year(offset=one.offset + 1)
        last = last.moved_to(after)
    return Window(first=first, last=last)


_POINTED = (Day, End, NthWeekday, NthWorkday)
"""Spans of one numbered day: 前 includes it, by the usual office practice."""


def one(text: str, *, firm: bool = False) -> One | None:
    """One date or window that the whole text names; firm: the words around it already said 'at the latest'.

    Raises Impossible for a day no calendar has.
    """
    if firm:
        found = one(text)
        if isinstance(found, Due) and isinstance(found.at, _POINTED) and found.how in (How.BY, How.WITHIN):
            return _by(found.at)
        return found if isinstance(found, Due) and found.how in (How.BY, How.BEFORE) else None
    for pattern, make in _DATES:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        at = point(match["at"]) if "at" in pattern.groupindex else None
        found = make(match, at)
        if found is not None:
            return found
    return None


def _by(at: Span | None) -> Due | None:
    # 0时 belongs to the day before in one reading and to the day itself in the other.
    midnight = isinstance(at, Day) and at.clock == "00:00"
    return Due(at=at, how=How.BY) if isinstance(at, _POINTED) and not midnight else None


def _bare(_: re.Match[str], at: Span | None) -> One | None:
    return None if at is None else Due(at=at, how=How.BY if isinstance(at, End) else How.WITHIN)


def _plan_period(match: re.Match[str], _: Span | None) -> One:
    first, last = (WholeYear(year=Year(absolute=year)) for year in PLAN_PERIODS[match[1]])
    return Window(first=first, last=last)


def _first_quarters(match: re.Match[str], _: Span | None) -> One:
    year = Year(absolute=int(match["year"])) if match["year"] else PLAN
    return Window(first=Quarter(year=year, number=1), last=Quarter(year=year, number=int(match["n"])))


def _before(match: re.Match[str], at: Span | None) -> One | None:
    head, included = match["head"], bool(match["included"])
    if re.fullmatch(r"[0-9]{1,2}·[0-9]{1,2}|520|521", head) and not included:
        # 5·12 is a day and the name of what is held on it: whether 前 includes it is not said.
        return None
    at = point(head)
    if at is None and head in ONLY_WITH_RELATION:
        at = Festival(name=ONLY_WITH_RELATION[head])
    match at:
        case Month(month=1) | TenDays(first=1) if not included:
            # 4月上旬前 and 1月前 would point before anything the writer can have meant.
            return None
        case Month() | TenDays():
            return Due(at=at, how=How.BY if included else How.MAYBE_BEFORE)
        case Festival(name=name) if not included:
            moving = isinstance(PLACES[name], WholeMonth | Local)
            # 元旦前 in a plan for 2026 may mean the end of 2025 or of 2026.
            return None if moving or (name == "元旦" and at.year == PLAN) else Due(at=at, how=How.BEFORE)
        case _:
            return _by(at)


def _eve(_: re.Match[str], at: Span | None) -> One | None:
    return Due(at=at, how=How.EVE) if isinstance(at, Festival) and at.has_eve else None


def _day_before(_: re.Match[str], at: Span | None) -> One | None:
    if not isinstance(at, Festival) or not at.has_eve:
        return None
    return Due(at=Shifted(festival=at, n=1), how=How.WITHIN)


def _around(_: re.Match[str], at: Span | None) -> One | None:
    return Due(at=at, how=How.AROUND) if isinstance(at, Festival) and at.one_day else None


def _shifted(match: re.Match[str], at: Span | None) -> One | None:
    if not isinstance(at, Festival) or not at.has_eve:
        return None
    return Due(at=Shifted(festival=at, n=int(match["n"])), how=How.BY)


def _after_holiday(match: re.Match[str], at: Span | None) -> One | None:
    """国庆假期后第2个工作日: the days off lie between the festival and its end, so that both count alike."""
    if not isinstance(at, Festival) or at.name not in STATUTORY or not replace(at, holiday=False).has_eve:
        return None
    end = AfterEnd(of=replace(at, holiday=True), n=int(match["nth"] or match["n"]), unit="workday")
    return Due(at=end, how=How.WITHIN if match["nth"] else How.BY)


def _run_up(match: re.Match[str], at: Span | None) -> One | None:
    if not isinstance(at, Festival) or not at.has_eve:
        return None
    days = int(match["n"]) * (1 if match["unit"] in "天日" else 7)
    return Window(first=Shifted(festival=at, n=days), last=Shifted(festival=at, n=1))


def _holiday_window(match: re.Match[str], _: Span | None) -> One | None:
    """清明节期间(4月4日至6日): the written days count, if the festival lies among them."""
    for name, days in ((match["name"], match["days"]), (match["days"], match["name"])):
        at, found = point(name.removesuffix("期间")), window(days)
        if isinstance(at, Festival) and found is not None and found.first is not None:
            on = replace(at, holiday=False)
            year = found.first.year
            on = replace(on, year=year) if at.year == PLAN else on
            return replace(found, holds=on) if on.one_day else None
    return None


def _until(match: re.Match[str], at: Span | None) -> One | None:
    before = match[0].endswith("前")
    if isinstance(at, Day) and at.clock == "00:00":
        return None
    if isinstance(at, WholeYear) and at.year.absolute and not match["go"] and not before:
        return Due(at=replace(at, subject=False), how=How.BY)
    if isinstance(at, _POINTED) or (isinstance(at, Month) and not before):
        return Window(first=None, last=at)
    return None


def _from(_: re.Match[str], at: Span | None) -> One | None:
    if isinstance(at, Day | Month | TenDays | Quarter | Half | WholeYear):
        return Due(at=at, how=How.FROM)
    return None


def _inside(match: re.Match[str], cell: Span | None) -> One | None:
    if not isinstance(cell, Quarter | Half):
        return None
    inner = one(match["within"] or match["rest"])
    if not isinstance(inner, Due | Window) or (
        isinstance(inner, Due) and inner.how in (How.FROM, How.AROUND)
    ):
        return None
    last = inner.at if isinstance(inner, Due) else inner.last
    # A cell holds finer dates only; 上半年一季度 is none, and a second year would be a contradiction.
    finer = isinstance(last, (*_POINTED, Month, TenDays, Festival))
    return Inside(cell=cell, inner=inner) if finer and last.year == PLAN == cell.year else None


# What the whole text may be, in this order; the span named `at` is read before the date is made of it.
_DATES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Span | None], One | None]], ...] = (
    (re.compile(r"(?P<at>.+)"), _bare),
    (re.compile(r"(十[三四五]五)(?:规划)?(?:时期|期间)?"), _plan_period),
    (re.compile(r"(?:(?P<year>[0-9]{4})年|今年)?前(?P<n>[23])个?季度"), _first_quarters),
    (
        re.compile(
            rf"(?P<head>.+?){INCLUDED}(?:之前|以前|前)(?P<included>\((?:含|包含|包括)(?:本[月日]|当[日天]|[0-9]{{1,2}}[月日]|[0-9]{{1,2}}月[0-9]{{1,2}}日)?\))?"
        ),
        _before,
    ),
    (re.compile(r"(?P<at>.+?)前[夕夜]"), _eve),
    (re.compile(r"(?P<at>.+?)前1[天日]"), _day_before),
    (re.compile(r"(?P<at>.+?)前后"), _around),
    (
        re.compile(r"(?P<at>.+?)(?:前|提前|之前)?(?P<n>[0-9]{1,2})[天日](?:前|之前|以前)"),
        _shifted,
    ),
    (
        re.compile(
            r"(?P<at>.+?)(?:假期)?(?:结束)?后的?(?:第(?P<nth>[1-9])个工作日|(?P<n>[1-9])个工作日(?:以内|之内|内))"
        ),
        _after_holiday,
    ),
    (re.compile(r"(?P<at>.+?)前(?:的)?(?P<n>[0-9]{1,2})(?P<unit>天|日|周|个星期)(?:以内|之内|内)"), _run_up),
    (re.compile(r"(?P<name>[^()]+)\((?P<days>[^()]+)\)(?:期间)?"), _holiday_window),
    (re.compile(r"(?P<at>.+?)(?:截止|止|为止|前截止|前结束)"), lambda _, at: _by(at)),
    (re.compile(r".+"), lambda found, _: window(found[0])),
    (
        re.compile(
            r"(?P<go>持续|延续|一直|延期|延长|推迟|顺延|延|调整)?(?:至|到)(?P<at>.+?)(?:止|为止|结束|前)?"
        ),
        _until,
    ),
    (re.compile(r"(?:自|从)?(?P<at>.+?)(?:起|开始|之日起|起开始)"), _from),
    (re.compile(r"(?:不早于|不得早于)(?P<at>.+)"), _from),
    (
        re.compile(r"(?P<at>.*?(?:[1-4]季度|[上下]半年|[Qq][1-4])):?(?:\((?P<within>.+)\)|(?P<rest>.+))"),
        _inside,
    ),
)
