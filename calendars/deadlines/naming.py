"""Writes parts as the normal forms people and calendar diffs read: month_end(3), window(03-01,05-31)."""

from __future__ import annotations

from calendars.deadlines.lexicon import PLACES, Looked
from calendars.deadlines.parts import (
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
    NthWeekday,
    NthWorkday,
    One,
    Parts,
    Quarter,
    Repeat,
    Several,
    Shifted,
    Span,
    TenDays,
    Undated,
    Weekly,
    WholeYear,
    Window,
    Year,
)


def year_of(span: Span) -> Year:
    match span:
        case End(of=of) | AfterEnd(of=of):
            return of.year
        case Shifted(festival=festival):
            return festival.year
        case _:
            return span.year


def rule_of(parts: Parts) -> str:
    """The normal form of parts, the same for every spelling of one phrase."""
    match parts:
        case Due():
            return _due(parts)
        case Window():
            return _window(parts)
        case Inside(cell=cell, inner=inner):
            return f"{_span(cell)},override {rule_of(inner)}"
        case Several(items=items):
            return "several(" + ",".join(rule_of(item) for item in items) + ")"
        case Repeat(name=name) | Weekly(name=name) | Daily(name=name) | Undated(name=name):
            return name


def _due(due: Due) -> str:
    at, how = due.at, due.how
    match at:
        case Day(clock=None):
            name = {How.BY: "by_date", How.FROM: "from"}.get(how, "on_date")
            return f"{name}({_day(at)})"
        case Day():
            name = {How.BY: "by_datetime", How.FROM: "from"}.get(how, "on_datetime")
            return f"{name}({_day(at)})"
        case Festival():
            return _festival(at, how)
        case End():
            return _span(at)
    if how is How.MAYBE_BEFORE:
        return f"by_{_span(at)}"
    if how is How.BY and isinstance(at, WholeYear):
        return f"by_{_span(at)}"
    return _span(at) if how in (How.WITHIN, How.BY) else f"{how}({_span(at)})"


def _festival(at: Festival, how: How) -> str:
    place = PLACES[at.name]
    said = "during" if at.holiday and how is How.WITHIN else "on" if how is How.WITHIN else str(how)
    if at.holiday and how is How.BEFORE:
        said = "before_holiday"
    name = _in(at.year, at.name)
    if isinstance(place, Looked) and place.term:
        return f"solar_term({name})" if said == "on" else f"solar_term({name},{said})"
    if said == "on" and type(place).__name__ in ("WholeMonth", "Local"):
        said = "during"
    return f"festival({name},{said})"


def _window(window: Window) -> str:
    last = window.last
    if window.first is None:
        return f"window({window.since},{_edge(last)})" if window.since else f"window_until({_edge(last)})"
    first = window.first
    kinds: dict[type, str] = {Month: "window_months", Quarter: "window_quarters", WholeYear: "window_years"}
    if type(first) is type(last) and type(first) in kinds:
        return f"{kinds[type(first)]}({_edge(first)},{_edge(last)})"
    return f"window({_edge(first)},{_edge(last)})"


def _edge(span: Span) -> str:
    match span:
        case Day():
            return _day(span)
        case Month(year=year, month=month):
            return _in(year, str(month))
        case Quarter(year=year, number=number):
            return _in(year, str(number))
        case WholeYear(year=year) if year.absolute:
            return str(year.absolute)
        case Festival():
            return _in(span.year, span.name)
        case _:
            return _span(span)


def _span(span: Span) -> str:
    match span:
        case Day():
            return _day(span)
        case Month(year=year, month=month):
            return f"month({_in(year, str(month))})"
        case TenDays(year=year, month=month, first=first, last=last):
            third = str(first) if first == last else f"{first}-{last}"
            return f"ten_day({_in(year, str(month))},{third})"
        case Quarter(year=year, number=number):
            return f"quarter({_in(year, str(number))})"
        case Half(year=year, number=number):
            return f"half_year({_in(year, str(number))})"
        case WholeYear(year=year):
            return f"year({year.absolute})" if year.absolute else "whole_year"
        case End(of=of):
            return _end(of)
        case Festival():
            return _festival(span, How.WITHIN)
        case NthWeekday(year=year, month=month, nth=nth, weekday=weekday):
            return f"nth_weekday({_in(year, str(month))},{nth},{weekday + 1})"
        case NthWorkday(year=year, month=month, nth=nth):
            return f"nth_workday({_in(year, str(month))},{nth})"
        case AfterEnd(of=of, n=n, unit=unit):
            return f"after_end({_span(of)},{n},{unit})"
        case Shifted(festival=festival, n=n):
            return f"offset({festival.name},-{n},day)"


def _end(of: Month | Quarter | Half | WholeYear) -> str:
    match of:
        case Month(year=year, month=month):
            return f"month_end({_in(year, str(month))})"
        case Quarter(year=year, number=number):
            return f"quarter_end({_in(year, str(number))})"
        case Half(year=year, number=number):
            return f"half_year_end({_in(year, str(number))})"
        case WholeYear(year=year):
            return f"year_end({year.absolute})" if year.absolute else "year_end"


def _day(day: Day) -> str:
    text = _in(day.year, f"{day.month:02d}-{day.day:02d}")
    return f"{text}T{day.clock}" if day.clock else text


def _in(year: Year, text: str) -> str:
    return f"{year.absolute}-{text}" if year.absolute else text


_QUARTERS = ("一季度", "二季度", "三季度", "四季度")
_THIRDS = {(1, 1): "上旬", (2, 2): "中旬", (3, 3): "下旬", (1, 2): "上中旬", (2, 3): "中下旬"}


def label_of(item: One) -> str:
    """What an occurrence is called in a list."""
    match item:
        case Window(first=None, last=last):
            return f"至{shown(last)}"
        case Window(first=first, last=last):
            return f"{shown(first)}至{shown(last)}" if first is not None else shown(last)
        case Inside(inner=inner):
            return label_of(inner)
        case _:
            return shown(item.at)


def shown(span: Span) -> str:
    """A span in words, without its year."""
    match span:
        case Day(month=month, day=day):
            return f"{month}月{day}日"
        case Month(month=month) | NthWeekday(month=month) | NthWorkday(month=month):
            return f"{month}月"
        case TenDays(month=month, first=first, last=last):
            return f"{month}月{_THIRDS[first, last]}"
        case Quarter(number=number):
            return _QUARTERS[number - 1]
        case Half(number=number):
            return "上半年" if number == 1 else "下半年"
        case WholeYear():
            return "全年"
        case End(of=of):
            return (
                "年底" if isinstance(of, WholeYear) else shown(of) + ("底" if isinstance(of, Month) else "末")
            )
        case Festival(name=name):
            return name
        case AfterEnd(of=of):
            return shown(of)
        case Shifted(festival=festival, n=n):
            return f"{festival.name}前{n}天"
