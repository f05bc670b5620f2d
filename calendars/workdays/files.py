"""Reads the year files that lie beside this module. Must not judge a notice; the tests and the preview do that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from borax.calendars.lunardate import LunarDate, TermUtils
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from calendars.workdays import (
    FESTIVALS,
    LocalDay,
    NamedDay,
    WorkdayTable,
    YearState,
    YearTable,
    YearUnknown,
    workday_table,
)

FOLDER = Path(__file__).parent


@cache
def published() -> tuple[YearTable, ...]:
    """Every year file, oldest first."""
    return tuple(read_year(path) for path in sorted(FOLDER.glob("[0-9]*.yaml")))


def read_year(path: Path) -> YearTable:
    """One year file as a table. Raises ValueError with the file's name when it is not a year file."""
    try:
        content = YAML(typ="safe", pure=True).load(path)
        return _table(content)
    except (YAMLError, KeyError, TypeError, ValueError, AttributeError) as fault:
        raise ValueError(f"工作日文件{path.name}读不懂（{fault}），请对照其他年份的文件改正。") from fault


def _table(content: Mapping[str, Any]) -> YearTable:
    holidays = content["holidays"]
    return YearTable(
        year=content["year"],
        state=YearState.PUBLISHED,
        document_no=content["document_no"],
        title=content["title"],
        issued_on=content["issued_on"],
        off=tuple(
            NamedDay(on=day, names=tuple(holiday["names"]))
            for holiday in holidays
            for day in _span(*holiday["off"])
        ),
        make_up=tuple(
            NamedDay(on=day, names=tuple(holiday["names"]))
            for holiday in holidays
            for day in holiday["make_up"]
        ),
    )


def _span(first: date, last: date) -> Iterator[date]:
    if last < first:
        raise ValueError(f"{first}至{last}前后颠倒")
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


FIRST_YEAR = 2025
"""The first year under the statute's thirteen days; earlier years have notices."""
LAST_YEAR = 2056
"""The last year for which independent lunar calendars agree on every festival."""

ONE_DAY = timedelta(days=1)


@cache
def project(year: int) -> YearTable:
    """The provisional table of a year from 2025 to 2056; raises YearUnknown for others.

    A statutory day on a weekend, or on a day another holiday takes, is made good on the next weekday after it, as the
    statute orders; weekends that touch a holiday belong to its block.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise YearUnknown(year, range(FIRST_YEAR, LAST_YEAR + 1))
    taken = _with_weekends(_made_good(statutory_days(year)))
    return YearTable(
        year=year,
        state=YearState.PROVISIONAL,
        document_no="",
        title=f"{year}年放假安排通知尚未导入，按法定节假日推算",
        off=tuple(NamedDay(on=day, names=names) for day, names in sorted(_by_block(taken).items())),
    )


def statutory_days(year: int) -> tuple[tuple[date, str], ...]:
    """The thirteen statutory days with their holiday, by date. Two holidays can meet on one day."""
    new_year = LunarDate(year, 1, 1).to_solar_date()
    days = {
        "元旦": [date(year, 1, 1)],
        "春节": [new_year + offset * ONE_DAY for offset in (-1, 0, 1, 2)],
        "清明": [TermUtils.nth_term_day(year, term_name="清明")],
        "劳动节": [date(year, 5, 1), date(year, 5, 2)],
        "端午": [LunarDate(year, 5, 5).to_solar_date()],
        "中秋": [LunarDate(year, 8, 15).to_solar_date()],
        "国庆": [date(year, 10, 1), date(year, 10, 2), date(year, 10, 3)],
    }
    return tuple(sorted((day, name) for name, on in days.items() for day in on))


def _made_good(statutory: Iterable[tuple[date, str]]) -> dict[date, set[str]]:
    taken: dict[date, set[str]] = {}
    owed: list[tuple[date, str]] = []
    for day, name in statutory:
        if day in taken or day.weekday() >= 5:
            owed.append((day, name))
        taken.setdefault(day, set()).add(name)
    for day, name in owed:
        free = day
        while free in taken or free.weekday() >= 5:
            free += ONE_DAY
        taken[free] = {name}
    return taken


def _with_weekends(taken: Mapping[date, set[str]]) -> dict[date, set[str]]:
    joined = dict(taken)
    for day in taken:
        for step in (-ONE_DAY, ONE_DAY):
            beside = day + step
            while beside.weekday() >= 5:
                joined.setdefault(beside, set())
                beside += step
    return joined


def _by_block(taken: Mapping[date, set[str]]) -> dict[date, tuple[str, ...]]:
    blocks: list[list[date]] = []
    for day in sorted(taken):
        if blocks and day - blocks[-1][-1] == ONE_DAY:
            blocks[-1].append(day)
        else:
            blocks.append([day])
    named: dict[date, tuple[str, ...]] = {}
    for block in blocks:
        names = set().union(*(taken[day] for day in block))
        named |= dict.fromkeys(block, tuple(name for name in FESTIVALS if name in names))
    return named


PROJECTED_YEARS = 2
"""How many years after the last published one are projected; every later year is refused."""


def load_workdays(extra: Iterable[YearTable] = (), local: Iterable[LocalDay] = ()) -> WorkdayTable:
    """The shipped notices, the `extra` ones a bureau imported, and projections for the next two years.

    Of two notices for one year the later issued counts; `local` days lie over everything. Raises YearUnknown when an
    imported year leaves a gap after the known ones.
    """
    return _assembled(tuple(extra), tuple(local))


@lru_cache(maxsize=8)
def _assembled(extra: tuple[YearTable, ...], local: tuple[LocalDay, ...]) -> WorkdayTable:
    notices = (*published(), *extra)
    whole = {table.year for table in notices if table.state is YearState.PUBLISHED and not table.amends}
    last = max(table.year for table in published())
    while last + 1 in whole:
        last += 1
    projected = tuple(
        project(year) for year in range(last + 1, last + 1 + PROJECTED_YEARS) if year not in whole
    )
    return workday_table((*projected, *notices), local)
