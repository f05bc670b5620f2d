"""Works out the first and last day of a span in a plan year, from the almanac and the workday table."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from rules.almanac import Almanac
from rules.deadline import lexicon
from rules.deadline.parts import (
    AfterEnd,
    Day,
    End,
    Festival,
    Half,
    Month,
    NthWeekday,
    NthWorkday,
    Quarter,
    Shifted,
    Span,
    TenDays,
    WholeYear,
    Year,
)
from rules.deadline.values import CannotResolve
from rules.workdays import WorkdayTable

_NAMES = "一二三四五六日"


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """What a plan year's dates rest on."""

    year: int
    almanac: Almanac
    workdays: WorkdayTable | None

    def of(self, year: Year) -> int:
        return year.absolute if year.absolute is not None else self.year + year.offset


def bounds(span: Span, calendar_: Calendar) -> tuple[date, date] | None:
    """First and last day, both included; None where the name has no fixed days.

    Raises CannotResolve where the year contradicts the text, AlmanacError or YearUnknown where it is not covered.
    """
    match span:
        case Day():
            day = _day(span, calendar_)
            return day, day
        case Month(year=year, month=month):
            return _months(calendar_.of(year), month, month)
        case TenDays():
            return _ten_days(span, calendar_)
        case Quarter(year=year, number=number):
            return _months(calendar_.of(year), number * 3 - 2, number * 3)
        case Half(year=year, number=number):
            return _months(calendar_.of(year), number * 6 - 5, number * 6)
        case WholeYear(year=year):
            return _months(calendar_.of(year), 1, 12)
        case End(of=of):
            edge = bounds(of, calendar_)
            return edge and (edge[1], edge[1])
        case Festival():
            return _festival(span, calendar_)
        case _:
            day = _counted(span, calendar_)
            return _start(span, day), day


def _months(year: int, first: int, last: int) -> tuple[date, date]:
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


def _start(span: Span, day: date) -> date:
    return day.replace(day=1) if isinstance(span, NthWorkday) and span.upto else day


def _day(span: Day, calendar_: Calendar) -> date:
    year = calendar_.of(span.year)
    try:
        day = date(year, span.month, span.day)
    except ValueError:
        raise CannotResolve(f"{year} 年 {span.month} 月没有 {span.day} 日，请核对原文后重新填写。") from None
    if span.weekday is not None and day.weekday() != span.weekday:
        raise CannotResolve(
            f"{year} 年 {span.month} 月 {span.day} 日是星期{_NAMES[day.weekday()]}，"
            f"与文中的星期{_NAMES[span.weekday]}不符，请核对原文后重新填写。"
        )
    return day


def _ten_days(span: TenDays, calendar_: Calendar) -> tuple[date, date]:
    first, last = _months(calendar_.of(span.year), span.month, span.month)
    return first.replace(day=span.first * 10 - 9), last if span.last == 3 else first.replace(
        day=span.last * 10
    )


def _festival(span: Festival, calendar_: Calendar) -> tuple[date, date] | None:
    year = calendar_.of(span.year)
    if span.holiday:
        return _holiday(span, year, calendar_)
    match lexicon.PLACES[span.name]:
        case lexicon.Fixed(month=month, day=day):
            return date(year, month, day), date(year, month, day)
        case lexicon.Looked(name=name):
            return _as_said(span, calendar_.almanac.day(name, year))
        case lexicon.Nth(month=month, nth=nth, weekday=weekday):
            return _as_said(span, nth_weekday(year, month, nth, weekday))
        case lexicon.WholeMonth(month=month):
            return _months(year, month, month)
        case lexicon.Local():
            return None


def _as_said(span: Festival, day: date) -> tuple[date, date]:
    """The moving feast's day, unless the text wrote another beside its name."""
    if span.said is not None and span.said != (day.month, day.day):
        raise CannotResolve(
            f"{day.year} 年的“{span.name}”是 {day.month} 月 {day.day} 日，与文中的日期不符，请核对原文后重新填写。"
        )
    return day, day


def _holiday(span: Festival, year: int, calendar_: Calendar) -> tuple[date, date]:
    days = _table(calendar_).span(lexicon.STATUTORY[span.name], year)
    if days is None:
        raise CannotResolve(
            f"{year} 年的放假安排里没有“{span.name}”，请先导入当年的放假通知，或直接填写日期。"
        )
    return days


def _table(calendar_: Calendar) -> WorkdayTable:
    if calendar_.workdays is None:
        raise CannotResolve("这个时限要看放假安排，但没有工作日表，请先导入放假通知。")
    return calendar_.workdays


def nth_weekday(year: int, month: int, nth: int, weekday: int) -> date:
    """The nth (1-5) or last (-1) given weekday of a month; CannotResolve where there is none."""
    days = [
        date(year, month, day)
        for day in range(1, calendar.monthrange(year, month)[1] + 1)
        if date(year, month, day).weekday() == weekday
    ]
    if nth > len(days):
        raise CannotResolve(
            f"{year} 年 {month} 月没有第 {nth} 个星期{_NAMES[weekday]}，请核对原文后重新填写。"
        )
    return days[nth - 1 if nth > 0 else nth]


def _counted(span: Span, calendar_: Calendar) -> date:
    match span:
        case NthWeekday(year=year, month=month, nth=nth, weekday=weekday):
            return nth_weekday(calendar_.of(year), month, nth, weekday)
        case NthWorkday(year=year, month=month, nth=nth):
            first, last = _months(calendar_.of(year), month, month)
            table = _table(calendar_)
            return table.on_or_before(last) if nth < 0 else table.shift(first - timedelta(days=1), nth)
        case AfterEnd(of=of, n=n, unit=unit):
            return _after_end(of, n, unit, calendar_)
        case Shifted(festival=festival, n=n):
            edge = _festival(festival, calendar_)
            assert edge is not None, "only festivals of one day are shifted"
            return edge[0] - timedelta(days=n)
        case _:
            raise AssertionError(f"{type(span).__name__} is not counted")


def _after_end(of: Month | Quarter | Half | WholeYear, n: int, unit: str, calendar_: Calendar) -> date:
    edge = bounds(of, calendar_)
    assert edge is not None, "months, quarters and years always have ends"
    if unit == "workday":
        return _table(calendar_).shift(edge[1], n)
    if unit == "day":
        return edge[1] + timedelta(days=n)
    months = edge[1].year * 12 + edge[1].month - 1 + n
    year, month = divmod(months, 12)
    return _months(year, month + 1, month + 1)[1]
