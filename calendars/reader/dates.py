"""From a deadline phrase to the dated points of a milestone, by way of the grammar and the year's tables.

Decides nothing about a phrase: what the grammar does not understand is a fault, what sets no date is left undated for
a person. The only choice made here is the campaign's own setting for due dates on days off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from calendars.phrases import read_phrase
from calendars.reader.faults import Report
from rules.almanac import Almanac, AlmanacError
from rules.campaign import Point
from rules.deadline import CannotResolve, NotUnderstood, Reading, Resolution, resolve
from rules.workdays import WorkdayTable, YearUnknown

ROLLS = ("none", "previous", "next")


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """What dates are worked out with: the plan year, its tables, and where a due date on a day off goes."""

    number: int
    almanac: Almanac
    workdays: WorkdayTable
    roll: str = "none"
    roll_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A phrase in its year. `undated` is a Chinese sentence exactly when the phrase sets no date by itself."""

    rule: str
    soft: bool
    points: tuple[Point, ...]
    undated: str | None = None


def dated(phrase: str, year: Year, line: int, report: Report) -> Dated | None:
    """The points of a phrase, or None once the fault that prevents them has been reported."""
    reading = read_phrase(phrase)
    if isinstance(reading, NotUnderstood):
        proposal = f"可以试试“{reading.proposal}”。" if reading.proposal else ""
        report(line, f"时限“{phrase}”没有读懂：{reading.reason}{proposal}")
        return None
    soft = "soft" in reading.modifiers
    if not reading.sets_date:
        return Dated(rule=reading.rule, soft=soft, points=(), undated=_why_undated(reading))
    try:
        resolution = resolve(reading, year=year.number, almanac=year.almanac, workdays=year.workdays)
        points = _points(reading, resolution, year)
    except (CannotResolve, AlmanacError, YearUnknown) as refusal:
        report(line, f"时限“{phrase}”在{year.number}年排不出日期：{refusal}")
        return None
    if not points:
        return Dated(rule=reading.rule, soft=soft, points=(), undated=_why_undated(reading))
    return Dated(rule=reading.rule, soft=soft, points=points)


def _why_undated(reading: Reading) -> str:
    because = "".join(reading.assumptions) or f"“{reading.text}”本身不定日期。"
    # What is done whenever it comes up needs no date; everything else waits for one.
    if reading.rule.startswith("event_driven") or "统筹科室" in because:
        return because
    return f"{because}请统筹科室定下日期。"


def _points(reading: Reading, resolution: Resolution, year: Year) -> tuple[Point, ...]:
    assumptions = tuple(dict.fromkeys((*reading.assumptions, *resolution.assumptions)))
    if not resolution.occurrences:
        if resolution.due_on is None:
            return ()
        only = _point("", resolution.starts_on, resolution.due_on, assumptions, year)
        return (replace(only, provisional=only.provisional or resolution.provisional),)
    return tuple(
        _point(one.label, one.starts_on, one.due_on, assumptions, year) for one in resolution.occurrences
    )


def _point(
    label: str, starts_on: date | None, due_on: date, assumptions: tuple[str, ...], year: Year
) -> Point:
    moved_on = _rolled(due_on, year)
    if moved_on != due_on:
        because = year.roll_reason or "按本专项设置"
        assumptions = (*assumptions, f"原到期日{due_on}是休息日，改为{moved_on}（{because}）。")
    last_workday = year.workdays.on_or_before(moved_on)
    return Point(
        label=label,
        due_on=moved_on,
        last_workday=last_workday,
        starts_on=starts_on,
        provisional=year.workdays.is_provisional(min(last_workday, due_on), max(moved_on, due_on)),
        assumptions=assumptions,
    )


def _rolled(due_on: date, year: Year) -> date:
    if year.roll == "previous":
        return year.workdays.on_or_before(due_on)
    if year.roll == "next":
        return year.workdays.on_or_after(due_on)
    return due_on


def with_wall(dates: Dated, wall: Dated, line: int, report: Report) -> Dated:
    """The points of `dates`, each under the superior's own limit: one wall for all, or one for each."""
    walls = wall.points * len(dates.points) if len(wall.points) == 1 else wall.points
    if len(walls) != len(dates.points):
        report(line, f"hard_due 有{len(walls)}个日期，due 有{len(dates.points)}个，请改成一样多或只写一个。")
        return dates
    for point, limit in zip(dates.points, walls, strict=True):
        if limit.due_on < point.due_on:
            report(line, f"hard_due（{limit.due_on}）早于 due（{point.due_on}），请核对两个时限。")
    points = (
        replace(point, hard_due_on=limit.due_on) for point, limit in zip(dates.points, walls, strict=True)
    )
    return replace(dates, points=tuple(points))
