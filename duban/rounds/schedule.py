"""Which reminder a group of obligations is owed by now, and which ones it has passed over. Pure.

A group shares its ladder, the day it was opened and the day it is due. Asked is what is owed by a day, not what
falls on it, so that a round after a week's standstill catches up; what was missed collapses into one current rung.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from calendars.ladders import RUNG_NAMES, Ladder, Rung, RungKind
from calendars.workdays import WorkdayTable


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledReminder:
    """A rung and the day it is owed. `provisional`: counted in a year whose day-off notice is not out yet."""

    rung: Rung
    on: date
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReminders:
    """`current` is the one rung to be sent, None while none has come; `superseded` are those before it, in order."""

    current: ScheduledReminder | None
    superseded: tuple[ScheduledReminder, ...] = ()

    def cause_of(self, passed: ScheduledReminder) -> str:
        """Why a superseded rung has no message of its own, should it not have had one."""
        assert self.current is not None, "without a current rung nothing is superseded"
        return (
            f"{passed.on.month}月{passed.on.day}日的{RUNG_NAMES[passed.rung.kind]}未单独发出，"
            f"并入{self.current.on.month}月{self.current.on.day}日的{RUNG_NAMES[self.current.rung.kind]}"
        )


def scheduled_reminders(
    ladder: Ladder, *, opened_on: date, due_on: date, workdays: WorkdayTable
) -> tuple[ScheduledReminder, ...]:
    """Every rung that applies to the group, in order of time. Raises YearUnknown beyond the known years.

    Days count from the last workday on or before the due date. Rungs that would lie before `opened_on` never applied.
    """
    base, days = _days(ladder, opened_on, due_on, workdays)
    # Rungs of one day stand in the order of the ladder.
    return tuple(
        _scheduled(rung, day, base, workdays) for day, rung in sorted(days, key=lambda entry: entry[0])
    )


def due_reminders(
    ladder: Ladder, *, opened_on: date, due_on: date, today: date, workdays: WorkdayTable
) -> DueReminders:
    """The latest rung whose day has come, and those it supersedes."""
    # Nothing can have come before the first day, and a due date beyond the known years need not stop others.
    if today < opened_on:
        return DueReminders(current=None)
    every = scheduled_reminders(ladder, opened_on=opened_on, due_on=due_on, workdays=workdays)
    come = [one for one in every if one.on <= today]
    return DueReminders(current=come[-1], superseded=tuple(come[:-1])) if come else DueReminders(current=None)


def next_reminder(
    ladder: Ladder, *, opened_on: date, due_on: date, today: date, workdays: WorkdayTable
) -> ScheduledReminder | None:
    """The rung that comes next after today, with its day; None when the ladder has run out."""
    base, days = _days(ladder, opened_on, due_on, workdays)
    # Of several on one day the first of the ladder; only this one is looked at closely.
    ahead = min((entry for entry in days if entry[0] > today), key=lambda entry: entry[0], default=None)
    return _scheduled(ahead[1], ahead[0], base, workdays) if ahead else None


def _days(
    ladder: Ladder, opened_on: date, due_on: date, workdays: WorkdayTable
) -> tuple[date, list[tuple[date, Rung]]]:
    """The workday that is counted from, and each rung that applies with its day, in the order of the ladder."""
    base = workdays.on_or_before(due_on)
    days = []
    for rung in ladder.rungs:
        if rung.kind is RungKind.ASSIGN:
            day = opened_on
        else:
            # What was overdue before it was handed out is chased all the same, counted from the day its unit first
            # heard of it.
            day = workdays.shift(max(base, opened_on) if rung.workdays > 0 else base, rung.workdays)
        if day >= opened_on:
            days.append((day, rung))
    return base, days


def _scheduled(rung: Rung, day: date, base: date, workdays: WorkdayTable) -> ScheduledReminder:
    counted = rung.kind is not RungKind.ASSIGN
    provisional = counted and workdays.is_provisional(min(day, base), max(day, base))
    return ScheduledReminder(rung=rung, on=day, provisional=provisional)


_SUPPORT_KINDS = frozenset({RungKind.ASSIGN, RungKind.ADVANCE, RungKind.DUE})


def support_ladder(ladder: Ladder, *, escalates: bool) -> Ladder:
    """The rungs of a lead's ladder that supporting units hear of: until the date, all of them where they are chased."""
    if escalates:
        return ladder
    return replace(ladder, rungs=tuple(rung for rung in ladder.rungs if rung.kind in _SUPPORT_KINDS))
