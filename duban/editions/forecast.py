"""What an act on an edition will do to the reminders: the act is done, looked at, and left to the caller to take back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar

from duban.bureau import Bureau
from duban.core import clock
from duban.editions.forecast_rules import (
    ForecastOwing,
    ForecastWindow,
    MessageCount,
    RungShift,
    UpcomingReminder,
    count_messages,
    rung_shifts,
    upcoming_reminders,
)
from duban.editions.planning_queries import forecast_owings
from duban.editions.queries import find_edition
from duban.outbox.queries import round_on

DAYS = 90
# A moved date is shown with all its reminders, however far ahead they lie.
FAR = 800
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact(Generic[Done]):
    """`done` is what the act says of itself; the rest concerns the reminders of this edition.

    `shifts` are all that change their day. `before` and `after` are the reminders that come in the window, and
    `messages` counts units' digests that carry any of them.
    """

    done: Done
    window: ForecastWindow
    shifts: tuple[RungShift, ...]
    messages: MessageCount
    before: tuple[UpcomingReminder, ...]
    after: tuple[UpcomingReminder, ...]


def forecast_impact(
    connection: Any,
    bureau: Bureau,
    named: tuple[str, int],
    act: Callable[[], Done],
    *,
    now: datetime,
    days: int = DAYS,
) -> Impact[Done]:
    """Do the act inside the caller's transaction and compare what lies ahead of the edition before and after it."""
    window = window_from(connection, clock.civil(now), days)
    stood, reminded = _owings(connection, named)
    done = act()
    stands, reminds = _owings(connection, named)
    far = ForecastWindow.of(window.first, max(FAR, days))
    every = reminders(bureau, stood, far) if reminded else []
    later = reminders(bureau, stands, far, stood) if reminds else []
    before, after = (tuple(one for one in some if one.on <= window.last) for some in (every, later))
    return Impact(
        done=done,
        window=window,
        shifts=rung_shifts(every, later),
        messages=MessageCount(before=len(count_messages(before)), after=len(count_messages(after))),
        before=before,
        after=after,
    )


def reminders(
    bureau: Bureau,
    owings: tuple[ForecastOwing, ...],
    window: ForecastWindow,
    stood: tuple[ForecastOwing, ...] | None = None,
) -> list[UpcomingReminder]:
    """What the rounds of the window will plan for these obligations if nobody hands in."""
    return list(
        upcoming_reminders(
            owings, ladders=bureau.ladders, workdays=bureau.workdays, window=window, stood=stood
        )
    )


def window_from(connection: Any, today: date, days: int) -> ForecastWindow:
    """From the next round on: today's, unless it has been held."""
    held = round_on(connection, today)
    first = today + timedelta(days=1) if held and held.finished_at else today
    return ForecastWindow.of(first, days)


def _owings(connection: Any, named: tuple[str, int]) -> tuple[tuple[ForecastOwing, ...], bool]:
    """What is owed of the edition, and whether anyone is reminded of it."""
    stored = find_edition(connection, *named)
    if stored is None:
        return (), False
    return forecast_owings(connection, stored.id), stored.state == "published"
