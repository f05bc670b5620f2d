"""Reads campaign files, units and ladders into values, and tells every fault with its line. Knows no database."""

from calendars.reader.diff import Change, ChangeKind, diff_years
from calendars.reader.edition import read_edition
from calendars.reader.faults import CalendarFaults, Fault
from calendars.reader.ladders import load_ladders
from calendars.reader.units import Unit, UnitBook, load_units
from calendars.reader.year import YearRead, read_year

__all__ = [
    "CalendarFaults",
    "Change",
    "ChangeKind",
    "Fault",
    "Unit",
    "UnitBook",
    "YearRead",
    "diff_years",
    "load_ladders",
    "load_units",
    "read_edition",
    "read_year",
]
