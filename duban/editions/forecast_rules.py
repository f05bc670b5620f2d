"""Which reminders lie ahead of obligations, and what a change of the calendar does to them. Pure.

Works on groups that share a point, a unit and their dates, as the store counts them; assumes that nobody hands in,
so that what is shown is the most that can be sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from calendars.ladders import Ladder, RungKind
from calendars.workdays import WorkdayTable, YearUnknown
from duban.rounds.rules import ScheduledReminder, due_reminders, scheduled_reminders


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastOwing:
    """Open obligations of one unit for one point that share their dates. `superior_id` is told of escalations."""

    edition_id: int
    campaign: str
    point_id: int
    title: str
    label: str
    unit_id: int
    superior_id: int
    ladder: str
    opened_on: date
    due_on: date
    obligations: int

    @property
    def dates(self) -> tuple[object, ...]:
        """What a planned reminder hangs on; two with the same have the same reminders."""
        return (self.point_id, self.unit_id, self.ladder, self.opened_on, self.due_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastWindow:
    """The days looked at, both ends included; the first is that of the next round."""

    first: date
    last: date

    @classmethod
    def of(cls, first: date, days: int) -> ForecastWindow:
        return cls(first=first, last=first + timedelta(days=days - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class UpcomingReminder:
    """One rung on the day it is planned, and the unit that is told."""

    on: date
    target_id: int
    fire: ScheduledReminder
    owing: ForecastOwing


@dataclass(frozen=True, slots=True, kw_only=True)
class RungShift:
    """One rung of one point on its days before and after a change: how many obligations on which day."""

    campaign: str
    title: str
    label: str
    kind: RungKind
    before: tuple[tuple[date, int], ...]
    after: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCount:
    """Messages before and after, of a day or of a unit."""

    before: int
    after: int

    @property
    def differs(self) -> bool:
        return self.before != self.after


def upcoming_reminders(
    owings: Iterable[ForecastOwing],
    *,
    ladders: Mapping[str, Ladder],
    workdays: WorkdayTable,
    window: ForecastWindow,
    stood: Sequence[ForecastOwing] | None = None,
) -> Iterator[UpcomingReminder]:
    """Every reminder of the window. `stood` are the obligations as they were before a change.

    What did not stand so before is owed at once what its new date has already passed: the next round catches up.
    Dates beyond the known years give no reminder, as in the round.
    """
    known: dict[_Dates, tuple[tuple[ScheduledReminder, ...], ScheduledReminder | None]] = {}
    before = None if stood is None else {one.dates for one in stood}
    held = set() if stood is None else {(one.point_id, one.unit_id) for one in stood}
    for one in owings:
        key = (one.ladder, one.opened_on, one.due_on)
        if key not in known:
            known[key] = _fires(key, ladders, workdays, window)
        coming, overdue = known[key]
        moved = before is not None and one.dates not in before
        # Handing out is done once: a date that moves is told as a change, not as a new matter.
        if overdue and moved and not (overdue.rung.kind is RungKind.ASSIGN and _known(one, held)):
            yield _ahead(one, overdue, window.first)
        for fire in coming:
            yield _ahead(one, fire, fire.on)


def _known(one: ForecastOwing, held: Collection[tuple[int, int]]) -> bool:
    return (one.point_id, one.unit_id) in held


# The ladder, the day of opening and the due date: obligations that share them have the same rungs.
_Dates = tuple[str, date, date]


def _fires(
    key: _Dates, ladders: Mapping[str, Ladder], workdays: WorkdayTable, window: ForecastWindow
) -> tuple[tuple[ScheduledReminder, ...], ScheduledReminder | None]:
    """The rungs inside the window, and the one that would be owed before it began."""
    name, opened_on, due_on = key
    ladder = ladders.get(name)
    if ladder is None:
        return (), None
    dates = {"opened_on": opened_on, "due_on": due_on}
    try:
        every = scheduled_reminders(ladder, **dates, workdays=workdays)
        eve = window.first - timedelta(days=1)
        passed = due_reminders(ladder, **dates, today=eve, workdays=workdays).current
    except YearUnknown:
        return (), None
    coming = tuple(fire for fire in every if window.first <= fire.on <= window.last)
    # Of several rungs on one day the round sends the last.
    latest = {fire.on: fire for fire in coming}
    return tuple(latest.values()), None if window.first in latest else passed


def _ahead(one: ForecastOwing, fire: ScheduledReminder, on: date) -> UpcomingReminder:
    escalates = fire.rung.kind is RungKind.ESCALATE
    return UpcomingReminder(
        on=on, target_id=one.superior_id if escalates else one.unit_id, fire=fire, owing=one
    )


def rung_shifts(
    before: Iterable[UpcomingReminder], after: Iterable[UpcomingReminder]
) -> tuple[RungShift, ...]:
    """The rungs whose days differ, in the order of their first day; what stays where it was is left out."""
    old, new = _by_rung(before), _by_rung(after)
    found = []
    for key in dict.fromkeys((*old, *new)):
        gone, come = old.get(key, Counter()), new.get(key, Counter())
        if gone != come:
            campaign, title, label, kind, _ = key
            found.append(
                RungShift(
                    campaign=campaign,
                    title=title,
                    label=label,
                    kind=kind,
                    before=tuple(sorted((gone - come).items())),
                    after=tuple(sorted((come - gone).items())),
                )
            )
    return tuple(sorted(found, key=_first_day))


_Rung = tuple[str, str, str, RungKind, str]


def _by_rung(some: Iterable[UpcomingReminder]) -> dict[_Rung, Counter[date]]:
    found: dict[_Rung, Counter[date]] = {}
    for one in some:
        key = (
            one.owing.campaign,
            one.owing.title,
            one.owing.label,
            one.fire.rung.kind,
            one.fire.rung.key,
        )
        found.setdefault(key, Counter())[one.on] += one.owing.obligations
    return found


def _first_day(one: RungShift) -> tuple[date, str, str]:
    days = [day for day, _ in (*one.before, *one.after)]
    return min(days), one.title, one.label


def count_messages(some: Iterable[UpcomingReminder]) -> frozenset[tuple[date, int]]:
    """One digest for each unit and day, however much is in it."""
    return frozenset((one.on, one.target_id) for one in some)


@dataclass(frozen=True, slots=True)
class Told:
    """A unit with obligations that share their dates: enough to know on which days it gets a message."""

    unit_id: int
    superior_id: int
    ladder: str
    opened_on: date
    due_on: date


def message_days(
    some: Iterable[Told], *, ladders: Mapping[str, Ladder], workdays: WorkdayTable, window: ForecastWindow
) -> frozenset[tuple[date, int]]:
    """The same as `messages(ahead(…))` for obligations that nothing changes, without saying what is in them."""
    known: dict[_Dates, tuple[tuple[date, bool], ...]] = {}
    found: set[tuple[date, int]] = set()
    for one in some:
        key = (one.ladder, one.opened_on, one.due_on)
        if key not in known:
            coming, _ = _fires(key, ladders, workdays, window)
            known[key] = tuple((fire.on, fire.rung.kind is RungKind.ESCALATE) for fire in coming)
        found.update((on, one.superior_id if escalates else one.unit_id) for on, escalates in known[key])
    return frozenset(found)


def per_day(
    before: Iterable[tuple[date, int]], after: Iterable[tuple[date, int]]
) -> dict[date, MessageCount]:
    """How many digests leave on each day that has any, in order."""
    old, new = Counter(day for day, _ in before), Counter(day for day, _ in after)
    return {day: MessageCount(before=old[day], after=new[day]) for day in sorted({*old, *new})}


def per_unit(
    before: Iterable[tuple[date, int]], after: Iterable[tuple[date, int]]
) -> dict[int, MessageCount]:
    """How many digests each unit gets."""
    old, new = Counter(unit for _, unit in before), Counter(unit for _, unit in after)
    return {unit: MessageCount(before=old[unit], after=new[unit]) for unit in sorted({*old, *new})}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastMatter:
    """What one reminder is about, as it stands in a message."""

    kind: RungKind
    campaign: str
    title: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDifferenceOnDay:
    """What one unit is no longer told on a day, and what it is told instead."""

    on: date
    target_id: int
    gone: tuple[ForecastMatter, ...]
    come: tuple[ForecastMatter, ...]


def message_differences(
    before: Iterable[UpcomingReminder], after: Iterable[UpcomingReminder]
) -> tuple[MessageDifferenceOnDay, ...]:
    """By day and unit, only where the two differ."""
    old, new = _by_message(before), _by_message(after)
    found = []
    for key in sorted({*old, *new}):
        was, is_now = old.get(key, {}), new.get(key, {})
        gone = tuple(one for one in was if one not in is_now)
        come = tuple(one for one in is_now if one not in was)
        if gone or come:
            found.append(MessageDifferenceOnDay(on=key[0], target_id=key[1], gone=gone, come=come))
    return tuple(found)


def _by_message(some: Iterable[UpcomingReminder]) -> dict[tuple[date, int], dict[ForecastMatter, None]]:
    found: dict[tuple[date, int], dict[ForecastMatter, None]] = {}
    for one in some:
        matter = ForecastMatter(
            kind=one.fire.rung.kind,
            campaign=one.owing.campaign,
            title=one.owing.title,
            label=one.owing.label,
        )
        found.setdefault((one.on, one.target_id), {})[matter] = None
    return found
