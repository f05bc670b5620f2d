"""Year tables: what one notice, or one projection, says about one year, and which notice supersedes which.

Values only: they are made by calendars and by the store, and `calendars.workdays` counts with them. Must not know files,
the text of a notice, or which day today is.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum

FESTIVALS = ("元旦", "春节", "清明", "劳动节", "端午", "中秋", "国庆")
"""The seven statutory holidays for everyone, in the order of the year, by the names used in year tables."""


class YearState(Enum):
    """Whether a year rests on a notice or on a projection from the statute."""

    PUBLISHED = "published"
    PROVISIONAL = "provisional"


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class NamedDay:
    """A day that departs from Monday-to-Friday, with the holidays it belongs to (two where they share one block)."""

    on: date
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The holidays joined as a notice writes them, empty where none was given."""
        return "、".join(self.names)


@dataclass(frozen=True, kw_only=True, slots=True)
class YearTable:
    """One notice (or one projection) for one year. Its days may lie in the neighbouring years.

    `off` holds every day of a days-off block, weekends inside it too; `make_up` the weekend days that are worked.
    A table that `amends` replaces only the holidays and dates it names; any other replaces all earlier ones.
    """

    year: int
    state: YearState
    document_no: str
    title: str
    issued_on: date | None = None
    off: tuple[NamedDay, ...]
    make_up: tuple[NamedDay, ...] = ()
    amends: bool = False

    def __post_init__(self) -> None:
        both = {day.on for day in self.off} & {day.on for day in self.make_up}
        if both:
            raise ValueError(f"{self.year}年的放假安排中，{min(both)}既放假又上班，请核对后重新录入。")

    @property
    def source(self) -> str:
        """The document in one line: number and title."""
        return f"{self.document_no}《{self.title}》" if self.document_no else self.title


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalDay:
    """A day the locality itself ordered off or worked, on top of the notices, with its reason."""

    on: date
    works: bool
    reason: str


def festival(text: str) -> str:
    """The name a year table uses for a holiday: 清明节 and 清明, 五一 and 国际劳动节 are one; others stay as they are."""
    if text in _OTHER_NAMES:
        return _OTHER_NAMES[text]
    return text.removesuffix("节") if text.removesuffix("节") in FESTIVALS else text


_OTHER_NAMES = {"五一": "劳动节", "国际劳动节": "劳动节", "劳动": "劳动节", "十一": "国庆", "新年": "元旦"}


def in_order(tables: Iterable[YearTable]) -> tuple[YearTable, ...]:
    """Projections first, then by date of issue, so that whatever comes later supersedes.

    A notice without a date counts as issued on the eve of its year, an undated amendment on the last day of it.
    """
    return tuple(sorted(tables, key=lambda table: (table.state is YearState.PUBLISHED, _issued(table))))


def _issued(table: YearTable) -> date:
    return table.issued_on or date(table.year if table.amends else table.year - 1, 12, 31)


def in_force(tables: Sequence[YearTable]) -> Sequence[YearTable]:
    """The last whole table of one year and the amendments after it; what came before is superseded."""
    wholes = [rank for rank, table in enumerate(tables) if not table.amends]
    return tables[wholes[-1] :] if wholes else tables


def standing(tables: Sequence[YearTable]) -> tuple[list[NamedDay], list[NamedDay]]:
    """What is left standing of one year's tables in force: days off and make-up days."""
    off: list[NamedDay] = []
    make_up: list[NamedDay] = []
    for table in tables:
        off = [day for day in off if not _replaced(day, table)] + list(table.off)
        make_up = [day for day in make_up if not _replaced(day, table)] + list(table.make_up)
    return off, make_up


def _replaced(day: NamedDay, by: YearTable) -> bool:
    return any(day.on == other.on or set(day.names) & set(other.names) for other in (*by.off, *by.make_up))


