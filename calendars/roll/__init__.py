"""Rolls a year's campaign files into the next year. Knows no database."""

from calendars.roll.plan import DateLine, RolledFile, RollPlan, RollRefused, roll_year, write
from calendars.roll.rewrite import Dropped, OpenTarget
from calendars.roll.words import describe

__all__ = [
    "DateLine",
    "Dropped",
    "OpenTarget",
    "RollPlan",
    "RollRefused",
    "RolledFile",
    "describe",
    "roll_year",
    "write",
]
