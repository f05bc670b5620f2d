"""Works out the first and last day of a span in a plan year, from the almanac and the workday table."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import date, timedelta

from calendars.almanac import Almanac
from calendars.deadlines.lexicon import PLACES, STATUTORY, Fixed, Local, Looked, Nth, WholeMonth
from calendars.deadlines.naming import year_of
from calendars.deadlines.parts import (
    PLAN,
    AfterEnd,
    CannotResolve,
    Day,
    Due,
    End,
    Festival,
    Half,
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
from calendars.workdays import WorkdayTable

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
    match PLACES[span.name]:
        case Fixed(month=month, day=day):
            return date(year, month, day), date(year, month, day)
        case Looked(name=name):
            return _as_said(span, calendar_.almanac.day(name, year))
        case Nth(month=month, nth=nth, weekday=weekday):
            return _as_said(span, nth_weekday(year, month, nth, weekday))
        case WholeMonth(month=month):
            return _months(year, month, month)
        case Local():
            return None


def _as_said(span: Festival, day: date) -> tuple[date, date]:
    """The moving feast's day, unless the text wrote another beside its name."""
    if span.said is not None and span.said != (day.month, day.day):
        raise CannotResolve(
            f"{day.year} 年的“{span.name}”是 {day.month} 月 {day.day} 日，与文中的日期不符，请核对原文后重新填写。"
        )
    return day, day


def _holiday(span: Festival, year: int, calendar_: Calendar) -> tuple[date, date]:
    days = _table(calendar_).span(STATUTORY[span.name], year)
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


def with_year(span: Span, year: Year) -> Span:
    """The span in a year, unless the text gave it one of its own."""
    if year_of(span) != PLAN:
        return span
    return moved_to(span, year)


def moved_to(span: Span, year: Year) -> Span:
    match span:
        case End(of=of):
            return End(of=replace(of, year=year))
        case AfterEnd(of=of):
            return replace(span, of=replace(of, year=year))
        case Shifted(festival=festival):
            return replace(span, festival=replace(festival, year=year))
        case _:
            return replace(span, year=year)


def one_year(item: One) -> Year:
    """The year named by a date or, for a window, by its start."""
    match item:
        case Due(at=at):
            return year_of(at)
        case Window(first=first, last=last):
            return year_of(first if first is not None else last)
        case Inside(cell=cell):
            return cell.year


def one_in(item: One, year: Year) -> One:
    """The date in a year, unless it names one."""
    match item:
        case Due(at=at):
            return replace(item, at=with_year(at, year))
        case Window(first=first, last=last) if year_of(last) == PLAN and (
            first is None or year_of(first) == PLAN
        ):
            return replace(item, first=first and with_year(first, year), last=with_year(last, year))
        case _:
            return item


def months_of(span: Span) -> tuple[int, int] | None:
    """(month*100+day) of its first and last day where the calendar fixes them, None for moving feasts and years."""
    match span:
        case Day(month=month, day=day):
            return month * 100 + day, month * 100 + day
        case Month(month=month):
            return month * 100 + 1, month * 100 + 31
        case TenDays(month=month, first=first, last=last):
            return month * 100 + first * 10 - 9, month * 100 + (31 if last == 3 else last * 10)
        case Quarter(number=number):
            return (number * 3 - 2) * 100 + 1, number * 300 + 31
        case Half(number=number):
            return (number * 6 - 5) * 100 + 1, number * 600 + 31
        case End(of=of):
            edge = months_of(of)
            return (edge[1], edge[1]) if edge else None
        case _:
            return None
