"""Gives a reading its dates in a plan year: one date, several, or the year's occurrences of a recurrence.

Pure; the almanac and the workday table are handed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby

from calendars.almanac import Almanac
from calendars.deadlines.events import counted_on
from calendars.deadlines.parts import (
    PLAN,
    Calendar,
    CannotResolve,
    Counted,
    Daily,
    Day,
    Due,
    How,
    Inside,
    Occurrence,
    One,
    Parts,
    Reading,
    Repeat,
    Resolution,
    Several,
    Undated,
    Weekly,
    WholeYear,
    Window,
)
from calendars.deadlines.rolling import Roll
from calendars.workdays import WorkdayTable, YearUnknown

_DAY = timedelta(days=1)
# The document's own issue, of whose day the campaign file knows; 公布 and 下发 of something else are other events.
_ISSUING = frozenset(
    f"{what}{done}"
    for what in (
        "",
        "本",
        "本通知",
        "通知",
        "文件",
        "本文件",
        "方案",
        "本方案",
        "计划",
        "本计划",
        "意见",
        "本意见",
    )
    for done in ("印发", "发文", "下发", "发布")
) | {"即日"}
# Rolling a file on looks for these words: the next file has no day of issue yet and has to say 次年 itself.
NEXT_YEAR = "按次年理解"
_THIS_YEAR = re.compile("今年|本年|当年")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Dates:
    """One date with all that is known of it; `notes` hold for the phrase, `because` for this date."""

    starts_on: date | None = None
    due_on: date | None = None
    due_at: str | None = None
    label: str = ""
    notes: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    first_on: date | None = None
    bounded: bool = False  # 春节前: no day off may move it past the festival


def resolve(
    reading: Reading,
    *,
    year: int,
    almanac: Almanac,
    workdays: WorkdayTable | None,
    issued_on: date | None = None,
    event_on: date | None = None,
    roll: Roll | None = None,
) -> Resolution:
    """The dates of a reading in a plan year. Nothing of a document falls before the day it was issued; what is counted
    from an event has a date once the day of the event is known. `roll` is the campaign's own, one that the phrase has
    goes before it.

    Raises CannotResolve where the year or the day of issue contradicts the phrase (a weekday that does not fit,
    2月29日), AlmanacError and calendars.workdays.YearUnknown where the phrase needs a year that is not covered.
    """
    at = Calendar(year=year, almanac=almanac, workdays=workdays, issued_on=issued_on, event_on=event_on)
    parts = reading.parts
    found, notes = _dates(parts, at, reading.text)
    found = [_rolled(each, reading.roll or roll, at) for each in found]
    if not (isinstance(parts, Several) and parts.labels):
        # What is listed clause by clause asks for another thing each time, also on one day.
        found = _merged(found)
    one = _standing_for_all(parts, found)
    occurrences = () if isinstance(parts, Due | Window | Inside | Undated) else _listed(found)
    last, provisional, unknown = _last_workday(one, found, at)
    own = () if occurrences else one.because
    standing = () if found and isinstance(parts, Undated) else reading.assumptions
    said = (*standing, *notes, *one.notes, *own, *_year_notes(reading, at), *unknown)
    return Resolution(
        starts_on=one.starts_on,
        due_on=one.due_on,
        due_at=one.due_at,
        occurrences=occurrences,
        last_workday=last,
        provisional=provisional,
        assumptions=tuple(dict.fromkeys(said)),
    )


def _dates(parts: Parts, at: Calendar, text: str) -> tuple[list[_Dates], tuple[str, ...]]:
    """Every date, and what is said of all of them; a date without a last day is one as well."""
    match parts:
        case Due() | Window() | Inside():
            return [_after_issue(parts, at, text)], ()
        case Several(items=items):
            if parts.labels and any(_is_past(_one(item, at), at) for item in items):
                raise CannotResolve(
                    f"几步里有一步的期限早于文件印发日{at.issued_on}，请核对原文，或给每一步写明年份。"
                )
            read = [_after_issue(item, at, text) for item in items]
            labels = parts.labels or tuple(item.label for item in items)
            dated = [replace(each, label=label) for each, label in zip(read, labels, strict=True)]
            return _each_once(dated), tuple(note for each in read for note in each.notes)
        case Repeat():
            return _repeat(parts, at)
        case Weekly() | Daily():
            found, notes = _often(parts, at, text)
            kept, dropped = _issued(found, at)
            return kept, (*notes, *dropped)
        case Undated(counted=counted) if counted:
            return _from_event(counted, at), ()
        case _:
            return [], ()


def _from_event(counted: Counted, at: Calendar) -> list[_Dates]:
    """Counted from the day of the event, where it is known; the document's own issue is known from its file."""
    event_on, name = at.event_on, counted.event or "起算"
    if event_on is None and counted.event in _ISSUING:
        event_on, name = at.issued_on, "文件印发"
    if event_on is None:
        return []
    ahead = counted.n > 0
    because = f"从{name}之日{event_on}的次日起算。" if ahead else f"由{name}之日{event_on}倒推。"
    due_on = counted_on(counted, event_on, at.table)
    return [_Dates(starts_on=event_on if ahead else None, due_on=due_on, because=(because,))]