class YearUnknown(LookupError):
    """A day was asked for that no notice and no projection covers. The message is one sentence for people."""

    def __init__(self, year: int, years: Sequence[int]) -> None:
        known = f"{years[0]}至{years[-1]}年" if years else "没有任何年份"
        super().__init__(
            f"工作日表没有{year}年（现有：{known}），请先导入该年的放假安排通知，或改用已有年份。"
        )
        self.year = year


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """What a new table changes for one day. A workday is None where that table does not cover the day."""

    day: date
    old_workday: date | None
    new_workday: date | None
    was_provisional: bool
    is_provisional: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkdayTable:
    """Every workday of an unbroken run of years; made by `workday_table`. Nothing is answered outside these years.

    Provisional is told by year. The last days of a published December may still be moved by the next year's notice;
    `moved` reports that when the notice arrives.
    """

    notices: tuple[YearTable, ...]
    local: tuple[LocalDay, ...] = ()
    years: tuple[int, ...] = field(compare=False)
    off: tuple[NamedDay, ...] = field(compare=False, repr=False)
    make_up: tuple[NamedDay, ...] = field(compare=False, repr=False)
    workdays: tuple[date, ...] = field(compare=False, repr=False)
    # For the n-th day of coverage, how many workdays lie strictly before it; one entry more than there are days.
    before: array[int] = field(compare=False, repr=False)
    # The ordinal of the first day, kept because every answer starts from it.
    start: int = field(compare=False, repr=False)

    @property
    def first_on(self) -> date:
        """First day answered for."""
        return date(self.years[0], 1, 1)

    @property
    def last_on(self) -> date:
        """Last day answered for."""
        return date(self.years[-1], 12, 31)

    def is_workday(self, day: date) -> bool:
        """Whether offices work on this day. Raises YearUnknown outside the known years."""
        index = self._index(day)
        return self.before[index + 1] > self.before[index]

    def shift(self, day: date, n: int) -> date:
        """The n-th workday strictly after (n > 0) or strictly before (n < 0) the day; the day itself for 0.

        Raises YearUnknown when the day or the answer lies outside the known years.
        """
        index = self._index(day)
        if n == 0:
            return day
        return self._at(self.before[index] + n if n < 0 else self.before[index + 1] + n - 1)

    def shift_many(self, days: Iterable[date], n: int) -> list[date]:
        """`shift` for a million days: one dictionary from ordinal to answer, then no Python code per day."""
        answers = self._answers(n)
        try:
            return list(map(answers.__getitem__, map(date.toordinal, days)))
        except KeyError as missing:
            day = date.fromordinal(missing.args[0])
            self._index(day)
            raise self._beyond(forward=n > 0) from None

    def on_or_before(self, day: date) -> date:
        """The day itself if worked, else the last workday before it."""
        return self._at(self.before[self._index(day) + 1] - 1)

    def on_or_after(self, day: date) -> date:
        """The day itself if worked, else the first workday after it."""
        return self._at(self.before[self._index(day)])

    def between(self, first: date, last: date) -> int:
        """How many workdays lie from `first` to `last`, both included; 0 when `last` comes before `first`."""
        start, end = self._index(first), self._index(last)
        return max(0, self.before[end + 1] - self.before[start])

    def span(self, name: str, year: int) -> tuple[date, date] | None:
        """First and last day off of a holiday of that year's notice, or None when it has no such holiday.

        The block may begin in December before; two holidays that share a block both answer with the whole of it.
        """
        days = [day.on for day in self.arranged(year)[0] if festival(name) in day.names]
        return (min(days), max(days)) if days else None

    def arranged(self, year: int) -> tuple[list[NamedDay], list[NamedDay]]:
        """Days off and make-up days as that year's documents leave them, in December before and January after too."""
        self._require(year)
        return standing(self._tables(year))

    def state(self, year: int) -> YearState:
        """Published once a whole notice for the year is there; amendments alone do not publish a year."""
        self._require(year)
        whole = any(table.state is YearState.PUBLISHED and not table.amends for table in self._tables(year))
        return YearState.PUBLISHED if whole else YearState.PROVISIONAL

    def is_provisional(self, first: date, last: date) -> bool:
        """Whether any year from `first` to `last` still waits for its notice."""
        years = range(min(first.year, last.year), max(first.year, last.year) + 1)
        return YearState.PROVISIONAL in [self.state(year) for year in years]

    def days_off(self, year: int) -> tuple[NamedDay, ...]:
        """Holidays that fall on days of this year, whichever year's notice gave them, weekends inside them too."""
        self._require(year)
        return tuple(day for day in self.off if day.on.year == year)

    def make_up_days(self, year: int) -> tuple[NamedDay, ...]:
        """Weekend days of this year that are worked, whichever year's notice ordered it."""
        self._require(year)
        return tuple(day for day in self.make_up if day.on.year == year)

    def source(self, year: int) -> str:
        """The documents the year rests on, newest last, in one line."""
        self._require(year)
        return "；".join(table.source for table in self._tables(year))

    def _tables(self, year: int) -> Sequence[YearTable]:
        return in_force([table for table in self.notices if table.year == year])

    def _require(self, year: int) -> None:
        if year not in self.years:
            raise YearUnknown(year, self.years)

    def _index(self, day: date) -> int:
        index = day.toordinal() - self.start
        if not 0 <= index < len(self.before) - 1:
            raise YearUnknown(day.year, self.years)
        return index

    def _at(self, position: int) -> date:
        if not 0 <= position < len(self.workdays):
            raise self._beyond(forward=position > 0)
        return self.workdays[position]

    def _beyond(self, *, forward: bool) -> YearUnknown:
        return YearUnknown(self.years[-1] + 1 if forward else self.years[0] - 1, self.years)

    def _answers(self, n: int) -> dict[int, date]:
        first, total, before = self.start, len(self.workdays), self.before
        if n == 0:
            return {first + index: date.fromordinal(first + index) for index in range(len(before) - 1)}
        positions = (
            (index, before[index] + n if n < 0 else before[index + 1] + n - 1)
            for index in range(len(before) - 1)
        )
        return {first + index: self.workdays[at] for index, at in positions if 0 <= at < total}


