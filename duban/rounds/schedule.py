"""Which reminders a group of obligations is owed by now, and which ones it has passed over. Pure.

A group shares its ladder, the day it was opened and the day it is due. Asked is what is owed by a day, not what
falls on it, so that a round after a week's standstill catches up; what was missed collapses into one current rung for
each audience: what the unit's leader is owed never stands for what the unit is owed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain, count, islice, takewhile

from calendars.ladders import RUNG_NAMES, WEEK, Audience, Ladder, Rung, RungKind, find_ladder
from calendars.workdays import WorkdayTable, YearUnknown

# A repeat may come so many workdays sooner than its interval, to stand in the week's one letter.
_SOONER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledReminder:
    """A rung and the day it is owed. `provisional`: counted in a year whose day-off notice is not out yet."""

    rung: Rung
    on: date
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReminders:
    """Of one audience: `current` is the one rung to be sent, `superseded` are those before it, in order.

    `chased_by` is set where others than the unit are told: the day by which its chase must have left.
    """

    current: ScheduledReminder
    superseded: tuple[ScheduledReminder, ...] = ()
    chased_by: date | None = None

    def cause_of(self, passed: ScheduledReminder) -> str:
        """Why a superseded rung has no message of its own, should it not have had one."""
        return (
            f"{passed.on.month}月{passed.on.day}日的{RUNG_NAMES[passed.rung.kind]}未单独发出，"
            f"并入{self.current.on.month}月{self.current.on.day}日的{RUNG_NAMES[self.current.rung.kind]}"
        )


def scheduled_reminders(
    ladder: Ladder, *, opened_on: date, due_on: date, workdays: WorkdayTable, until: date | None = None
) -> tuple[ScheduledReminder, ...]:
    """Every rung that applies to the group, in order of time; with `until` also what repeats up to that day.

    Days count from the last workday on or before the due date. Rungs that would lie before `opened_on` never applied.
    Raises YearUnknown beyond the known years; a repeat that lies there has not come.
    """
    base, days = _days(ladder, opened_on, due_on, workdays)
    if until is not None:
        again = (_repeats(ladder, rung, day, workdays) for day, rung in tuple(days))
        days += chain.from_iterable(takewhile(lambda one: one[0] <= until, some) for some in again)
    # Rungs of one day stand in the order of the ladder.
    return tuple(
        _scheduled(rung, day, base, workdays) for day, rung in sorted(days, key=lambda entry: entry[0])
    )


def due_reminders(
    ladder: Ladder, *, opened_on: date, due_on: date, today: date, workdays: WorkdayTable
) -> tuple[DueReminders, ...]:
    """For each audience the latest rung whose day has come, and those it supersedes; repeats that were missed are
    told by the number of the one that is sent.
    """
    # Nothing can have come before the first day, and a due date beyond the known years need not stop others.
    if today < opened_on:
        return ()
    every = scheduled_reminders(ladder, opened_on=opened_on, due_on=due_on, workdays=workdays, until=today)
    owed = []
    for audience in Audience:
        come = [one for one in every if one.on <= today and one.rung.audience is audience]
        if come:
            current, passed = come[-1], tuple(one for one in come[:-1] if not one.rung.number)
            chased_by = None
            if audience is not Audience.UNIT:
                chased_by = workdays.shift(today, -ladder.days_after_chase(current.rung))
            owed.append(DueReminders(current=current, superseded=passed, chased_by=chased_by))
    return tuple(owed)


def next_reminder(
    ladder: Ladder,
    *,
    opened_on: date,
    due_on: date,
    today: date,
    workdays: WorkdayTable,
    audiences: Collection[Audience] = tuple(Audience),
) -> ScheduledReminder | None:
    """The rung that comes next after today for one of these audiences, with its day; None when nothing comes any more."""
    base, days = _days(ladder, opened_on, due_on, workdays)
    told = [entry for entry in days if entry[1].audience in audiences]
    coming = [entry for entry in told if entry[0] > today]
    for day, rung in told:
        coming += islice((one for one in _repeats(ladder, rung, day, workdays) if one[0] > today), 1)
    # Of several on one day the first of the ladder; only this one is looked at closely.
    ahead = min(coming, key=lambda entry: entry[0], default=None)
    return _scheduled(ahead[1], ahead[0], base, workdays) if ahead else None


def _days(
    ladder: Ladder, opened_on: date, due_on: date, workdays: WorkdayTable
) -> tuple[date, list[tuple[date, Rung]]]:
    """The workday that is counted from, and each rung that applies with its day, in the order of the ladder."""
    base = workdays.on_or_before(due_on)
    days = []
    for rung in ladder.rungs:
        if rung.kind is RungKind.ASSIGN:
            # What comes again every week is handed out once and not each time it begins.
            if ladder.cycle and due_on - opened_on <= timedelta(days=7):
                continue
            day = opened_on
        else:
            # What was overdue before it was handed out is chased all the same, counted from the day its unit first
            # heard of it.
            day = workdays.shift(max(base, opened_on) if rung.workdays > 0 else base, rung.workdays)
        if day >= opened_on:
            days.append((day, rung))
    return base, days


def _repeats(ladder: Ladder, rung: Rung, first: date, workdays: WorkdayTable) -> Iterator[tuple[date, Rung]]:
    """The days on which a rung comes again, as far as the years are known.

    What repeats by whole weeks comes on a week's first workday, so that all that is overdue stands in one letter.
    """
    if not rung.repeat:
        return
    for number in count(1):
        after = ladder.repeat_after(rung, number)
        try:
            if rung.repeat % WEEK:
                day = workdays.shift(first, after)
            else:
                next_week = _monday(workdays.shift(first, WEEK - _SOONER), workdays)
                day = workdays.on_or_after(next_week + timedelta(weeks=after // WEEK - 1))
        except YearUnknown:
            return
        yield day, replace(rung, key=f"{rung.key}/{number}", number=number)


def _monday(day: date, workdays: WorkdayTable) -> date:
    """Of the first week whose first workday is not before the day."""
    monday = day - timedelta(days=day.weekday())
    return monday if workdays.on_or_after(monday) >= day else monday + timedelta(weeks=1)


def _scheduled(rung: Rung, day: date, base: date, workdays: WorkdayTable) -> ScheduledReminder:
    counted = rung.kind is not RungKind.ASSIGN
    provisional = counted and workdays.is_provisional(min(day, base), max(day, base))
    return ScheduledReminder(rung=rung, on=day, provisional=provisional)


_SUPPORT_KINDS = frozenset({RungKind.ASSIGN, RungKind.ADVANCE, RungKind.DUE})
# standard~ are the rungs of the ladder standard that supporting units hear of, standard~! those where they are chased.
_SUPPORT, _CHASED = "~", "!"


def support_key(ladder: str, *, escalates: bool) -> str:
    """The key under which a forecast keeps what supporting units hear of a lead's ladder."""
    return ladder + _SUPPORT + (_CHASED if escalates else "")


def is_support_key(key: str) -> bool:
    return _SUPPORT in key


def heard_ladder(ladders: Mapping[str, Ladder], key: str) -> Ladder | None:
    """The ladder of a key, which may be a supporting unit's; None where nobody has written it."""
    name, supports, chased = key.partition(_SUPPORT)
    found = find_ladder(ladders, name)
    return support_ladder(found, escalates=bool(chased)) if found and supports else found


def support_ladder(ladder: Ladder, *, escalates: bool) -> Ladder:
    """The rungs of a lead's ladder that supporting units hear of: until the date, and where they are chased also after
    it. 通报 names leads only.
    """
    told = _SUPPORT_KINDS | ({RungKind.CHASE, RungKind.ESCALATE} if escalates else set())
    return replace(ladder, rungs=tuple(rung for rung in ladder.rungs if rung.kind in told))
