"""Reads one span of the calendar: a day, a month, a third, a quarter, a festival.

Each rule is a full match; a text that no rule consumes whole is no span.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from rules.deadline import lexicon
from rules.deadline.clocks import WEEKDAYS, read_clock, weekday
from rules.deadline.parts import (
    PLAN,
    Day,
    End,
    Festival,
    Half,
    Month,
    NthWeekday,
    NthWorkday,
    Quarter,
    Span,
    TenDays,
    WholeYear,
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
    for rule in _RULES:
        found = rule(text, year)
        if found is not None:
            return found
    return None


def _day(text: str, year: Year) -> Span | None:
    match = DAY.fullmatch(text)
    if match is None:
        return None
    clock = read_clock(match["clock"])
    if clock is None:
        return None
    month, day = int(match["m"]), int(match["d"])
    _check(year, month, day)
    named = match["w"] or match["w2"]
    at = Day(year=year, month=month, day=day, clock=clock[0], half_day=clock[1])
    return replace(at, weekday=weekday(named)) if named else at


def _check(year: Year, month: int, day: int = 1) -> None:
    if not 1 <= month <= 12:
        raise Impossible(f"没有 {month} 月，请核对原文后重新填写。")
    last = _DAYS_IN.get(month, 31)
    if month == 2 and year.absolute and year.absolute % 4:
        last = 28
    if not 1 <= day <= last:
        raise Impossible(f"{month} 月没有 {day} 日，请核对原文后重新填写。")


def _month(text: str, year: Year) -> Span | None:
    match = re.fullmatch(rf"{M}(?:份|份内|份期间|期间|当月|份当月)?", text)
    if match is None:
        return None
    _check(year, int(match["m"]))
    return Month(year=year, month=int(match["m"]))


def _month_end(text: str, year: Year) -> Span | None:
    match = re.fullmatch(rf"{MF}(?:底|末|月底|月末|的?最后1[天日])", text)
    if match is None:
        return None
    _check(year, int(match["m"]))
    return End(of=Month(year=year, month=int(match["m"])))


_THIRDS = {"上": (1, 1), "中": (2, 2), "下": (3, 3), "上中": (1, 2), "中下": (2, 3)}


def _ten_days(text: str, year: Year) -> Span | None:
    match = re.fullmatch(rf"{MF}的?(?P<third>上|中|下|上中|中下|上、中|中、下)旬(?:内|期间)?", text)
    if match is None:
        return None
    _check(year, int(match["m"]))
    first, last = _THIRDS[match["third"].replace("、", "")]
    return TenDays(year=year, month=int(match["m"]), first=first, last=last)


def _quarter(text: str, year: Year) -> Span | None:
    match = re.fullmatch(r"(?:第?(?P<q>[1-4])季度|[Qq](?P<q2>[1-4]))(?P<end>内|期间|末|底)?", text)
    if match is None:
        return None
    quarter = Quarter(year=year, number=int(match["q"] or match["q2"]))
    return End(of=quarter) if match["end"] in ("末", "底") else quarter


def _half(text: str, year: Year) -> Span | None:
    match = re.fullmatch(r"(?P<h>[上下])半年度?(?P<end>内|期间|末|底)?", text)
    if match is None:
        return None
    half = Half(year=year, number=1 if match["h"] == "上" else 2)
    return End(of=half) if match["end"] in ("末", "底") else half


def _year(text: str, year: Year) -> Span | None:
    if re.fullmatch(
        r"(?:全年度?|整年)(?:持续|持续推进|持续开展|常态化|常态化推进|常态化开展|常态推进|常态开展|受理)?|贯穿全年",
        text,
    ):
        return WholeYear(year=year)
    if re.fullmatch(r"年内|年度内|全年内|年底|年末|年终|年度末|年度底", text):
        return End(of=WholeYear(year=year))
    return None


def _plan_period(text: str, year: Year) -> Span | None:
    match = re.fullmatch(r"(十[三四五]五)(?:规划)?(?:末|期末|末期|时期末)", text)
    if match is None or year != PLAN:
        return None
    return End(of=WholeYear(year=Year(absolute=lexicon.PLAN_PERIODS[match[1]][1])))


def _festival(text: str, year: Year) -> Span | None:
    twice = re.fullmatch(r"(.+)\((农历.+)\)", text)
    if twice and twice[1] in lexicon.NAMES and lexicon.NAMES[twice[1]] == lexicon.NAMES.get(twice[2]):
        return Festival(year=year, name=lexicon.NAMES[twice[1]])
    dated = re.fullmatch(r"(?P<m>[0-9]{1,2})[月·](?P<d>[0-9]{1,2})日?(?P<name>\D{2,})", text) or re.fullmatch(
        r"(?P<name>.+?)\((?P<m>[0-9]{1,2})月(?P<d>[0-9]{1,2})日\)", text
    )
    if dated:
        return _dated_festival(dated, year)
    month = re.fullmatch(r"(?P<m>[0-9]{1,2})月份?(?P<name>\D{2,}月)(?:期间)?", text)
    if month:
        named = lexicon.NAMES.get(month["name"], "")
        same = lexicon.PLACES.get(named) == lexicon.WholeMonth(int(month["m"]))
        return Festival(year=year, name=named) if same else None
    name = lexicon.NAMES.get(text) or lexicon.NAMES.get(re.sub(r"[当][天日]$", "", text))
    if name is not None:
        return Festival(year=year, name=name)
    match = re.fullmatch(r"(.+?)(节?)(?:法定)?(?:放假|假期|小长假|长假|假日|黄金周)(?:期间)?", text)
    if match is None:
        match = re.fullmatch(r"(.+?)(节?)期间", text)
    if match is None:
        return None
    name = (
        lexicon.NAMES.get(match[1] + match[2])
        or lexicon.NAMES.get(match[1])
        or lexicon.ONLY_WITH_RELATION.get(match[1])
    )
    if name in lexicon.STATUTORY:
        return Festival(year=year, name=name, holiday=True)
    whole = name is not None and isinstance(lexicon.PLACES[name], lexicon.WholeMonth | lexicon.Local)
    return Festival(year=year, name=name) if name and whole and text.endswith("月期间") else None


def _dated_festival(match: re.Match[str], year: Year) -> Span | None:
    """12·4国家宪法日: the name and its date, if they agree."""
    found = _festival(match["name"], year)
    if not isinstance(found, Festival) or found.holiday:
        return None
    place, said = lexicon.PLACES[found.name], (int(match["m"]), int(match["d"]))
    if isinstance(place, lexicon.Looked | lexicon.Nth):
        _check(year, *said)
        return replace(found, said=said)
    if not isinstance(place, lexicon.Fixed):
        return None
    if said != (place.month, place.day):
        raise Impossible(
            f"“{found.name}”是 {place.month} 月 {place.day} 日，与文中的日期不符，请核对原文后重新填写。"
        )
    return found


def _numbered(text: str, year: Year) -> Span | None:
    match = re.fullmatch(r"(?P<m>[0-9]{1,2})·(?P<d>[0-9]{1,2})(?:当[日天])?", text)
    if match:
        _check(year, int(match["m"]), int(match["d"]))
        return Day(year=year, month=int(match["m"]), day=int(match["d"]))
    if text in lexicon.NUMBERED:
        month, day = lexicon.NUMBERED[text]
        return Day(year=year, month=month, day=day)
    return None


def _nth(text: str, year: Year) -> Span | None:
    match = re.fullmatch(
        rf"{MF}的?(?:第(?P<n>[0-9]{{1,2}})|(?P<last>最后1?|末))个(?:{WEEKDAY}|(?P<work>工作日))(?:当天)?",
        text,
    )
    if match is None:
        match = re.fullmatch(rf"{MF}(?P<last>最后)(?P<n>1)(?P<w>x)?(?P<work>个?工作日)", text)
    if match is None:
        return None
    _check(year, int(match["m"]))
    nth = -1 if match["last"] else int(match["n"])
    if not (nth == -1 or 1 <= nth <= 15):
        return None
    if match["work"]:
        return NthWorkday(year=year, month=int(match["m"]), nth=nth)
    # A fifth Monday may not exist; 最后一个 is what such a text should say.
    return (
        NthWeekday(year=year, month=int(match["m"]), nth=nth, weekday=weekday(match["w"]))
        if nth < 5
        else None
    )


def _first_workdays(text: str, year: Year) -> Span | None:
    match = re.fullmatch(rf"{MF}的?(?:前|头)(?P<n>[0-9]{{1,2}})个工作日(?:以?内|之内)?", text)
    if match is None or not 1 <= int(match["n"]) <= 15:
        return None
    _check(year, int(match["m"]))
    return NthWorkday(year=year, month=int(match["m"]), nth=int(match["n"]), upto=True)


_RULES: tuple[Callable[[str, Year], Span | None], ...] = (
    _numbered,
    _day,
    _month,
    _month_end,
    _ten_days,
    _quarter,
    _half,
    _year,
    _plan_period,
    _festival,
    _nth,
    _first_workdays,
)
