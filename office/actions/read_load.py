"""How much falls on each unit in each week of a quarter, and in which weeks too much at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from office.actions.office import Office
from office.errors import Refused
from office.store import planning
from rules.load import Week, by_week, peaks, weeks_between
from rules.people import Actor
from rules.sight import sight_of


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekLoad:
    """One week of one unit, or of all; `open` is what is not finished."""

    week: Week
    owed: int
    open: int
    peak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLoad:
    """One unit through the quarter; `weeks` has an entry for every week of it."""

    unit_id: int
    unit: str
    weeks: tuple[WeekLoad, ...]
    owed: int

    @property
    def peaks(self) -> tuple[WeekLoad, ...]:
        return tuple(one for one in self.weeks if one.peak)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadView:
    """A quarter as the person may see it. Peaks are judged by the unit's whole year."""

    year: int
    quarter: int
    weeks: tuple[Week, ...]
    units: tuple[UnitLoad, ...]
    totals: tuple[WeekLoad, ...]


def read_load(office: Office, year: int, quarter: int, *, by: Actor) -> LoadView:
    """What is due by unit and ISO week; waived and cancelled obligations burden nobody."""
    if quarter not in (1, 2, 3, 4) or not 2000 <= year <= 2056:
        raise Refused(f"没有{year}年第{quarter}季度，请在上面选择年份和季度。")
    first, last = _quarter(year, quarter)
    weeks = weeks_between(first, last)
    opens, ends = min(date(year, 1, 1), weeks[0].monday), max(date(year, 12, 31), weeks[-1].sunday)
    days: dict[tuple[int, str], list[tuple[date, int, int]]] = {}
    with office.store.reading() as connection:
        for one in planning.load_of_units(connection, opens, ends, sight_of(by)):
            days.setdefault((one.unit_id, one.unit), []).append((one.due_on, one.owed, one.owed - one.done))
    every = [entry for some in days.values() for entry in some]
    loads = (_unit(unit_id, unit, some, weeks) for (unit_id, unit), some in days.items())
    return LoadView(
        year=year,
        quarter=quarter,
        weeks=weeks,
        units=tuple(sorted((one for one in loads if one.owed), key=lambda one: (-one.owed, one.unit_id))),
        totals=_weeks(every, weeks),
    )


def _unit(unit_id: int, unit: str, days: list[tuple[date, int, int]], weeks: tuple[Week, ...]) -> UnitLoad:
    found = _weeks(days, weeks)
    return UnitLoad(unit_id=unit_id, unit=unit, weeks=found, owed=sum(one.owed for one in found))


def _weeks(days: list[tuple[date, int, int]], weeks: tuple[Week, ...]) -> tuple[WeekLoad, ...]:
    owed = by_week((day, count) for day, count, _ in days)
    still = by_week((day, count) for day, _, count in days)
    high = peaks(owed)
    return tuple(
        WeekLoad(week=week, owed=owed.get(week, 0), open=still.get(week, 0), peak=week in high)
        for week in weeks
    )


def _quarter(year: int, quarter: int) -> tuple[date, date]:
    first = date(year, 3 * quarter - 2, 1)
    after = date(year + quarter // 4, 3 * quarter % 12 + 1, 1)
    return first, after - timedelta(days=1)
