"""What an act on an edition will do to the reminders: the act is done, looked at and taken back.

Counted on groups of obligations by the same rules as the rounds. Nothing of it stays in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Generic, TypeVar

from calendars.model import Edition
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor
from duban.core.db import Connection, rollback_dry_run
from duban.core.errors import Refused
from duban.editions.queries import find_edition_name, forecast_owings, told_so_far
from duban.editions.rules import (
    ForecastOwing,
    ForecastWindow,
    LetterCost,
    MessageCount,
    MessageDifference,
    RungDays,
    RungShift,
    UpcomingReminder,
    count_messages,
    letter_cost,
    message_counts,
    message_days,
    message_differences,
    rung_shifts,
    upcoming_reminders,
)
from duban.editions.service import (
    ChangeContext,
    EditionChange,
    EditionMoved,
    apply_inside,
    move_inside,
    publish_inside,
)
from duban.outbox.queries import round_is_over
from duban.units.queries import units_by_id
from duban.units.rules import keeping_refusals

DAYS = 90
# A moved date is shown with all its reminders, however far ahead they lie.
FAR = 800
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact(Generic[Done]):
    """`done` is what the act says of itself; the rest concerns the reminders of this edition.

    `shifts` are all that change their day. `before` and `after` are the reminders that come in the window, and
    `messages` counts units' digests that carry any of them, `cost` looks at the whole campaign.
    """

    done: Done
    window: ForecastWindow
    shifts: tuple[RungShift, ...]
    messages: MessageCount
    cost: LetterCost | None
    before: tuple[UpcomingReminder, ...]
    after: tuple[UpcomingReminder, ...]


def forecast_impact(
    connection: Connection,
    bureau: Bureau,
    campaign: str,
    year: int,
    act: Callable[[], Done],
    *,
    now: datetime,
    days: int = DAYS,
) -> Impact[Done]:
    """Do the act inside the caller's transaction and compare what lies ahead of the edition before and after it."""
    window = _window(connection, clock.civil(now), days)
    stood, reminded = _owings(connection, campaign, year)
    done = act()
    stands, reminds = _owings(connection, campaign, year)
    rungs = _rung_days(bureau, ForecastWindow.of(window.first, max(FAR, days)))
    every = tuple(upcoming_reminders(stood, rungs)) if reminded else ()
    later = tuple(upcoming_reminders(stands, rungs, stood=stood)) if reminds else ()
    before, after = (tuple(one for one in some if one.on <= window.last) for some in (every, later))
    return Impact(
        done=done,
        window=window,
        shifts=rung_shifts(every, later),
        messages=MessageCount(before=len(count_messages(before)), after=len(count_messages(after))),
        cost=letter_cost(later),
        before=before,
        after=after,
    )


def _rung_days(bureau: Bureau, window: ForecastWindow) -> RungDays:
    return RungDays(bureau.ladders, bureau.workdays, window, bureau.settings.escalate_to)


def _window(connection: Connection, today: date, days: int) -> ForecastWindow:
    """From the next round on: today's, unless it has been held."""
    first = today + timedelta(days=1) if round_is_over(connection, today) else today
    return ForecastWindow.of(first, days)


def _owings(connection: Connection, campaign: str, year: int) -> tuple[tuple[ForecastOwing, ...], bool]:
    """What is owed of the edition, and whether anyone is reminded of it."""
    found = find_edition_name(connection, campaign, year)
    return (forecast_owings(connection, found.id), found.state == "published") if found else ((), False)


def forecast_publishing(
    bureau: Bureau, campaign: str, year: int, *, by: Actor, now: datetime
) -> Impact[EditionChange]:
    """What publishing will do."""
    with bureau.store.writing() as connection:

        def act() -> EditionChange:
            return publish_inside(connection, bureau, campaign, year, reason="", by=by, now=now)

        found = forecast_impact(connection, bureau, campaign, year, act, now=now)
        rollback_dry_run(connection)
    return found


def forecast_move(
    bureau: Bureau, verb: str, campaign: str, year: int, *, by: Actor, now: datetime
) -> Impact[EditionMoved]:
    """What pausing, resuming or withdrawing will do; the reason is asked for when it is done."""
    with bureau.store.writing() as connection:

        def act() -> EditionMoved:
            return move_inside(connection, bureau, verb, campaign, year, reason="预览", by=by, now=now)

        found = forecast_impact(connection, bureau, campaign, year, act, now=now)
        rollback_dry_run(connection)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMessages:
    """How many units get a message on a day; on a day off it leaves with the next workday."""

    on: date
    workday: bool
    count: MessageCount


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMessages:
    """How many messages a unit gets in the window."""

    unit: str
    count: MessageCount


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRehearsed:
    """The messages of the window. `applied` is what the change would do; None when only what is planned anyway was
    asked for.
    """

    window: ForecastWindow
    total: MessageCount
    days: tuple[DayMessages, ...]
    units: tuple[UnitMessages, ...]
    shifts: tuple[RungShift, ...] = ()
    differences: tuple[MessageDifference, ...] = ()
    applied: EditionChange | None = None
    cost: LetterCost | None = None


def rehearse_change(
    bureau: Bureau, edition: Edition | None, *, by: Actor, now: datetime, days: int = DAYS
) -> ChangeRehearsed:
    """The change applied, looked at and taken back; without an edition only what stands."""
    if reasons := keeping_refusals(by, "演练专项行动改动"):
        raise Refused(reasons)
    if not 1 <= days <= 400:
        raise Refused(f"演练的天数要在1到400之间，{days}天不行，请改。")
    if edition is None:
        with bureau.store.reading() as connection:
            return _rehearsed(connection, bureau, None, _window(connection, clock.civil(now), days))
    with bureau.store.writing() as connection:

        def act() -> EditionChange:
            return apply_inside(connection, bureau, edition, ChangeContext(by=by, now=now))

        found = forecast_impact(connection, bureau, edition.campaign, edition.year, act, now=now, days=days)
        rehearsed = _rehearsed(connection, bureau, found, found.window)
        rollback_dry_run(connection)
    return rehearsed


def _rehearsed(
    connection: Connection, bureau: Bureau, found: Impact[EditionChange] | None, window: ForecastWindow
) -> ChangeRehearsed:
    """The reminders of the edition that changes, before and after, beside the days and units of all others."""
    told = told_so_far(connection, except_id=found.done.edition_id if found else None)
    others = message_days(told, _rung_days(bureau, window))
    before = count_messages(found.before) | others if found else others
    after = count_messages(found.after) | others if found else others
    names = units_by_id(connection, {unit_id for _, unit_id in before | after})
    by_day = message_counts((on for on, _ in before), (on for on, _ in after))
    by_unit = message_counts((unit_id for _, unit_id in before), (unit_id for _, unit_id in after))
    return ChangeRehearsed(
        window=window,
        total=MessageCount(before=len(before), after=len(after)),
        days=tuple(
            DayMessages(on=on, workday=bureau.workdays.is_workday(on), count=count)
            for on, count in by_day.items()
        ),
        units=tuple(UnitMessages(unit=names[unit_id], count=count) for unit_id, count in by_unit.items()),
        shifts=found.shifts if found else (),
        differences=message_differences(found.before, found.after, names) if found else (),
        applied=found.done if found else None,
        cost=found.cost if found else None,
    )
