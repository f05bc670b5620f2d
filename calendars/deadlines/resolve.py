"""Gives a reading its dates in a plan year: one date, several, or the year's occurrences of a recurrence.

Pure; the almanac and the workday table are handed in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

from calendars.almanac import Almanac
from calendars.deadlines.parts import (
    Calendar,
    CannotResolve,
    Daily,
    Day,
    Due,
    How,
    Inside,
    Occurrence,
    One,
    Reading,
    Repeat,
    Resolution,
    Several,
    Weekly,
    WholeYear,
    Window,
)
from calendars.workdays import WorkdayTable, YearUnknown

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Dates:
    starts_on: date | None = None
    due_on: date | None = None
    due_at: str | None = None
    notes: tuple[str, ...] = ()


Found = TypeVar("Found", _Dates, Occurrence)


def resolve(reading: Reading, *, year: int, almanac: Almanac, workdays: WorkdayTable | None) -> Resolution:
    """The dates of a reading in a plan year.

    Raises CannotResolve where the year contradicts the phrase (a weekday that does not fit, 2月29日),
    AlmanacError and calendars.workdays.YearUnknown where the phrase needs a year that is not covered.
    """
    at = Calendar(year=year, almanac=almanac, workdays=workdays)
    parts = reading.parts
    dates, occurrences = _Dates(), tuple[Occurrence, ...]()
    match parts:
        case Due() | Window() | Inside():
            dates = _one(parts, at)
        case Several():
            dates, occurrences = _several(parts, at)
        case Repeat():
            dates, occurrences = _repeat(parts, at)
        case Weekly() | Daily():
            dates, occurrences = _often(parts, at)
    dates = _rolled(dates, reading.modifiers, at)
    occurrences = tuple(_rolled(each, reading.modifiers, at) for each in occurrences)
    last, provisional, unknown = _last_workday(dates, occurrences, at)
    notes = (*reading.assumptions, *dates.notes, *_year_notes(reading, at), *unknown)
    return Resolution(
        starts_on=dates.starts_on,
        due_on=dates.due_on,
        due_at=dates.due_at,
        occurrences=occurrences,
        last_workday=last,
        provisional=provisional,
        assumptions=tuple(dict.fromkeys(notes)),
    )


def _one(item: One, at: Calendar) -> _Dates:
    match item:
        case Due():
            return _due(item, at)
        case Window():
            return _window(item, at)
        case Inside(cell=cell, inner=inner):
            dates, edge = _one(inner, at), cell.days(at)
            if dates.due_on is None or not edge[0] <= dates.due_on <= edge[1]:
                raise CannotResolve("写在季度或半年里的时间不在这个季度或半年之内，请核对原文后重新填写。")
            return dates


def _due(due: Due, at: Calendar) -> _Dates:
    span = due.at
    edge = None if due.how is How.AROUND else span.days(at)
    if edge is None:
        return _Dates()
    first, last = edge
    clock = span.clock if isinstance(span, Day) else None
    match due.how:
        case How.FROM:
            return _Dates(starts_on=first)
        case How.BY:
            upto = getattr(span, "upto", False)
            return _Dates(due_on=last, due_at=clock, starts_on=first if upto else None)
        case How.BEFORE | How.EVE:
            return _Dates(due_on=first - _DAY)
        case How.MAYBE_BEFORE:
            note = f"“{span.shown}前”也可理解为含在内，即 {last}；按较早、较稳妥的 {first - _DAY} 办理。"
            return _Dates(due_on=first - _DAY, notes=(note,))
        case _:
            if isinstance(span, WholeYear) and span.subject and last.year < at.year:
                return _Dates(notes=(f"{last.year} 年度早于计划年份，按所属年度理解，不是办理时限。",))
            return _Dates(starts_on=first, due_on=last, due_at=clock)


def _window(window: Window, at: Calendar) -> _Dates:
    last = window.last.days(at)
    first = window.first.days(at) if window.first is not None else None
    if last is None or (window.first is not None and first is None):
        return _Dates()
    clock = window.last.clock if isinstance(window.last, Day) else None
    if first is None:
        return _Dates(due_on=last[1], due_at=clock)
    if first[0] > last[1]:
        raise CannotResolve("起止日期前后颠倒，请核对原文后重新填写。")
    if window.holds is not None:
        day = window.holds.days(at)
        if day is None or not first[0] <= day[0] <= last[1]:
            raise CannotResolve(f"“{window.holds.name}”不在文中写的起止之内，请核对原文后重新填写。")
    return _Dates(starts_on=first[0], due_on=last[1], due_at=clock)


def _several(parts: Several, at: Calendar) -> tuple[_Dates, tuple[Occurrence, ...]]:
    read = [_one(item, at) for item in parts.items]
    occurrences = _listed(read, parts.labels or tuple(item.label for item in parts.items))
    if not occurrences:
        return _Dates(), ()
    starts = [each.starts_on for each in occurrences]
    latest = max(read, key=lambda dates: dates.due_on or date.min)
    first = min(start for start in starts if start) if all(starts) else None
    notes = tuple(note for dates in read for note in dates.notes)
    return replace(latest, starts_on=first, notes=notes), occurrences


def _listed(read: list[_Dates], labels: tuple[str, ...]) -> tuple[Occurrence, ...]:
    """The dated ones by date; two holidays that share their days off are one."""
    found = {
        (dates.starts_on, dates.due_on): Occurrence(
            starts_on=dates.starts_on, due_on=dates.due_on, label=label
        )
        for dates, label in zip(read, labels, strict=True)
        if dates.due_on is not None
    }
    return tuple(sorted(found.values(), key=lambda each: each.due_on))


def _repeat(parts: Repeat, at: Calendar) -> tuple[_Dates, tuple[Occurrence, ...]]:
    if parts.since is not None and at.year < parts.since:
        return _Dates(notes=(f"从 {parts.since} 年起才开始，{at.year} 年没有。",)), ()
    began = date(parts.since, parts.since_month, 1) if parts.since is not None else date.min
    dated = [(item, _one(item, at)) for item in parts.items]
    dated = [(item, dates) for item, dates in dated if (dates.due_on or date.max) >= began]
    read = [dates for _, dates in dated]
    occurrences = _listed(read, tuple(item.label for item, _ in dated))
    notes = tuple(note for dates in read for note in dates.notes)
    clocks = {dates.due_at for dates in read}
    found = _Dates(due_at=clocks.pop() if len(clocks) == 1 else None, notes=notes)
    if len(occurrences) == 1:
        found = replace(found, starts_on=occurrences[0].starts_on, due_on=occurrences[0].due_on)
    return found, occurrences


def _often(parts: Weekly | Daily, at: Calendar) -> tuple[_Dates, tuple[Occurrence, ...]]:
    """Each such day of the year or of what is said; without a weekday, the weeks that end in the year, Monday to Sunday."""
    dates = _Dates(due_at=parts.clock)
    first, last = date(at.year, 1, 1), date(at.year, 12, 31)
    if isinstance(parts, Daily) and parts.during is not None:
        during = _one(parts.during, at)
        if during.starts_on is None or during.due_on is None:
            return dates, ()
        first, last, dates = during.starts_on, during.due_on, replace(dates, notes=during.notes)
    days = [first + n * _DAY for n in range((last - first).days + 1)]
    starts: list[date | None]
    if isinstance(parts, Weekly):
        days = [day for day in days if day.weekday() in (parts.weekdays or (6,))]
        by = "weekly_by" in parts.rule
        starts = [day - day.weekday() * _DAY if not parts.weekdays else None if by else day for day in days]
    else:
        if parts.workdays_only:
            days = [day for day in days if at.table.is_workday(day)]
        starts = [*days]
    return dates, tuple(
        Occurrence(starts_on=start, due_on=day, label=f"{day.month}月{day.day}日")
        for start, day in zip(starts, days, strict=True)
    )


def _rolled(dates: Found, modifiers: tuple[str, ...], at: Calendar) -> Found:
    """A phrase that says 节假日顺延 moves its own date; without a table it says so instead."""
    roll = next((each for each in modifiers if each.startswith("holiday_roll")), None)
    due = dates.due_on
    if roll is None or due is None:
        return dates
    if at.workdays is None:
        raise CannotResolve("这个时限遇节假日要顺延，但没有工作日表，请先导入放假通知。")
    if at.workdays.is_workday(due):
        return dates
    onward = "next" in roll
    moved = at.workdays.shift(due, 1) if onward else at.workdays.on_or_before(due)
    if isinstance(dates, Occurrence):
        return replace(dates, due_on=moved)
    note = f"{due} 不是工作日，按文中“节假日{'顺延' if onward else '提前'}”调整为 {moved}。"
    return replace(dates, due_on=moved, notes=(*dates.notes, note))


def _last_workday(
    dates: _Dates, occurrences: tuple[Occurrence, ...], at: Calendar
) -> tuple[date | None, bool, tuple[str, ...]]:
    """(last workday, provisional, what is not known) of the dates found."""
    days = [day for day in (dates.starts_on, dates.due_on, *(each.due_on for each in occurrences)) if day]
    if at.workdays is None or (dates.due_on is None and not occurrences):
        return None, False, ()
    try:
        last = at.workdays.on_or_before(dates.due_on) if dates.due_on else None
        return last, at.workdays.is_provisional(min([*days, last or days[0]]), max(days)), ()
    except YearUnknown:
        later = max(days).year > at.workdays.years[-1]
        return None, later, ("工作日表没有所涉年份，最后工作日无法给出。",)


def _year_notes(reading: Reading, at: Calendar) -> tuple[str, ...]:
    parts = reading.parts
    items: tuple[One, ...] = ()
    if isinstance(parts, Several | Repeat):
        items = parts.items
    elif isinstance(parts, Due | Window | Inside):
        items = (parts,)
    years = {span.year for item in items for span in item.spans}
    written = sorted({year.absolute for year in years if year.absolute not in (None, 0, at.year)}, key=str)
    offsets = sorted({year.offset for year in years if year.absolute is None and year.offset})
    return (
        *(f"文中写明 {year} 年，与计划年份 {at.year} 年不同，按文中年份。" for year in written),
        *(f"以 {at.year} 年为写作年份，文中的年份按 {at.year + offset} 年计算。" for offset in offsets),
    )
