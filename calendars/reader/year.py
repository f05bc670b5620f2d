"""All campaign files of a year: what could be read, and what is wrong with the rest.

A fault in one file does not hide the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from calendars.reader.edition import read_edition
from calendars.reader.faults import CalendarFaults, Fault
from calendars.reader.units import UNITS_FILE, UnitBook, load_units
from rules.almanac import Almanac
from rules.campaign import Edition
from rules.workdays import WorkdayTable

CALENDARS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class YearRead:
    """The editions of a year in the order of their file names, and the faults of the files that gave none."""

    editions: tuple[Edition, ...]
    faults: tuple[Fault, ...]


def read_year(year: int, root: Path | None = None, *, almanac: Almanac, workdays: WorkdayTable) -> YearRead:
    """Every file of `root/year` (the shipped calendars by default); a missing folder is one fault."""
    place = root or CALENDARS
    folder = place / str(year)
    files = campaign_files(folder)
    if not files:
        message = f"没有{year}年的专项行动文件，请先用 duban calendar roll {year} 从上一年生成。"
        return YearRead(editions=(), faults=(Fault(file=str(year), line=1, message=message),))
    try:
        units = units_of(place)
    except CalendarFaults as refusal:
        return YearRead(editions=(), faults=refusal.faults)
    editions: list[Edition] = []
    faults: list[Fault] = []
    for path in files:
        try:
            editions.append(read_edition(path, units=units, almanac=almanac, workdays=workdays))
        except CalendarFaults as refusal:
            faults.extend(refusal.faults)
    return YearRead(editions=tuple(editions), faults=tuple(faults))


def campaign_files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(folder.glob("*.yaml"))) if folder.is_dir() else ()


def units_of(root: Path) -> UnitBook:
    """A bureau's own unit book where its calendars keep one, else the shipped one."""
    own = root / UNITS_FILE.name
    return load_units(own if own.is_file() else None)
