"""Which reminder a group of obligations is owed by now, and which ones it has passed over.

A group shares its ladder, the day it was opened and the day it is due. Asked is what is owed by a day, not what
falls on it, so that a round after a week's standstill catches up; what was missed collapses into one current rung.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from calendars.ladders import RUNG_NAMES, Ladder, Rung, RungKind
from calendars.workdays import WorkdayTable
from duban.core.access import ROLE_NAMES, Actor, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledReminder:
    """A rung and the day it is owed. `provisional`: counted in a year whose day-off notice is not out yet."""

    rung: Rung
    on: date
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """A rung that passed without a message of its own, should it not have had one, and why."""

    fire: ScheduledReminder
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReminders:
    """`current` is the one rung to be sent, None while none has come; `superseded` are those before it, in order."""

    current: ScheduledReminder | None
    superseded: tuple[Superseded, ...] = ()


def scheduled_reminders(
    ladder: Ladder, *, opened_on: date, due_on: date, workdays: WorkdayTable
) -> tuple[ScheduledReminder, ...]:
    """Every rung that applies to the group, in order of time. Raises YearUnknown beyond the known years.

    Days count from the last workday on or before the due date. Rungs that would lie before `opened_on` never applied.
    """
    base = workdays.on_or_before(due_on)
    days = [(_day(rung, opened_on, base, workdays), rung) for rung in ladder.rungs]
    applying = sorted(
        ((day, position, rung) for position, (day, rung) in enumerate(days) if day >= opened_on),
        key=lambda entry: entry[:2],
    )
    return tuple(_fire(rung, day, base, workdays) for day, _, rung in applying)


def due_reminders(
    ladder: Ladder, *, opened_on: date, due_on: date, today: date, workdays: WorkdayTable
) -> DueReminders:
    """The latest rung whose day has come, and those it supersedes."""
    # Nothing can have come before the first day, and a due date beyond the known years need not stop others.
    if today < opened_on:
        return DueReminders(current=None)
    come = [
        fire
        for fire in scheduled_reminders(ladder, opened_on=opened_on, due_on=due_on, workdays=workdays)
        if fire.on <= today
    ]
    if not come:
        return DueReminders(current=None)
    *passed, current = come
    return DueReminders(current=current, superseded=tuple(_superseded(fire, current) for fire in passed))


def next_reminder_on(
    ladder: Ladder, *, opened_on: date, due_on: date, today: date, workdays: WorkdayTable
) -> date | None:
    """The first day after today on which another rung comes; None when the ladder has run out."""
    ahead = next_reminder(ladder, opened_on=opened_on, due_on=due_on, today=today, workdays=workdays)
    return ahead.on if ahead else None


def next_reminder(
    ladder: Ladder, *, opened_on: date, due_on: date, today: date, workdays: WorkdayTable
) -> ScheduledReminder | None:
    """The rung that comes next after today, with its day; None when the ladder has run out."""
    base = workdays.on_or_before(due_on)
    days = [(_day(rung, opened_on, base, workdays), rung) for rung in ladder.rungs]
    ahead = [(day, rung) for day, rung in days if day >= opened_on and day > today]
    # Of several on one day the first of the ladder, as in `fires`; only this one is looked at closely.
    day, rung = min(ahead, key=lambda entry: entry[0], default=(None, None))
    return _fire(rung, day, base, workdays) if day is not None and rung is not None else None


def _day(rung: Rung, opened_on: date, base: date, workdays: WorkdayTable) -> date:
    if rung.kind is RungKind.ASSIGN:
        return opened_on
    # What was overdue before it was handed out is chased all the same, counted from the day its unit first heard of it.
    return workdays.shift(max(base, opened_on) if rung.workdays > 0 else base, rung.workdays)


def _fire(rung: Rung, day: date, base: date, workdays: WorkdayTable) -> ScheduledReminder:
    counted = rung.kind is not RungKind.ASSIGN
    provisional = counted and workdays.is_provisional(min(day, base), max(day, base))
    return ScheduledReminder(rung=rung, on=day, provisional=provisional)


def _superseded(fire: ScheduledReminder, by: ScheduledReminder) -> Superseded:
    missed = (
        f"{fire.on.month}月{fire.on.day}日的{RUNG_NAMES[fire.rung.kind]}未单独发出，"
        f"并入{by.on.month}月{by.on.day}日的{RUNG_NAMES[by.rung.kind]}"
    )
    return Superseded(fire=fire, cause=missed)


APPROVERS = frozenset({Role.COORDINATOR, Role.LEADER})


def approving_refusals(by: Actor) -> tuple[str, ...]:
    """Every reason against approving by this person."""
    if by.person_id is None:
        return ("批准督办要记在具体的人名下，请用 --as 写明操作人。",)
    if by.roles & APPROVERS:
        return ()
    may = "或".join(ROLE_NAMES[role] for role in Role if role in APPROVERS)
    return (f"{by.name}不能批准或不批准督办，请由{may}办理。",)


def declining_refusals(by: Actor, reason: str) -> tuple[str, ...]:
    """Every reason against declining by this person."""
    own = list(approving_refusals(by))
    if not reason.strip():
        own.append("不批准督办要写明理由，请补写。")
    return tuple(own)
