"""An edition's dates worked out again under other workdays: the same words, the same rule, another calendar."""

from __future__ import annotations

from dataclasses import replace

from calendars.almanac import almanac_for
from calendars.reader.dates import Year, dated, with_wall
from calendars.reader.faults import FaultList
from rules.campaign import Edition, Milestone, Point
from rules.workdays import WorkdayTable, YearUnknown


def redate(edition: Edition, workdays: WorkdayTable) -> Edition:
    """The edition as its file would read now. A milestone whose phrase gives no dates keeps those it has."""
    year = Year(
        number=edition.year,
        almanac=almanac_for(range(edition.year - 1, edition.year + 3)),
        workdays=workdays,
        roll=edition.roll,
        roll_reason=edition.roll_reason,
    )
    return replace(edition, milestones=tuple(_redated(one, year) for one in edition.milestones))


def _redated(milestone: Milestone, year: Year) -> Milestone:
    if not milestone.points:
        return milestone
    report = FaultList(milestone.key)
    found = dated(milestone.due_phrase, year, 1, report)
    if found is not None and milestone.hard_due_phrase is not None:
        wall = dated(milestone.hard_due_phrase, year, 1, report)
        found = with_wall(found, wall, 1, report) if wall is not None else None
    same_labels = found is not None and [one.label for one in found.points] == [
        one.label for one in milestone.points
    ]
    if report.found or found is None or not same_labels:
        points = tuple(_recounted(point, year.workdays) for point in milestone.points)
        return replace(milestone, points=points)
    return replace(milestone, points=found.points)


def _recounted(point: Point, workdays: WorkdayTable) -> Point:
    """The date stays; the last workday on or before it and the provisional mark are looked up again."""
    try:
        return replace(
            point,
            last_workday=workdays.on_or_before(point.due_on),
            provisional=workdays.is_provisional(point.due_on, point.due_on),
        )
    except YearUnknown:
        return point
