"""Which rounds are missing, and which did not come to their end.

A later round catches up on what an earlier one missed; the days are told all the same, because somebody must see to
the machine that was off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from office import clock
from office.actions.office import Office
from office.store import dispatch_recovery, rounds
from office.store.engine import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubledRound:
    """A round that was opened and is not whole: killed before its end, or with editions that could not be planned."""

    held_on: date
    reasons: tuple[str, ...]


def missing_rounds(office: Office, *, now: datetime, days: int = 7) -> tuple[date, ...]:
    """The days without a round among the last `days`, oldest first; none from before there was anything to hold.

    Today counts once the hour of the morning round has passed.
    """
    with office.store.reading() as connection:
        last = last_due(now)
        first = _first(connection)
        if first is None:
            return ()
        first = max(first, last - timedelta(days=days - 1))
        held = {one.held_on for one in rounds.rounds_between(connection, first, last)}
    between = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(day for day in between if day not in held)


def troubled_rounds(office: Office, *, now: datetime, days: int = 7) -> tuple[TroubledRound, ...]:
    """The rounds of the last `days` that are not whole; one that was begun a moment ago is given its time."""
    today, latest = clock.civil(now), now - timedelta(seconds=office.settings.lease_seconds)
    with office.store.reading() as connection:
        found = rounds.rounds_between(connection, today - timedelta(days=days - 1), today)
    troubled = []
    for one in found:
        reasons = [f"{note.name}：{note.error}" for note in one.editions if note.error]
        if one.finished_at is None and one.started_at <= latest:
            reasons.insert(0, "中途停下，没有办完")
        if reasons:
            troubled.append(TroubledRound(held_on=one.held_on, reasons=tuple(reasons)))
    return tuple(troubled)


def last_due(now: datetime) -> date:
    """The newest day whose round should be there: today after the morning hour, else yesterday."""
    today = clock.civil(now)
    return today if now >= clock.at(today) else today - timedelta(days=1)


def _first(connection: Connection) -> date | None:
    """The day of the first round; while there is none, the day the first edition was published."""
    return dispatch_recovery.first_held_on(connection) or rounds.first_published_on(connection)
