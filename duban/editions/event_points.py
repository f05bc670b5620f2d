"""The dated points of what hangs on an event: one for each day that is known, owed by the units of that day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from calendars.lunar import almanac_for
from calendars.model import Edition, Milestone, Point
from calendars.phrases import NoDates, PlanYear, dated, plan_year, with_hard_deadline
from duban.bureau import Bureau
from duban.core.db import Connection
from duban.core.errors import Refused
from duban.editions.event_queries import (
    events_of,
    sync_subjects,
    sync_units,
    take_from_closing,
    take_from_roster,
)
from duban.editions.queries import find_roster_id


def count_from_events(
    connection: Connection,
    bureau: Bureau,
    edition_id: int,
    value: Edition,
    milestone: Milestone,
    *,
    leads: Sequence[int],
    ids: Mapping[str, int],
) -> dict[Point, tuple[date, tuple[int, ...]]]:
    """The points of a milestone that hangs on an event, each with the day it is counted from and the units of that day.

    Who has no day yet waits in `event_date`. A date that lies before the edition is not made.
    """
    milestone_id = ids[milestone.key]
    source = "closing" if milestone.counts_from else "roster" if milestone.event_column else "entered"
    if milestone.per_subject:
        roster_id = find_roster_id(connection, edition_id, value.roster) if value.roster else None
        sync_subjects(connection, edition_id, milestone_id, roster_id, source)
        if roster_id is not None and milestone.event_column:
            take_from_roster(connection, milestone_id, roster_id, milestone.event_column)
    else:
        sync_units(connection, edition_id, milestone_id, leads, source)
    if milestone.counts_from:
        take_from_closing(connection, milestone_id, ids[milestone.counts_from])
    year = plan_year(value, almanac=almanac_for(), workdays=bureau.workdays)
    found = {}
    for day, units in events_of(connection, milestone_id).items():
        point = event_point(milestone, day, year)
        if point is not None:
            found[point] = (day, units)
    return found


def event_point(milestone: Milestone, event_on: date, year: PlanYear) -> Point | None:
    """The point that a milestone has for one day of its event, its label that day; None where it falls before the
    edition. Raises Refused where no date comes out of it.
    """
    try:
        found = dated(milestone.due_phrase, year, event_on=event_on)
        if milestone.hard_due_phrase is not None:
            found = with_hard_deadline(found, dated(milestone.hard_due_phrase, year, event_on=event_on))
    except NoDates as refusal:
        if event_on.year < year.number - 1:
            # Long before the years anybody keeps workdays of, and so is its date.
            return None
        raise Refused(str(refusal)) from refusal
    [point] = found.points
    begins = year.issued_on or date(year.number, 1, 1)
    return replace(point, label=f"{event_on}起算") if point.due_on >= begins else None
