"""A year at a glance: every dated point of every campaign by month, the days off, and what falls on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from calendars.workdays import NamedDay, WorkdayTable, YearState, YearUnknown
from duban.bureau import Bureau
from duban.core.access import Actor, visible_units
from duban.core.errors import Refused
from duban.editions.planning_queries import (
    DraftWaits,
    EditionWaits,
    NoticeWaits,
    OpenTarget,
    PlannedPoint,
    Undated,
    UndatedMilestone,
    load_of_units,
    open_targets,
    points_of_year,
    proposed_notices,
    undated,
    undated_of_year,
    waiting_drafts,
    waiting_editions,
)
from duban.editions.rules import Week, load_by_week, peak_weeks, weeks_between

MONTHS = range(1, 13)
# Where a point of this year's edition is due before or after the year itself.
BEFORE, AFTER = 0, 13


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDays:
    """The days of a month that depart from Monday to Friday."""

    month: int
    off: tuple[NamedDay, ...]
    make_up: tuple[NamedDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignYear:
    """One campaign's points by month; 0 and 13 hold what is due outside the year. `owed` and `done` count obligations."""

    campaign: str
    name: str
    kind: str
    state: str
    own: bool
    months: dict[int, tuple[PlannedPoint, ...]]
    owed: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OffDayPoint:
    """A point that is due on a day off; `why` names the day."""

    point: PlannedPoint
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YearView:
    """A year as the person may see it. `source` names the documents the days off rest on."""

    year: int
    provisional: bool
    source: str
    months: tuple[MonthDays, ...]
    campaigns: tuple[CampaignYear, ...]
    on_days_off: tuple[OffDayPoint, ...]
    undated: tuple[UndatedMilestone, ...]

    def due_in(self, month: int, kind: str = "") -> tuple[PlannedPoint, ...]:
        """All that is due in a month, by date; of one kind of campaign where it is named."""
        found = [
            point for one in self.campaigns if kind in ("", one.kind) for point in one.months.get(month, ())
        ]
        return tuple(sorted(found, key=lambda point: point.due_on))

    @property
    def outside(self) -> frozenset[int]:
        """Which of the two columns outside the year are needed."""
        return frozenset(
            month for one in self.campaigns for month in (BEFORE, AFTER) if one.months.get(month)
        )


def read_year(bureau: Bureau, year: int, *, by: Actor) -> YearView:
    """The year's editions, drafts and paused ones too. A year whose workdays nobody knows has no months' days."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        points = points_of_year(connection, year, sight)
        undated = undated_of_year(connection, year) if sight.everything else ()
    table = bureau.workdays
    known = year in table.years
    return YearView(
        year=year,
        provisional=not known or table.state(year) is YearState.PROVISIONAL,
        source=table.source(year) if known else "没有这一年的工作日表，请先导入放假通知。",
        months=tuple(_month(table, year, month) for month in MONTHS) if known else (),
        campaigns=_campaigns(points, year),
        on_days_off=tuple(_on_days_off(points, table)),
        undated=undated,
    )


def _month(table: WorkdayTable, year: int, month: int) -> MonthDays:
    return MonthDays(
        month=month,
        off=tuple(day for day in table.days_off(year) if day.on.month == month),
        make_up=tuple(day for day in table.make_up_days(year) if day.on.month == month),
    )


def _campaigns(points: tuple[PlannedPoint, ...], year: int) -> tuple[CampaignYear, ...]:
    by_campaign: dict[str, list[PlannedPoint]] = {}
    for point in points:
        by_campaign.setdefault(point.campaign, []).append(point)
    return tuple(_campaign(some, year) for some in by_campaign.values())


def _campaign(points: list[PlannedPoint], year: int) -> CampaignYear:
    months: dict[int, list[PlannedPoint]] = {}
    for point in points:
        months.setdefault(_column(point.due_on, year), []).append(point)
    first = points[0]
    return CampaignYear(
        campaign=first.campaign,
        name=first.campaign_name,
        kind=first.kind,
        state=first.state,
        own=first.own,
        months={month: tuple(some) for month, some in sorted(months.items())},
        owed=sum(point.owed for point in points),
        done=sum(point.done for point in points),
    )


def _column(day: date, year: int) -> int:
    if day.year == year:
        return day.month
    return BEFORE if day.year < year else AFTER


def _on_days_off(points: tuple[PlannedPoint, ...], table: WorkdayTable) -> list[OffDayPoint]:
    names = {day.on: "、".join(day.names) or "放假" for day in table.off}
    found = []
    for point in points:
        try:
            if table.is_workday(point.due_on):
                continue
        except YearUnknown:
            continue
        weekend = f"周{'一二三四五六日'[point.due_on.weekday()]}"
        found.append(OffDayPoint(point=point, why=names.get(point.due_on, weekend)))
    return sorted(found, key=lambda one: one.point.due_on)


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


def read_load(bureau: Bureau, year: int, quarter: int, *, by: Actor) -> LoadView:
    """What is due by unit and ISO week; waived and cancelled obligations burden nobody."""
    if quarter not in (1, 2, 3, 4) or not 2000 <= year <= 2056:
        raise Refused(f"没有{year}年第{quarter}季度，请在上面选择年份和季度。")
    first, last = _quarter(year, quarter)
    weeks = weeks_between(first, last)
    opens, ends = min(date(year, 1, 1), weeks[0].monday), max(date(year, 12, 31), weeks[-1].sunday)
    days: dict[tuple[int, str], list[tuple[date, int, int]]] = {}
    with bureau.store.reading() as connection:
        for one in load_of_units(connection, opens, ends, visible_units(by)):
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
    owed = load_by_week((day, count) for day, count, _ in days)
    still = load_by_week((day, count) for day, _, count in days)
    high = peak_weeks(owed)
    return tuple(
        WeekLoad(week=week, owed=owed.get(week, 0), open=still.get(week, 0), peak=week in high)
        for week in weeks
    )


def _quarter(year: int, quarter: int) -> tuple[date, date]:
    first = date(year, 3 * quarter - 2, 1)
    after = date(year + quarter // 4, 3 * quarter % 12 + 1, 1)
    return first, after - timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnresolvedItems:
    """Everything of that kind."""

    undated: tuple[Undated, ...] = ()
    targets: tuple[OpenTarget, ...] = ()
    editions: tuple[EditionWaits, ...] = ()
    drafts: tuple[DraftWaits, ...] = ()
    notices: tuple[NoticeWaits, ...] = ()

    @property
    def count(self) -> int:
        return (
            len(self.undated) + len(self.targets) + len(self.editions) + len(self.drafts) + len(self.notices)
        )


def list_unresolved_items(bureau: Bureau, *, by: Actor) -> UnresolvedItems:
    """What the bureau itself has to supply; it is no unit's, so only who sees everything sees it."""
    with bureau.store.reading() as connection:
        return unresolved_items(connection) if visible_units(by).everything else UnresolvedItems()


def unresolved_items(connection: Connection) -> UnresolvedItems:
    return UnresolvedItems(
        undated=undated(connection),
        targets=open_targets(connection),
        editions=waiting_editions(connection),
        drafts=waiting_drafts(connection),
        notices=proposed_notices(connection),
    )
