"""A year at a glance: every dated point of every campaign by month, the days off, and what falls on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from office.actions.office import Office
from office.store import planning
from office.store.planning import PlannedPoint, UndatedMilestone
from rules.people import Actor
from rules.sight import sight_of
from rules.workdays import NamedDay, WorkdayTable, YearState, YearUnknown

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


def read_year(office: Office, year: int, *, by: Actor) -> YearView:
    """The year's editions, drafts and paused ones too. A year whose workdays nobody knows has no months' days."""
    sight = sight_of(by)
    with office.store.reading() as connection:
        points = planning.points_of_year(connection, year, sight)
        undated = planning.undated_of_year(connection, year) if sight.everything else ()
    table = office.workdays
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
