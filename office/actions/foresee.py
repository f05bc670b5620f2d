"""What an act on an edition will do to the reminders: the act is done, looked at, and left to the caller to take back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar

from office import clock
from office.actions.office import Office
from office.store import editions, planning, rounds
from rules.planned import Ahead, Count, Owing, RungShift, Window, ahead, messages, shifts

DAYS = 90
# A moved date is shown with all its reminders, however far ahead they lie.
FAR = 800
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen(Generic[Done]):
    """`done` is what the act says of itself; the rest concerns the reminders of this edition.

    `shifts` are all that change their day. `before` and `after` are the reminders that come in the window, and
    `messages` counts units' digests that carry any of them.
    """

    done: Done
    window: Window
    shifts: tuple[RungShift, ...]
    messages: Count
    before: tuple[Ahead, ...]
    after: tuple[Ahead, ...]


def foresee(
    connection: Any,
    office: Office,
    named: tuple[str, int],
    act: Callable[[], Done],
    *,
    now: datetime,
    days: int = DAYS,
) -> Foreseen[Done]:
    """Do the act inside the caller's transaction and compare what lies ahead of the edition before and after it."""
    window = window_from(connection, clock.civil(now), days)
    stood, reminded = _owings(connection, named)
    done = act()
    stands, reminds = _owings(connection, named)
    far = Window.of(window.first, max(FAR, days))
    every = reminders(office, stood, far) if reminded else []
    later = reminders(office, stands, far, stood) if reminds else []
    before, after = (tuple(one for one in some if one.on <= window.last) for some in (every, later))
    return Foreseen(
        done=done,
        window=window,
        shifts=shifts(every, later),
        messages=Count(before=len(messages(before)), after=len(messages(after))),
        before=before,
        after=after,
    )


def reminders(
    office: Office, owings: tuple[Owing, ...], window: Window, stood: tuple[Owing, ...] | None = None
) -> list[Ahead]:
    """What the rounds of the window will plan for these obligations if nobody hands in."""
    return list(ahead(owings, ladders=office.ladders, workdays=office.workdays, window=window, stood=stood))


def window_from(connection: Any, today: date, days: int) -> Window:
    """From the next round on: today's, unless it has been held."""
    held = rounds.round_on(connection, today)
    first = today + timedelta(days=1) if held and held.finished_at else today
    return Window.of(first, days)


def _owings(connection: Any, named: tuple[str, int]) -> tuple[tuple[Owing, ...], bool]:
    """What is owed of the edition, and whether anyone is reminded of it."""
    stored = editions.find_edition(connection, *named)
    if stored is None:
        return (), False
    return planning.owings(connection, stored.id), stored.state == "published"