def _after_issue(item: One, at: Calendar, text: str) -> _Dates:
    """What lies before the day of issue is next year's; where the text names a year of its own, a person decides."""
    dates = _one(item, at)
    if not _is_past(dates, at):
        return dates
    issued_on = at.issued_on
    plain = all(span.year.absolute is None for span in item.spans) and not _THIS_YEAR.search(text)
    if not (plain and item.year == PLAN and issued_on and issued_on.year == at.year):
        raise CannotResolve(f"期限{dates.due_on}早于文件印发日{issued_on}，请核对原文后重新填写。")
    later = _one(item, replace(at, year=at.year + 1))
    note = f"文件{issued_on}印发，当年的{dates.due_on}已过，{NEXT_YEAR}，为{later.due_on}。"
    return replace(later, because=(note,))


def _is_past(dates: _Dates, at: Calendar) -> bool:
    return bool(at.issued_on and dates.due_on and dates.due_on < at.issued_on)


def _issued(found: list[_Dates], at: Calendar) -> tuple[list[_Dates], tuple[str, ...]]:
    """The occurrences from the day of issue on, and how many lie before it."""
    kept = [each for each in found if not _is_past(each, at)]
    gone = len(found) - len(kept)
    if not gone:
        return kept, ()
    rest = "" if kept else "，从下一年度起办理"
    return kept, (f"文件{at.issued_on}印发，此前的{gone}期不列{rest}。",)


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
            return _Dates(due_on=first - _DAY, bounded=True)
        case How.MAYBE_BEFORE:
            if at.issued_on and first - _DAY < at.issued_on <= last:
                note = f"“{span.shown}前”按含在内理解：文件{at.issued_on}印发，{first - _DAY}已过。"
                return _Dates(due_on=last, notes=(note,))
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
        return _Dates(due_on=last[1], due_at=clock, starts_on=at.issued_on if window.since else None)
    if first[0] > last[1]:
        raise CannotResolve("起止日期前后颠倒，请核对原文后重新填写。")
    if window.holds is not None:
        day = window.holds.days(at)
        if day is None or not first[0] <= day[0] <= last[1]:
            raise CannotResolve(f"“{window.holds.name}”不在文中写的起止之内，请核对原文后重新填写。")
    return _Dates(starts_on=first[0], due_on=last[1], due_at=clock)


def _repeat(parts: Repeat, at: Calendar) -> tuple[list[_Dates], tuple[str, ...]]:
    if parts.since is not None and at.year < parts.since:
        return [], (f"从 {parts.since} 年起才开始，{at.year} 年没有。",)
    began = date(parts.since, parts.since_month, 1) if parts.since is not None else date.min
    read = [replace(_one(item, at), label=item.label) for item in parts.items]
    read = [each for each in read if (each.due_on or date.max) >= began]
    found, dropped = _issued(_each_once(read), at)
    return found, (*(note for each in read for note in each.notes), *dropped)


