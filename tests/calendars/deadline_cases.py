"""Reads tables of expected readings, one phrase a line, and checks them against the shipped workdays and almanac."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from calendars.deadlines.grammar import read
from calendars.deadlines.parts import Reading, Resolution
from calendars.deadlines.resolve import resolve
from calendars.lunar import almanac_for
from calendars.workdays.files import load_workdays

ALMANAC = almanac_for()


@dataclass(frozen=True)
class Case:
    phrase: str
    rule: str
    dates: str
    occurrences: str = ""


def cases(table: str) -> list[Case]:
    return [Case(*(cell.strip() for cell in line.split(" | "))) for line in table.strip().splitlines()]


def a_resolution(phrase: str, *, year: int = 2026) -> Resolution:
    reading = read(phrase)
    assert isinstance(reading, Reading), reading.reason
    return resolve(reading, year=year, almanac=ALMANAC, workdays=load_workdays())


def assert_reads(case: Case, *, year: int = 2026) -> None:
    reading = read(case.phrase)
    assert isinstance(reading, Reading), reading.reason
    assert reading.rule == case.rule
    found = a_resolution(case.phrase, year=year)
    assert shown_dates(found) == case.dates
    assert shown_occurrences(found) == case.occurrences
    assert reading.sets_date or (found.due_on is None and not found.occurrences)


def shown_dates(found: Resolution) -> str:
    clock = f"T{found.due_at}" if found.due_at else ""
    return f"{found.starts_on or ''}>{found.due_on or ''}{clock}"


def shown_occurrences(found: Resolution) -> str:
    days = [each.due_on for each in found.occurrences]
    picked: list[date] = days if len(days) <= 4 else [days[0], days[1], days[-1]]
    return f"{len(days)}: " + " ".join(map(str, picked)) if days else ""
