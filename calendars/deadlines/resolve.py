"""Gives a reading its dates in a plan year: one date, several, or the year's occurrences of a recurrence.

Pure; the almanac and the workday table are handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from calendars.almanac import Almanac
from calendars.deadlines.dates import Calendar, bounds
from calendars.deadlines.naming import label_of, shown, year_of
from calendars.deadlines.parts import (
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
    Span,
    Undated,
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


def resolve(reading: Reading, *, year: int, almanac: Almanac, workdays: WorkdayTable | None) -> Resolution:
    """The dates of a reading in a plan year.

    Raises CannotResolve where the year contradicts the phrase (a weekday that does not fit, 2月29日),
    AlmanacError and calendars.workdays.YearUnknown where the phrase needs a year that is not covered.
    """
    at = Calendar(year=year, almanac=almanac, workdays=workdays)
    parts = reading.parts
    occurrences: tuple[Occurrence, ...] = ()
    match parts:
        case Due() | Window() | Inside():
            dates = _one(parts, at)
        case Several():
            dates, occurrences = _several(parts, at)
        case Repeat():
            dates, occurrences = _repeat(parts, at)
        case Weekly() | Daily():
            occurrences = _weeks(parts, year) if isinstance(parts, Weekly) else _days(parts, at)
            dates = _Dates(due_at=parts.clock)
        case Undated():
            dates = _Dates()
    dates = _rolled(dates, reading.modifiers, at)
    occurrences = tuple(_rolled_one(each, reading.modifiers, at) for each in occurrences)
    return _finished(reading, dates, occurrences, at)


def _finished(
    reading: Reading, dates: _Dates, occurrences: tuple[Occurrence, ...], at: Calendar
) -> Resolution:
    last, provisional, unknown = _standing(dates, occurrences, at)
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
            dates, edge = _one(inner, at), bounds(cell, at)
            if edge is None or dates.due_on is None or not edge[0] <= dates.due_on <= edge[1]:
                raise CannotResolve("写在季度或半年里的时间不在这个季度或半年之内，请核对原文后重新填写。")
            return dates


def _due(due: Due, at: Calendar) -> _Dates:
    span = due.at
    if due.how is How.AROUND:
        return _Dates()
    edge = bounds(span, at)
    if edge is None:
        return _Dates()
    first, last = edge
    clock = span.clock if isinstance(span, Day) else None
    match due.how:
        case How.FROM:
            return _Dates(starts_on=first)
        case How.BY:
            return _Dates(due_on=last, due_at=clock, starts_on=first if _upto(span) else None)
        case How.BEFORE | How.EVE:
            return _Dates(due_on=first - _DAY)
        case How.MAYBE_BEFORE:
            other = f"也可理解为含在内，即 {last.isoformat()}；按较早、较稳妥的 {(first - _DAY).isoformat()} 办理。"
            return _Dates(due_on=first - _DAY, notes=(f"“{shown(span)}前”{other}",))
        case _:
            if isinstance(span, WholeYear) and span.subject and last.year < at.year:
                return _Dates(notes=(f"{last.year} 年度早于计划年份，按所属年度理解，不是办理时限。",))
            return _Dates(starts_on=first, due_on=last, due_at=clock)


def _upto(span: Span) -> bool:
    return bool(getattr(span, "upto", False))


def _window(window: Window, at: Calendar) -> _Dates:
    last = bounds(window.last, at)
    if last is None:
        return _Dates()
    clock = window.last.clock if isinstance(window.last, Day) else None
    if window.first is None:
        return _Dates(due_on=last[1], due_at=clock)
    first = bounds(window.first, at)
    if first is None:
        return _Dates()
    if first[0] > last[1]:
        raise CannotResolve("起止日期前后颠倒，请核对原文后重新填写。")
    if window.holds is not None:
        day = bounds(window.holds, at)
        if day is None or not first[0] <= day[0] <= last[1]:
            raise CannotResolve(f"“{window.holds.name}”不在文中写的起止之内，请核对原文后重新填写。")
    return _Dates(starts_on=first[0], due_on=last[1], due_at=clock)


def _several(parts: Several, at: Calendar) -> tuple[_Dates, tuple[Occurrence, ...]]:
    read = [_one(item, at) for item in parts.items]
    labels = parts.labels or tuple(label_of(item) for item in parts.items)
    occurrences = _listed(read, labels)
    if not occurrences:
        return _Dates(), ()
    starts = [each.starts_on for each in occurrences]
    latest = max(read, key=lambda dates: dates.due_on or date.min)
    first = min(start for start in starts if start) if all(starts) else None
    notes = tuple(note for dates in read for note in dates.notes)
    return _Dates(starts_on=first, due_on=latest.due_on, due_at=latest.due_at, notes=notes), occurrences


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
    first = date(parts.since, parts.since_month, 1) if parts.since is not None else date.min
    items = [item for item in parts.items if (_one(item, at).due_on or date.max) >= first]
    read = [_one(item, at) for item in items]
    occurrences = _listed(read, tuple(label_of(item) for item in items))
    notes = tuple(note for dates in read for note in dates.notes)
    clocks = {dates.due_at for dates in read}
    clock = clocks.pop() if len(clocks) == 1 else None
    if len(occurrences) != 1:
        return _Dates(due_at=clock, notes=notes), occurrences
    only = occurrences[0]
    return _Dates(starts_on=only.starts_on, due_on=only.due_on, due_at=clock, notes=notes), occurrences


def _weeks(parts: Weekly, year: int) -> tuple[Occurrence, ...]:
    """By weekday, each such day of the year; without one, the weeks that end in the year, Monday to Sunday."""
    days = parts.weekdays or (6,)
    found = [day for day in _year_days(year) if day.weekday() in days]
    by = "weekly_by" in parts.name
    starts = [day - day.weekday() * _DAY if not parts.weekdays else None if by else day for day in found]
    return tuple(
        Occurrence(starts_on=start, due_on=day, label=f"{day.month}月{day.day}日")
        for start, day in zip(starts, found, strict=True)
    )


def _days(parts: Daily, at: Calendar) -> tuple[Occurrence, ...]:
    days = _year_days(at.year)
    if parts.workdays_only:
        if at.workdays is None:
            raise CannotResolve("这个时限要看放假安排，但没有工作日表，请先导入放假通知。")
        days = [day for day in days if at.workdays.is_workday(day)]
    return tuple(Occurrence(starts_on=day, due_on=day, label=f"{day.month}月{day.day}日") for day in days)


def _year_days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + offset * _DAY for offset in range((date(year + 1, 1, 1) - first).days)]


def _rolled(dates: _Dates, modifiers: tuple[str, ...], at: Calendar) -> _Dates:
    """A phrase that says 节假日顺延 moves its own date; without a table it says so instead."""
    rolls = [each for each in modifiers if each.startswith("holiday_roll")]
    if not rolls or dates.due_on is None:
        return dates
    if at.workdays is None:
        raise CannotResolve("这个时限遇节假日要顺延，但没有工作日表，请先导入放假通知。")
    due = dates.due_on
    if at.workdays.is_workday(due):
        return dates
    onward = "next" in rolls[0]
    moved = at.workdays.shift(due, 1) if onward else at.workdays.on_or_before(due)
    note = f"{due.isoformat()} 不是工作日，按文中“节假日{'顺延' if onward else '提前'}”调整为 {moved.isoformat()}。"
    return _Dates(starts_on=dates.starts_on, due_on=moved, due_at=dates.due_at, notes=(*dates.notes, note))


def _rolled_one(each: Occurrence, modifiers: tuple[str, ...], at: Calendar) -> Occurrence:
    moved = _rolled(_Dates(due_on=each.due_on), modifiers, at).due_on
    assert moved is not None, "a date rolls to a date"
    return Occurrence(starts_on=each.starts_on, due_on=moved, label=each.label)


def _standing(
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
    years = {year_of(span) for span in _spans(reading)}
    found = [
        f"文中写明 {year.absolute} 年，与计划年份 {at.year} 年不同，按文中年份。"
        for year in sorted(years, key=lambda each: each.absolute or 0)
        if year.absolute is not None and year.absolute != at.year
    ]
    offsets = sorted({year.offset for year in years if year.absolute is None and year.offset})
    found += [f"以 {at.year} 年为写作年份，文中的年份按 {at.year + offset} 年计算。" for offset in offsets]
    return tuple(found)


def _spans(reading: Reading) -> list[Span]:
    match reading.parts:
        case Several(items=items) | Repeat(items=items):
            return [span for item in items for span in _of_one(item)]
        case Due() | Window() | Inside() as item:
            return _of_one(item)
        case _:
            return []


def _of_one(item: One) -> list[Span]:
    match item:
        case Due(at=at):
            return [at]
        case Window(first=first, last=last):
            return [span for span in (first, last) if span is not None]
        case Inside(cell=cell, inner=inner):
            return [cell, *_of_one(inner)]
