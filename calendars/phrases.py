"""Where a date phrase becomes dates: `3月底前` as the source wrote it is read, then dated in a plan year.

The words are understood by calendars.deadlines. Traditional characters become Simplified only in the key that is
matched; the original words are kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from opencc import OpenCC

from calendars.almanac import Almanac, AlmanacError
from calendars.deadlines.grammar import read
from calendars.deadlines.parts import (
    CannotResolve,
    NotUnderstood,
    Occurrence,
    Reading,
    Resolution,
    Undated,
)
from calendars.deadlines.resolve import resolve
from calendars.deadlines.rolling import Roll
from calendars.model import Edition, Point
from calendars.workdays import WorkdayTable, YearUnknown


def read_phrase(text: str) -> Reading | NotUnderstood:
    """The reading of a phrase, or why it goes to a person; never raises."""
    # A lone surrogate comes from bytes that were no UTF-8; the converter would refuse it.
    readable = text.encode("utf-8", "replace").decode("utf-8")
    return replace(read(simplifier().convert(readable)), text=text)


_CLOCK = re.compile(r"\d\d:\d\d")


@cache
def clock_in(rule: str) -> str | None:
    """The time of day in a rule such as `weekly_by(2 12:00)`; None without one, and where it has several."""
    hours = set(_CLOCK.findall(rule))
    return hours.pop() if len(hours) == 1 else None


@cache
def simplifier() -> OpenCC:
    return OpenCC("t2s")


def roll_of(way: str, days: str, reason: str | None) -> Roll | None:
    """The campaign's own setting; none leaves the date where the document puts it."""
    return None if way == "none" else Roll(way=way, days=days, why=reason or "按本专项设置")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanYear:
    """What dates are worked out with: the plan year, its tables, the day the document was issued (None: not known) and
    where a due date on a day off goes.
    """

    number: int
    almanac: Almanac
    workdays: WorkdayTable
    issued_on: date | None = None
    roll: Roll | None = None


def plan_year(edition: Edition, *, almanac: Almanac, workdays: WorkdayTable) -> PlanYear:
    """What the dates of an edition are worked out with."""
    return PlanYear(
        number=edition.year,
        almanac=almanac,
        workdays=workdays,
        issued_on=edition.issued_on,
        roll=roll_of(edition.roll, edition.roll_days, edition.roll_reason),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A phrase in its year. `undated` is a Chinese sentence exactly when the phrase sets no date by itself, `event` then
    names what its date is counted from, where that is all it waits for.
    """

    phrase: str
    rule: str
    soft: bool
    points: tuple[Point, ...] = ()
    undated: str | None = None
    event: str | None = None


class NoDates(ValueError):
    """A phrase or a pair of them gives no dates; the message is one Chinese sentence with the next step."""


def dated(phrase: str, year: PlanYear, *, event_on: date | None = None) -> Dated:
    """The points of a phrase in its year; of one that is counted from an event the one point of that event's day.

    Raises NoDates where it is not understood or contradicts the year.
    """
    reading = read_phrase(phrase)
    if isinstance(reading, NotUnderstood):
        proposal = f"可以试试“{reading.proposal}”。" if reading.proposal else ""
        raise NoDates(f"时限“{phrase}”没有读懂：{reading.reason}{proposal}")
    try:
        found = resolve(
            reading,
            year=year.number,
            almanac=year.almanac,
            workdays=year.workdays,
            issued_on=year.issued_on,
            event_on=event_on,
            roll=year.roll,
        )
        points = _points(found, year)
    except (CannotResolve, AlmanacError, YearUnknown, OverflowError) as refusal:
        when = f"从{event_on}起算" if event_on else f"在{year.number}年"
        raise NoDates(f"时限“{phrase}”{when}排不出日期：{refusal}") from None
    counted = reading.parts.counted if isinstance(reading.parts, Undated) else None
    waits = counted is not None and not points
    return Dated(
        phrase=phrase,
        rule=reading.rule,
        soft="soft" in reading.modifiers,
        points=points,
        undated=None if points else _why_undated(reading, found, waits=waits),
        event=(counted.event or "起算") if waits and counted else None,
    )


def _why_undated(reading: Reading, found: Resolution, *, waits: bool) -> str:
    said = tuple(dict.fromkeys((*reading.assumptions, *found.assumptions)))
    because = "".join(said) or f"“{reading.text}”本身不定日期。"
    if waits:
        return f"{because}请由知道的人填写这一天。"
    # What is done whenever it comes up needs no date, nor what begins next year; everything else waits for one.
    if reading.rule.startswith("event_driven") or "统筹科室" in because or "从下一年度起" in because:
        return because
    return f"{because}请统筹科室定下日期。"


def _points(found: Resolution, year: PlanYear) -> tuple[Point, ...]:
    if found.occurrences:
        return tuple(_point(one, found.assumptions, year) for one in found.occurrences)
    if found.due_on is None:
        return ()
    only = Occurrence(starts_on=found.starts_on, due_on=found.due_on, label="")
    return (_point(only, found.assumptions, year, provisional=found.provisional),)


def _point(
    one: Occurrence, assumptions: tuple[str, ...], year: PlanYear, *, provisional: bool = False
) -> Point:
    last_workday = year.workdays.on_or_before(one.due_on)
    touched = (last_workday, one.due_on, one.first_on or one.due_on)
    return Point(
        label=one.label,
        due_on=one.due_on,
        last_workday=last_workday,
        starts_on=one.starts_on,
        provisional=provisional or year.workdays.is_provisional(min(touched), max(touched)),
        assumptions=(*assumptions, *one.because),
    )


def with_hard_deadline(dates: Dated, limits: Dated) -> Dated:
    """The points of `dates`, each under the superior's own limit: one for all, or one for each. Raises NoDates."""
    limit = limits.points * len(dates.points) if len(limits.points) == 1 else limits.points
    if len(limit) != len(dates.points):
        raise NoDates(f"hard_due 有{len(limit)}个日期，due 有{len(dates.points)}个，请改成一样多或只写一个。")
    pairs = list(zip(dates.points, limit, strict=True))
    early = [(point, hard) for point, hard in pairs if hard.due_on < point.due_on]
    if early:
        raise NoDates(
            "".join(
                f"hard_due（{hard.due_on}）早于 due（{point.due_on}），请核对两个时限。"
                for point, hard in early
            )
        )
    return replace(dates, points=tuple(replace(point, hard_due_on=hard.due_on) for point, hard in pairs))
