"""What applying an edition changes, as values for people: by milestone and by date. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from calendars.model import Edition, Milestone, Point, TargetState


@dataclass(frozen=True, slots=True, kw_only=True)
class PointChange:
    """One date of a milestone before and after; None where there is none."""

    label: str
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneChange:
    """`change` is new, changed, withdrawn or returned; `points` only those whose dates differ."""

    key: str
    title: str
    change: str
    points: tuple[PointChange, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsibleUnit:
    """A milestone's units by id. `targets` holds state and value for the leads that have a target."""

    leads: tuple[int, ...]
    supporting: tuple[int, ...]
    targets: tuple[tuple[int, TargetState, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedUnits:
    """An edition with every name bound to a unit; `reasons` is not empty when that cannot be done."""

    coordinator: int | None
    milestones: tuple[ResponsibleUnit, ...]
    reasons: tuple[str, ...]


def assign_units(edition: Edition, find: Callable[[str], int | None]) -> AssignedUnits:
    """Bind every unit name. Reports unknown units, one unit twice among the leads, targets for other units."""
    reasons: dict[str, None] = {}
    known: dict[tuple[str, ...], tuple[int | None, ...]] = {}

    def ids(names: tuple[str, ...]) -> tuple[int, ...]:
        # Most milestones of an edition share their leads; a hundred thousand names are looked up once.
        found = known.setdefault(names, tuple(find(name) for name in names))
        for name, unit_id in zip(names, found, strict=True):
            if unit_id is None:
                reasons[f"单位“{name}”没有登记，请先登记单位，或改正文件里的名称"] = None
        return tuple(unit_id for unit_id in found if unit_id is not None)

    coordinator = ids((edition.coordinator,))
    bound = []
    for milestone in edition.milestones:
        leads = ids(milestone.leads)
        targets = tuple(_targets(milestone, find))
        reasons |= dict.fromkeys(_unit_faults(milestone, leads, frozenset(leads), targets))
        kept = tuple((unit_id, state, value) for unit_id, state, value, _ in targets if unit_id is not None)
        bound.append(ResponsibleUnit(leads=leads, supporting=ids(milestone.supporting), targets=kept))
    return AssignedUnits(
        coordinator=coordinator[0] if coordinator else None,
        milestones=tuple(bound),
        reasons=tuple(reasons),
    )


_Target = tuple[int | None, TargetState, str | None, str]


def _targets(milestone: Milestone, find: Callable[[str], int | None]) -> Iterator[_Target]:
    for target in milestone.quota.targets if milestone.quota else ():
        value = None if target.value is None else str(target.value)
        yield find(target.unit), target.state, value, target.unit


def _unit_faults(
    milestone: Milestone, leads: tuple[int, ...], among: frozenset[int], targets: tuple[_Target, ...]
) -> Iterator[str]:
    if not leads and not milestone.per_subject:
        yield f"“{milestone.title}”没有牵头单位，请写明一个"
    if len(among) != len(leads):
        yield f"“{milestone.title}”把同一个单位写了两次牵头，每项任务只有一个牵头单位，请删去一处"
    seen: set[int] = set()
    for unit_id, _, _, name in targets:
        if unit_id is None:
            yield f"单位“{name}”没有登记，请先登记单位，或改正文件里的名称"
        elif unit_id not in among:
            yield f"“{milestone.title}”给{name}定了目标，但它不是责任单位，请加为牵头单位或删去目标"
        elif unit_id in seen:
            yield f"“{milestone.title}”给{name}定了两个目标，请只留一个"
        seen.add(unit_id or 0)


def opened_on(point: Point, today: date) -> date:
    """The day an obligation is first owed: the day it is published, or the point's own beginning if that is later.

    What was due before that is still owed; the ladder's earlier rungs never applied to it.
    """
    return max(today, point.starts_on) if point.starts_on else today


# Below this many in a week nothing is called a peak, whatever the other weeks are.
LEAST_PEAK = 3


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Week:
    """An ISO week; the year is that of its Thursday."""

    year: int
    number: int

    @property
    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)


def week_of(day: date) -> Week:
    found = day.isocalendar()
    return Week(year=found.year, number=found.week)


def weeks_between(first: date, last: date) -> tuple[Week, ...]:
    """Every week that has a day from `first` to `last`."""
    monday = week_of(first).monday
    count = (last - monday).days // 7 + 1
    return tuple(week_of(monday + timedelta(weeks=number)) for number in range(count))


def load_by_week(counts: Iterable[tuple[date, int]]) -> dict[Week, int]:
    """Counts of days as counts of their weeks, in order."""
    found: dict[Week, int] = {}
    for day, count in counts:
        week = week_of(day)
        found[week] = found.get(week, 0) + count
    return dict(sorted(found.items()))


def peak_weeks(weeks: Mapping[Week, int]) -> frozenset[Week]:
    """Weeks with at least twice what the unit usually has in a week that has anything."""
    if not weeks:
        return frozenset()
    usual = median(weeks.values())
    return frozenset(week for week, count in weeks.items() if count >= max(LEAST_PEAK, 2 * usual))