def workday_table(tables: Iterable[YearTable], local: Iterable[LocalDay] = ()) -> WorkdayTable:
    """One table from all notices: keyed by date, later notices over earlier ones, local days over all.

    Of two tables with the same date of issue the later in the sequence counts as later. Raises YearUnknown when the
    years have a gap, ValueError when there is no table at all.
    """
    ordered = in_order(tables)
    if not ordered:
        raise ValueError("没有任何年份的放假安排，请先导入通知。")
    years = tuple(range(min(table.year for table in ordered), max(table.year for table in ordered) + 1))
    known = sorted({table.year for table in ordered})
    for year in set(years) - set(known):
        raise YearUnknown(year, known)
    named = _named_days(ordered, years)
    local = tuple(local)
    workdays, before = _count(years, {on: works for on, (works, _) in named.items()} | _works(local, years))
    return WorkdayTable(
        notices=ordered,
        local=local,
        years=years,
        off=tuple(day for works, day in named.values() if not works),
        make_up=tuple(day for works, day in named.values() if works),
        workdays=workdays,
        before=before,
        start=date(years[0], 1, 1).toordinal(),
    )


def moved(old: WorkdayTable, new: WorkdayTable, days: Iterable[date]) -> tuple[Moved, ...]:
    """The days whose last workday on or before them, or whose provisional mark, the new table changes; sorted."""
    changes = (_compare(old, new, day) for day in sorted(set(days)))
    return tuple(
        change
        for change in changes
        if (change.old_workday, change.was_provisional) != (change.new_workday, change.is_provisional)
    )


def _compare(old: WorkdayTable, new: WorkdayTable, day: date) -> Moved:
    (before, was), (after, now) = _reading(old, day), _reading(new, day)
    return Moved(day=day, old_workday=before, new_workday=after, was_provisional=was, is_provisional=now)


def _reading(table: WorkdayTable, day: date) -> tuple[date | None, bool]:
    try:
        return table.on_or_before(day), table.is_provisional(day, day)
    except YearUnknown:
        return None, False


def _named_days(ordered: Sequence[YearTable], years: Sequence[int]) -> Mapping[date, tuple[bool, NamedDay]]:
    """Every departure from Monday-to-Friday inside the years, by date: whether it is worked, and its name."""
    named: dict[date, tuple[bool, NamedDay]] = {}
    latest = {table.year: rank for rank, table in enumerate(ordered)}
    for year in sorted(latest, key=latest.__getitem__):
        off, make_up = standing(in_force([table for table in ordered if table.year == year]))
        named |= {day.on: (False, day) for day in off} | {day.on: (True, day) for day in make_up}
    return {on: named[on] for on in sorted(named) if on.year in years}


def _works(local: Sequence[LocalDay], years: Sequence[int]) -> dict[date, bool]:
    for day in local:
        if day.on.year not in years:
            raise YearUnknown(day.on.year, years)
    return {day.on: day.works for day in local}


def _count(years: Sequence[int], departures: Mapping[date, bool]) -> tuple[tuple[date, ...], array[int]]:
    first, end = date(years[0], 1, 1), date(years[-1] + 1, 1, 1)
    workdays: list[date] = []
    before = array("L", [0])
    for offset in range((end - first).days):
        day = first + timedelta(days=offset)
        if departures.get(day, day.weekday() < 5):
            workdays.append(day)
        before.append(len(workdays))
    return tuple(workdays), before
