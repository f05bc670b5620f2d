"""The values a deadline phrase is made of: spans of the calendar, and what is said about them.

Each knows its days in a plan year, its normal form for diffs (`rule`: month_end(3)) and its words in a list (`shown`).
"""

from __future__ import annotations

import calendar
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from calendars.almanac import Almanac
from calendars.deadlines.lexicon import PLACES, STATUTORY, Fixed, Local, Looked, Nth, Place, WholeMonth
from calendars.deadlines.rolling import Roll
from calendars.workdays import WorkdayTable

_WEEKDAYS = "一二三四五六日"
_CHECK = "请核对原文后重新填写。"


class CannotResolve(ValueError):
    """A reading that this plan year contradicts; the message is one Chinese sentence with the next step."""


@dataclass(frozen=True, slots=True)
class Year:
    """A year as written: absolute (2026年), or counted from the plan year (次年 is +1)."""

    absolute: int | None = None
    offset: int = 0

    def before(self, text: str) -> str:
        """The text with the year before it, if one is written."""
        return f"{self.absolute}-{text}" if self.absolute else text


PLAN = Year()


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """What a plan year's dates rest on."""

    year: int
    almanac: Almanac
    workdays: WorkdayTable | None
    issued_on: date | None = None
    event_on: date | None = None

    def of(self, year: Year) -> int:
        return year.absolute if year.absolute is not None else self.year + year.offset

    def months(self, year: Year, first: int, last: int) -> tuple[date, date]:
        return _months(self.of(year), first, last)

    @property
    def table(self) -> WorkdayTable:
        if self.workdays is None:
            raise CannotResolve("这个时限要看放假安排，但没有工作日表，请先导入放假通知。")
        return self.workdays


def _months(year: int, first: int, last: int) -> tuple[date, date]:
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


class Span(ABC):
    """Some days of the calendar."""

    __slots__ = ()

    @property
    @abstractmethod
    def year(self) -> Year: ...

    @property
    @abstractmethod
    def rule(self) -> str:
        """Its normal form."""

    @property
    def edge(self) -> str:
        """Its normal form at the end of a window."""
        return self.rule

    @property
    @abstractmethod
    def shown(self) -> str:
        """In words, without its year."""

    @property
    def edges(self) -> tuple[int, int] | None:
        """month*100+day of its first and last day where the calendar fixes them, None for moving feasts and years."""
        return None

    @abstractmethod
    def days(self, at: Calendar) -> tuple[date, date] | None:
        """First and last day, both included; None where the name has no fixed days.

        Raises CannotResolve where the year contradicts the text, AlmanacError or YearUnknown where it is not covered.
        """

    def moved_to(self, year: Year) -> Self:
        return replace(self, year=year)  # type: ignore[type-var]  # every span is a dataclass

    def in_year(self, year: Year) -> Self:
        """The span in a year, unless the text gave it one of its own."""
        return self if self.year != PLAN else self.moved_to(year)


@dataclass(frozen=True, kw_only=True, slots=True)
class Day(Span):
    """A numbered day; clock is 'HH:MM' up to '24:00'; weekday 0 is Monday, as the text claims it."""

    year: Year = PLAN
    month: int
    day: int
    clock: str | None = None
    weekday: int | None = None
    half_day: str | None = None

    @property
    def rule(self) -> str:
        text = self.year.before(f"{self.month:02d}-{self.day:02d}")
        return f"{text}T{self.clock}" if self.clock else text

    @property
    def shown(self) -> str:
        return f"{self.month}月{self.day}日"

    @property
    def edges(self) -> tuple[int, int]:
        return self.month * 100 + self.day, self.month * 100 + self.day

    def days(self, at: Calendar) -> tuple[date, date]:
        year = at.of(self.year)
        try:
            day = date(year, self.month, self.day)
        except ValueError:
            raise CannotResolve(f"{year} 年 {self.month} 月没有 {self.day} 日，{_CHECK}") from None
        if self.weekday is not None and day.weekday() != self.weekday:
            raise CannotResolve(
                f"{year} 年 {self.month} 月 {self.day} 日是星期{_WEEKDAYS[day.weekday()]}，"
                f"与文中的星期{_WEEKDAYS[self.weekday]}不符，{_CHECK}"
            )
        return day, day


@dataclass(frozen=True, kw_only=True, slots=True)
class Month(Span):
    year: Year = PLAN
    month: int

    @property
    def rule(self) -> str:
        return f"month({self.edge})"

    @property
    def edge(self) -> str:
        return self.year.before(str(self.month))

    @property
    def shown(self) -> str:
        return f"{self.month}月"

    @property
    def edges(self) -> tuple[int, int]:
        return self.month * 100 + 1, self.month * 100 + 31

    def days(self, at: Calendar) -> tuple[date, date]:
        return at.months(self.year, self.month, self.month)