def _each_once(read: Iterable[_Dates]) -> list[_Dates]:
    """The dated ones by date; two holidays that share their days off are one."""
    found = {(each.starts_on, each.due_on): each for each in read if each.due_on is not None}
    return sorted(found.values(), key=lambda each: each.due_on or date.min)


def _often(parts: Weekly | Daily, at: Calendar, text: str) -> tuple[list[_Dates], tuple[str, ...]]:
    """Each such day of the year or of what is said; without a weekday, the weeks that end in the year, Monday to Sunday."""
    first, last, notes = date(at.year, 1, 1), date(at.year, 12, 31), tuple[str, ...]()
    if isinstance(parts, Daily) and parts.during is not None:
        during = _after_issue(parts.during, at, text)
        if during.starts_on is None or during.due_on is None:
            return [], ()
        first, last, notes = during.starts_on, during.due_on, (*during.notes, *during.because)
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
    return [
        _Dates(starts_on=start, due_on=day, due_at=parts.clock, label=f"{day.month}月{day.day}日")
        for start, day in zip(starts, days, strict=True)
    ], notes


def _rolled(dates: _Dates, roll: Roll | None, at: Calendar) -> _Dates:
    """A date on a day off moves as the phrase or the campaign says, and says why."""
    due_on = dates.due_on
    if roll is None or due_on is None or (dates.bounded and roll.way != "previous"):
        return dates
    if at.workdays is None:
        raise CannotResolve("这个时限遇节假日要改期，但没有工作日表，请先导入放假通知。")
    moved_on = roll.of(due_on, at.workdays)
    if moved_on == due_on:
        return dates
    because = (*dates.because, roll.sentence(due_on, moved_on))
    return replace(dates, due_on=moved_on, first_on=due_on, because=because)


def _merged(found: list[_Dates]) -> list[_Dates]:
    """Occurrences that days off have brought onto one day are one, under the name of the last."""
    merged = []
    for due_on, some in groupby(found, key=lambda each: each.due_on):
        *earlier, last = some
        if due_on is not None and any(each.first_on for each in (*earlier, last)):
            for each in earlier:
                because = f"“{each.label}”一期也落在{due_on}，并为一期。"
                last = replace(
                    last,
                    because=(*each.because, *last.because, because),
                    first_on=each.first_on or last.first_on,
                    starts_on=min(filter(None, (each.starts_on, last.starts_on)), default=None),
                )
            merged.append(last)
        else:
            merged += [*earlier, last]
    return merged


def _standing_for_all(parts: Parts, found: list[_Dates]) -> _Dates:
    """What is said of the phrase as a whole: its only date, the last of several named, a recurrence's only one."""
    clocks = {each.due_at for each in found}
    clock = clocks.pop() if len(clocks) == 1 else None
    if isinstance(parts, Several) and found:
        starts = [each.starts_on for each in found]
        first = min(start for start in starts if start) if all(starts) else None
        return replace(found[-1], starts_on=first, notes=())
    if isinstance(parts, Weekly | Daily):
        return _Dates(due_at=parts.clock)
    if len(found) == 1:
        return replace(found[0], due_at=clock)
    return _Dates(due_at=clock)


def _listed(found: list[_Dates]) -> tuple[Occurrence, ...]:
    return tuple(
        Occurrence(
            starts_on=each.starts_on,
            due_on=each.due_on,
            label=each.label,
            because=each.because,
            first_on=each.first_on,
        )
        for each in found
        if each.due_on is not None
    )


def _last_workday(
    one: _Dates, found: list[_Dates], at: Calendar
) -> tuple[date | None, bool, tuple[str, ...]]:
    """(last workday, provisional, what is not known) of the dates found."""
    days = [day for each in (one, *found) for day in (each.first_on, each.due_on) if day]
    if one.starts_on:
        days.append(one.starts_on)
    if at.workdays is None or not any(each.due_on for each in (one, *found)):
        return None, False, ()
    try:
        last = at.workdays.on_or_before(one.due_on) if one.due_on else None
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
