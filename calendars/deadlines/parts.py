"""The values a deadline phrase is made of: spans of the calendar, and what is said about them.

Nothing here knows a plan year's dates; calendars.deadlines.dates works them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Year:
    """A year as written: absolute (2026年), or counted from the plan year (次年 is +1)."""

    absolute: int | None = None
    offset: int = 0


PLAN = Year()


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """A numbered day; clock is 'HH:MM' up to '24:00'; weekday 0 is Monday, as the text claims it."""

    year: Year = PLAN
    month: int
    day: int
    clock: str | None = None
    weekday: int | None = None
    half_day: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    year: Year = PLAN
    month: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TenDays:
    """Thirds of a month: 1 上旬 (1-10), 2 中旬 (11-20), 3 下旬 (21-end)."""

    year: Year = PLAN
    month: int
    first: int
    last: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Quarter:
    year: Year = PLAN
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Half:
    year: Year = PLAN
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WholeYear:
    """subject: written 年度, so that a past one names whose figures are meant, not when to act."""

    year: Year = PLAN
    subject: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """The last day of a span (底, 末)."""

    of: Month | Quarter | Half | WholeYear


@dataclass(frozen=True, kw_only=True, slots=True)
class Festival:
    """A named day or month of calendars.deadlines.lexicon; holiday means its statutory days off.

    said is the (month, day) that the text claims for a moving feast; the year decides whether it is right.
    """

    year: Year = PLAN
    name: str
    holiday: bool = False
    said: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NthWeekday:
    """The nth (or with -1 the last) given weekday of a month; weekday 0 is Monday."""

    year: Year = PLAN
    month: int
    nth: int
    weekday: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NthWorkday:
    """The nth (or with -1 the last) workday of a month."""

    year: Year = PLAN
    month: int
    nth: int
    upto: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AfterEnd:
    """The nth day, workday or month after the end of a span (每季度结束后10日内)."""

    of: Month | Quarter | Half | WholeYear
    n: int
    unit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Shifted:
    """n days before a festival (春节前10天完成); n is positive."""

    festival: Festival
    n: int


Span = (
    Day
    | Month
    | TenDays
    | Quarter
    | Half
    | WholeYear
    | End
    | Festival
    | NthWeekday
    | NthWorkday
    | AfterEnd
    | Shifted
)


class How(StrEnum):
    """What the text says about a span."""

    BY = "by"  # on or before its last day
    WITHIN = "within"  # on it, during it
    BEFORE = "before"  # before it begins, it excluded
    MAYBE_BEFORE = "maybe_before"  # before it begins or before it ends: readers differ
    EVE = "eve"
    FROM = "from"
    AROUND = "around"


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    at: Span
    how: How


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """From the first day of `first` to the last day of `last`; first None: from now or from issue.

    holds is a festival that the text says lies inside; the year decides whether it does.
    """

    first: Span | None
    last: Span
    since: str | None = None
    holds: Festival | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """A finer date inside a quarter or half-year cell: the finer one wins, if it lies inside."""

    cell: Quarter | Half
    inner: Due | Window


One = Due | Window | Inside


@dataclass(frozen=True, kw_only=True, slots=True)
class Several:
    """Several dates named in a row, with what is due at each where the text says so."""

    items: tuple[One, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeat:
    """A recurrence whose occurrences in a year can be listed one by one; name is its rule text.

    since and since_month: it began then and has gone on; earlier months of that year have no occurrence.
    """

    name: str
    items: tuple[One, ...]
    since: int | None = None
    since_month: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Weekly:
    """Every week on or by some weekdays (none: any day of the week)."""

    name: str
    weekdays: tuple[int, ...]
    clock: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Daily:
    name: str
    clock: str | None = None
    workdays_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Undated:
    """Understood, but it sets no date by itself; name is its rule text."""

    name: str


Parts = Due | Window | Inside | Several | Repeat | Weekly | Daily | Undated


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A phrase understood to its last character.

    rule is the normal form ("month_end(3)"), modifiers name what softens or qualifies it ("soft"),
    assumptions are Chinese sentences, sets_date is False for what names no date by itself.
    """

    text: str
    rule: str
    parts: Parts
    modifiers: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    sets_date: bool = True


@dataclass(frozen=True, kw_only=True)
class NotUnderstood:
    """A phrase for a person: why, with the next step, and a proposal where one offers itself."""

    text: str
    reason: str
    proposal: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurrence:
    starts_on: date | None
    due_on: date
    label: str


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """The dates of a reading in a plan year; days are civil days, due_at is 'HH:MM' up to '24:00'.

    One date: due_on is set and occurrences is empty. Several named dates: occurrences lists them and
    due_on is the last. A recurrence: occurrences lists the year's, due_on is set only if there is one.
    last_workday is the last workday on or before due_on, None where the year's workdays are unknown.
    """

    starts_on: date | None
    due_on: date | None
    due_at: str | None
    occurrences: tuple[Occurrence, ...]
    last_workday: date | None
    provisional: bool
    assumptions: tuple[str, ...]


class CannotResolve(ValueError):
    """A reading that this plan year contradicts; the message is one Chinese sentence with the next step."""