_THIRDS = {(1, 1): "上旬", (2, 2): "中旬", (3, 3): "下旬", (1, 2): "上中旬", (2, 3): "中下旬"}


@dataclass(frozen=True, kw_only=True, slots=True)
class TenDays(Span):
    """Thirds of a month: 1 上旬 (1-10), 2 中旬 (11-20), 3 下旬 (21-end)."""

    year: Year = PLAN
    month: int
    first: int
    last: int

    @property
    def rule(self) -> str:
        third = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"ten_day({self.year.before(str(self.month))},{third})"

    @property
    def shown(self) -> str:
        return f"{self.month}月{_THIRDS[self.first, self.last]}"

    @property
    def edges(self) -> tuple[int, int]:
        last = 31 if self.last == 3 else self.last * 10
        return self.month * 100 + self.first * 10 - 9, self.month * 100 + last

    def days(self, at: Calendar) -> tuple[date, date]:
        first, last = at.months(self.year, self.month, self.month)
        return first.replace(day=self.first * 10 - 9), (
            last if self.last == 3 else first.replace(day=self.last * 10)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Quarter(Span):
    year: Year = PLAN
    number: int

    @property
    def rule(self) -> str:
        return f"quarter({self.edge})"

    @property
    def edge(self) -> str:
        return self.year.before(str(self.number))

    @property
    def shown(self) -> str:
        return f"{_WEEKDAYS[self.number - 1]}季度"

    @property
    def edges(self) -> tuple[int, int]:
        return (self.number * 3 - 2) * 100 + 1, self.number * 300 + 31

    def days(self, at: Calendar) -> tuple[date, date]:
        return at.months(self.year, self.number * 3 - 2, self.number * 3)


@dataclass(frozen=True, kw_only=True, slots=True)
class Half(Span):
    year: Year = PLAN
    number: int

    @property
    def rule(self) -> str:
        return f"half_year({self.year.before(str(self.number))})"

    @property
    def shown(self) -> str:
        return "上半年" if self.number == 1 else "下半年"

    @property
    def edges(self) -> tuple[int, int]:
        return (self.number * 6 - 5) * 100 + 1, self.number * 600 + 31

    def days(self, at: Calendar) -> tuple[date, date]:
        return at.months(self.year, self.number * 6 - 5, self.number * 6)


@dataclass(frozen=True, kw_only=True, slots=True)
class WholeYear(Span):
    """subject: written 年度, so that a past one names whose figures are meant, not when to act."""

    year: Year = PLAN
    subject: bool = False

    @property
    def rule(self) -> str:
        return f"year({self.year.absolute})" if self.year.absolute else "whole_year"

    @property
    def edge(self) -> str:
        return str(self.year.absolute) if self.year.absolute else self.rule

    @property
    def shown(self) -> str:
        return "全年"

    def days(self, at: Calendar) -> tuple[date, date]:
        return at.months(self.year, 1, 12)


@dataclass(frozen=True, kw_only=True, slots=True)
class End(Span):
    """The last day of a span (底, 末)."""

    of: Month | Quarter | Half | WholeYear

    @property
    def year(self) -> Year:
        return self.of.year

    @property
    def rule(self) -> str:
        if isinstance(self.of, WholeYear):
            return f"year_end({self.of.edge})" if self.year.absolute else "year_end"
        name, _, inside = self.of.rule.partition("(")
        return f"{name}_end({inside}"

    @property
    def shown(self) -> str:
        if isinstance(self.of, WholeYear):
            return "年底"
        return self.of.shown + ("底" if isinstance(self.of, Month) else "末")

    @property
    def edges(self) -> tuple[int, int] | None:
        edges = self.of.edges
        return (edges[1], edges[1]) if edges else None

    def days(self, at: Calendar) -> tuple[date, date]:
        last = self.of.days(at)[1]
        return last, last

    def moved_to(self, year: Year) -> Self:
        return replace(self, of=replace(self.of, year=year))


@dataclass(frozen=True, kw_only=True, slots=True)
class Festival(Span):
    """A named day or month of calendars.deadlines.lexicon; holiday means its statutory days off.

    said is the (month, day) that the text claims for a moving feast; the year decides whether it is right.
    """

    year: Year = PLAN
    name: str
    holiday: bool = False
    said: tuple[int, int] | None = None

    @property
    def place(self) -> Place:
        return PLACES[self.name]

    @property
    def one_day(self) -> bool:
        return not self.holiday and not isinstance(self.place, WholeMonth | Local)

    @property
    def has_eve(self) -> bool:
        """A feast of one day whose year is plain: 元旦前 may be this plan year's or the next one's."""
        return self.one_day and not (self.name == "元旦" and self.year == PLAN)

    def rule_with(self, how: How) -> str:
        said = str(how)
        if how is How.WITHIN:
            said = "during" if self.holiday else "on"
        elif self.holiday and how is How.BEFORE:
            said = "before_holiday"
        if isinstance(self.place, Looked) and self.place.term:
            return f"solar_term({self.edge})" if said == "on" else f"solar_term({self.edge},{said})"
        if said == "on" and not self.one_day:
            said = "during"
        return f"festival({self.edge},{said})"

    @property
    def rule(self) -> str:
        return self.rule_with(How.WITHIN)

    @property
    def edge(self) -> str:
        return self.year.before(self.name)

    @property
    def shown(self) -> str:
        return self.name

    def days(self, at: Calendar) -> tuple[date, date] | None:
        year = at.of(self.year)
        if self.holiday:
            days = at.table.span(STATUTORY[self.name], year)
            if days is None:
                raise CannotResolve(
                    f"{year} 年的放假安排里没有“{self.name}”，请先导入当年的放假通知，或直接填写日期。"
                )
            return days
        match self.place:
            case WholeMonth(month=month):
                return _months(year, month, month)
            case Local():
                return None
            case Fixed(month=month, day=day):
                return date(year, month, day), date(year, month, day)
            case Looked(name=name):
                on = at.almanac.day(name, year)
            case Nth(month=month, nth=nth, weekday=weekday):
                on = nth_weekday(year, month, nth, weekday)
        if self.said is not None and self.said != (on.month, on.day):
            raise CannotResolve(
                f"{year} 年的“{self.name}”是 {on.month} 月 {on.day} 日，与文中的日期不符，{_CHECK}"
            )
        return on, on


def nth_weekday(year: int, month: int, nth: int, weekday: int) -> date:
    """The nth (1-5) or last (-1) given weekday of a month; CannotResolve where there is none."""
    first, last = _months(year, month, month)
    days = [day for n in range(last.day) if (day := first + timedelta(days=n)).weekday() == weekday]
    if nth > len(days):
        raise CannotResolve(f"{year} 年 {month} 月没有第 {nth} 个星期{_WEEKDAYS[weekday]}，{_CHECK}")
    return days[nth - 1 if nth > 0 else nth]


@dataclass(frozen=True, kw_only=True, slots=True)
class NthWeekday(Span):
    """The nth (or with -1 the last) given weekday of a month; weekday 0 is Monday."""

    year: Year = PLAN
    month: int
    nth: int
    weekday: int

    @property
    def rule(self) -> str:
        return f"nth_weekday({self.year.before(str(self.month))},{self.nth},{self.weekday + 1})"

    @property
    def shown(self) -> str:
        return f"{self.month}月"

    def days(self, at: Calendar) -> tuple[date, date]:
        day = nth_weekday(at.of(self.year), self.month, self.nth, self.weekday)
        return day, day


@dataclass(frozen=True, kw_only=True, slots=True)
class NthWorkday(Span):
    """The nth (or with -1 the last) workday of a month; upto: the first nth of them (前3个工作日)."""

    year: Year = PLAN
    month: int
    nth: int
    upto: bool = False

    @property
    def rule(self) -> str:
        return f"nth_workday({self.year.before(str(self.month))},{self.nth})"

    @property
    def shown(self) -> str:
        return f"{self.month}月"

    def days(self, at: Calendar) -> tuple[date, date]:
        first, last = at.months(self.year, self.month, self.month)
        table = at.table
        day = table.on_or_before(last) if self.nth < 0 else table.shift(first - timedelta(days=1), self.nth)
        return day.replace(day=1) if self.upto else day, day


@dataclass(frozen=True, kw_only=True, slots=True)
class AfterEnd(Span):
    """The nth day, workday or month after the end of a span (每季度结束后10日内, 国庆假期后第2个工作日)."""

    of: Month | Quarter | Half | WholeYear | Festival
    n: int
    unit: str

    @property
    def year(self) -> Year:
        return self.of.year

    @property
    def rule(self) -> str:
        return f"after_end({self.of.rule},{self.n},{self.unit})"

    @property
    def shown(self) -> str:
        return self.of.shown

    def days(self, at: Calendar) -> tuple[date, date]:
        days = self.of.days(at)
        assert days is not None, "counted from a span with an end"
        end = days[1]
        if self.unit == "workday":
            day = at.table.shift(end, self.n)
        elif self.unit == "day":
            day = end + timedelta(days=self.n)
        else:
            year, month = divmod(end.year * 12 + end.month - 1 + self.n, 12)
            day = _months(year, month + 1, month + 1)[1]
        return day, day

    def moved_to(self, year: Year) -> Self:
        return replace(self, of=replace(self.of, year=year))


@dataclass(frozen=True, kw_only=True, slots=True)
class Shifted(Span):
    """n days before a festival (春节前10天完成); n is positive."""

    festival: Festival
    n: int

    @property
    def year(self) -> Year:
        return self.festival.year

    @property
    def rule(self) -> str:
        return f"offset({self.festival.name},-{self.n},day)"

    @property
    def shown(self) -> str:
        return f"{self.festival.name}前{self.n}天"

    def days(self, at: Calendar) -> tuple[date, date]:
        edge = self.festival.days(at)
        assert edge is not None, "only festivals of one day are shifted"
        day = edge[0] - timedelta(days=self.n)
        return day, day

    def moved_to(self, year: Year) -> Self:
        return replace(self, festival=replace(self.festival, year=year))


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

    @property
    def year(self) -> Year:
        return self.at.year

    @property
    def last(self) -> Span:
        return self.at

    @property
    def spans(self) -> tuple[Span, ...]:
        return (self.at,)

    @property
    def label(self) -> str:
        """What an occurrence is called in a list."""
        return self.at.shown

    def in_year(self, year: Year) -> Self:
        return replace(self, at=self.at.in_year(year))

    @property
    def rule(self) -> str:
        at, how = self.at, self.how
        if isinstance(at, Day):
            name = "from" if how is How.FROM else "by_date" if how is How.BY else "on_date"
            return f"{name}{'time' if at.clock and how is not How.FROM else ''}({at.rule})"
        if isinstance(at, Festival):
            return at.rule_with(how)
        if how is How.MAYBE_BEFORE or (how is How.BY and isinstance(at, WholeYear)):
            return f"by_{at.rule}"
        return at.rule if isinstance(at, End) or how in (How.WITHIN, How.BY) else f"{how}({at.rule})"


_WINDOWS: dict[type, str] = {Month: "window_months", Quarter: "window_quarters", WholeYear: "window_years"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """From the first day of `first` to the last day of `last`; first None: from now or from issue.

    holds is a festival that the text says lies inside; the year decides whether it does.
    """

    first: Span | None
    last: Span
    since: str | None = None
    holds: Festival | None = None

    @property
    def year(self) -> Year:
        return self.last.year if self.first is None else self.first.year

    @property
    def spans(self) -> tuple[Span, ...]:
        return (self.last,) if self.first is None else (self.first, self.last)

    @property
    def label(self) -> str:
        return f"{self.first.shown if self.first else ''}至{self.last.shown}"

    def in_year(self, year: Year) -> Self:
        if any(span.year != PLAN for span in self.spans):
            return self
        return replace(self, first=self.first and self.first.in_year(year), last=self.last.in_year(year))

    @property
    def rule(self) -> str:
        first, last = self.first, self.last
        if first is None:
            return f"window({self.since},{last.edge})" if self.since else f"window_until({last.edge})"
        kind = _WINDOWS.get(type(first), "window") if type(first) is type(last) else "window"
        return f"{kind}({first.edge},{last.edge})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """A finer date inside a quarter or half-year cell: the finer one wins, if it lies inside."""

    cell: Quarter | Half
    inner: Due | Window

    @property
    def year(self) -> Year:
        return self.cell.year

    @property
    def spans(self) -> tuple[Span, ...]:
        return (self.cell, *self.inner.spans)

    @property
    def label(self) -> str:
        return self.inner.label

    def in_year(self, _year: Year) -> Self:
        return self

    @property
    def rule(self) -> str:
        return f"{self.cell.rule},override {self.inner.rule}"


One = Due | Window | Inside


@dataclass(frozen=True, kw_only=True, slots=True)
class Several:
    """Several dates named in a row, with what is due at each where the text says so."""

    items: tuple[One, ...]
    labels: tuple[str, ...] = ()

    @property
    def rule(self) -> str:
        return "several(" + ",".join(item.rule for item in self.items) + ")"


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeat:
    """A recurrence whose occurrences in a year can be listed one by one.

    since and since_month: it began then and has gone on; earlier months of that year have no occurrence.
    """

    rule: str
    items: tuple[One, ...]
    since: int | None = None
    since_month: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Weekly:
    """Every week on or by some weekdays (none: any day of the week)."""

    rule: str
    weekdays: tuple[int, ...]
    clock: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Daily:
    """Every day, or every workday, of the year or of `during` (清明节期间每日)."""

    rule: str
    clock: str | None = None
    workdays_only: bool = False
    during: One | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """n units after an event, the event's day not counted; before it where n is negative. No event: not written."""

    event: str
    n: int
    unit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Undated:
    """Understood, but it sets no date by itself; `counted` where it does as soon as the day of an event is known."""

    rule: str
    counted: Counted | None = None


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
    roll: Roll | None = None
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
    """One date of a phrase. `because` says in sentences why it is not the day that the words name, `first_on` is that
    day where a day off moved it.
    """

    starts_on: date | None
    due_on: date
    label: str
    because: tuple[str, ...] = ()
    first_on: date | None = None


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
