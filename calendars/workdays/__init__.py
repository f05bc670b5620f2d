"""Workday tables by year: the notices shipped as files, and projections for years whose notice is not out yet.

Must not know a database, which day today is, or what is due. Notices a bureau imported are handed in by the caller.
"""

from collections.abc import Iterable
from functools import lru_cache

from calendars.workdays.files import published
from calendars.workdays.projection import project, statutory_days
from rules.workdays import LocalDay, WorkdayTable, YearState, YearTable, workday_table

__all__ = [
    "PROJECTED_YEARS",
    "load_workdays",
    "project",
    "published",
    "statutory_days",
]

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
