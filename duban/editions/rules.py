"""What an edition asks of which units, in which weeks, and which reminders lie ahead of it. Pure.

Forecasts work on groups that share a point, a unit and their dates, as the queries count them; they assume that nobody
hands in, so that what is shown is the most that can be sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any, TypeVar

from calendars.ladders import Audience, Ladder, Rung, RungKind, ladder_key
from calendars.model import CampaignKind, Edition, Milestone, Point, TargetState
from calendars.workdays import WorkdayTable, YearUnknown
from duban.core.errors import Refused
from duban.rounds.schedule import (
    ScheduledReminder,
    due_reminders,
    heard_ladder,
    is_support_key,
    scheduled_reminders,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointChange:
    """One date of a milestone before and after; None where there is none."""

    label: str
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneChange:
    """`change` is new, changed, withdrawn or returned; `points` only those whose dates differ."""

    key: str
    title: str
    change: str
    points: tuple[PointChange, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsibleUnits:
    """A milestone's units by id. `targets` holds state and value for the leads that have a target."""

    leads: tuple[int, ...]
    supporting: tuple[int, ...]
    targets: tuple[tuple[int, TargetState, str | None], ...]


def assign_units(
    edition: Edition, find: Callable[[str], int | None]
) -> tuple[int, tuple[ResponsibleUnits, ...]]:
    """The coordinator, and the units of each milestone. Raises Refused with every unit that is unknown, twice among
    the leads, or has a target without being one of them.
    """
    reasons: dict[str, None] = {}
    known: dict[tuple[str, ...], tuple[int | None, ...]] = {}

    def ids(names: tuple[str, ...]) -> tuple[int, ...]:
        # Most milestones of an edition share their leads; a hundred thousand names are looked up once.
        found = known.setdefault(names, tuple(find(name) for name in names))
        for name, unit_id in zip(names, found, strict=True):
            if unit_id is None:
                reasons[_unknown(name)] = None
        return tuple(unit_id for unit_id in found if unit_id is not None)

    coordinator = ids((edition.coordinator,))
    assigned = []
    for milestone in edition.milestones:
        leads = ids(milestone.leads)
        among = frozenset(leads)
        if not leads and not milestone.per_subject:
            reasons[f"“{milestone.title}”没有牵头单位，请写明一个"] = None
        if len(among) != len(leads):
            text = f"“{milestone.title}”把同一个单位写了两次牵头，每项任务只有一个牵头单位，请删去一处"
            reasons[text] = None
        targets: dict[int, tuple[int, TargetState, str | None]] = {}
        for target in milestone.quota.targets if milestone.quota else ():
            unit_id = find(target.unit)
            if unit_id is None:
                reasons[_unknown(target.unit)] = None
                continue
            if unit_id not in among:
                text = (
                    f"“{milestone.title}”给{target.unit}定了目标，但它不是责任单位，请加为牵头单位或删去目标"
                )
                reasons[text] = None
            elif unit_id in targets:
                reasons[f"“{milestone.title}”给{target.unit}定了两个目标，请只留一个"] = None
            value = None if target.value is None else str(target.value)
            targets[unit_id] = (unit_id, target.state, value)
        assigned.append(
            ResponsibleUnits(
                leads=leads, supporting=ids(milestone.supporting), targets=tuple(targets.values())
            )
        )
    if reasons:
        raise Refused(f"{edition.name}{edition.year}年：{reason}" for reason in reasons)
    return coordinator[0], tuple(assigned)


def _unknown(name: str) -> str:
    return f"单位“{name}”没有登记，请先登记单位，或改正文件里的名称"


def opened_on(point: Point, today: date) -> date:
    """The day an obligation is first owed: the day it is published, or the point's own beginning if that is later.

    What was due before that is still owed; the ladder's earlier rungs never applied to it.
    """
    return max(today, point.starts_on) if point.starts_on else today


# The State Council's notice for the next year comes out about then, and January's dates rest on it.
FIRST_MONTH = 11


def years_to_schedule(today: date) -> tuple[int, ...]:
    """The years whose editions should be there by now: the present one, from November on the next too."""
    return (today.year, today.year + 1) if today.month >= FIRST_MONTH else (today.year,)


def earlier_milestones(edition: Edition) -> dict[str, tuple[str, ...]]:
    """What each milestone follows, by key: those its file names in `after`, and in a rectification every stage before
    its own.
    """
    staged = edition.kind is CampaignKind.RECTIFICATION
    found = {}
    for one in edition.milestones:
        before = (
            other.key
            for other in edition.milestones
            if staged and one.stage and other.stage and other.stage < one.stage
        )
        found[one.key] = tuple(dict.fromkeys((*one.after, *before)))
    return found


def ladder_of(edition: Edition, milestone: Milestone) -> str:
    """By which ladder a milestone is reminded of: its own, else the edition's; shortened where it comes every week."""
    return ladder_key(milestone.ladder or edition.ladder, [point.due_on for point in milestone.points])


# Below this many in a week nothing is called a peak, whatever the other weeks are.
LEAST_PEAK = 3


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Week:
    """An ISO week; the year is that of its Thursday."""

    year: int
    number: int

    @property
    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)


def week_of(day: date) -> Week:
    found = day.isocalendar()
    return Week(year=found.year, number=found.week)


def weeks_between(first: date, last: date) -> tuple[Week, ...]:
    """Every week that has a day from `first` to `last`."""
    monday = week_of(first).monday
    count = (last - monday).days // 7 + 1
    return tuple(week_of(monday + timedelta(weeks=number)) for number in range(count))


def load_by_week(counts: Iterable[tuple[date, int]]) -> dict[Week, int]:
    """Counts of days as counts of their weeks, in order."""
    found: Counter[Week] = Counter()
    for day, count in counts:
        found[week_of(day)] += count
    return dict(sorted(found.items()))


def peak_weeks(weeks: Mapping[Week, int]) -> frozenset[Week]:
    """Weeks with at least twice what the unit usually has in a week that has anything."""
    if not weeks:
        return frozenset()
    usual = median(weeks.values())
    return frozenset(week for week, count in weeks.items() if count >= max(LEAST_PEAK, 2 * usual))


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastOwing:
    """Open obligations of one unit for one point that share their dates. `superior_id` is told of escalations."""

    campaign: str
    point_id: int
    title: str
    label: str
    unit_id: int
    superior_id: int
    ladder: str
    opened_on: date
    due_on: date
    obligations: int  # of a supporting unit: duties, its `ladder` then is a support_key

    @property
    def supports(self) -> bool:
        return is_support_key(self.ladder)

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
    rung: Rung
    owing: ForecastOwing


class RungDays:
    """The rungs of obligations inside a window. Those that share ladder, day of opening and due date share their rungs.

    Dates beyond the known years give no reminder, as in the round. `escalate_to` is the bureau's setting.
    """

    def __init__(
        self,
        ladders: Mapping[str, Ladder],
        workdays: WorkdayTable,
        window: ForecastWindow,
        escalate_to: str = "parent",
    ) -> None:
        self.ladders, self.workdays, self.window, self.escalate_to = ladders, workdays, window, escalate_to
        self._known: dict[
            tuple[str, date, date], tuple[tuple[ScheduledReminder, ...], ScheduledReminder | None]
        ] = {}

    def of(
        self, name: str, opened_on: date, due_on: date
    ) -> tuple[tuple[ScheduledReminder, ...], ScheduledReminder | None]:
        """The rungs inside the window, and the one that its unit would be owed before it began."""
        key = (name, opened_on, due_on)
        if key not in self._known:
            self._known[key] = self._look_up(*key)
        return self._known[key]

    def readers(self, rung: Rung, unit_id: int, superior_id: int) -> tuple[int, ...]:
        """The units that a rung is sent to."""
        if rung.audience is Audience.UNIT or self.escalate_to == "own":
            return (unit_id,)
        return (superior_id,) if self.escalate_to == "parent" else (unit_id, superior_id)

    def _look_up(
        self, name: str, opened_on: date, due_on: date
    ) -> tuple[tuple[ScheduledReminder, ...], ScheduledReminder | None]:
        ladder = heard_ladder(self.ladders, name)
        if ladder is None:
            return (), None
        first, last = self.window.first, self.window.last
        dates: Any = {"opened_on": opened_on, "due_on": due_on, "workdays": self.workdays}
        try:
            every = scheduled_reminders(ladder, **dates, until=last)
            eve = due_reminders(ladder, **dates, today=first - timedelta(days=1))
        except YearUnknown:
            return (), None
        # Of several rungs on one day an audience is sent the last; a draft is not sent.
        latest = {
            (one.rung.audience, one.on): one
            for one in every
            if first <= one.on <= last and one.rung.audience is not Audience.COORDINATOR
        }
        # Others hear only after the unit was chased.
        passed = next((one.current for one in eve if one.chased_by is None), None)
        return tuple(latest.values()), None if (Audience.UNIT, first) in latest else passed


def upcoming_reminders(
    owings: Iterable[ForecastOwing], days: RungDays, *, stood: Sequence[ForecastOwing] | None = None
) -> Iterator[UpcomingReminder]:
    """Every reminder of the window. `stood` are the obligations as they were before a change.

    What did not stand so before is owed at once what its new date has already passed: the next round catches up.
    """
    before = None if stood is None else {one.dates for one in stood}
    held = {(one.point_id, one.unit_id) for one in stood or ()}
    for one in owings:
        coming, overdue = days.of(one.ladder, one.opened_on, one.due_on)
        due = [(reminder.on, reminder.rung) for reminder in coming]
        moved = before is not None and one.dates not in before
        # Handing out is done once: a date that moves is told as a change, not as a new matter; to who supports in the
        # next letter.
        told = overdue is not None and overdue.rung.kind is RungKind.ASSIGN and not one.supports
        if overdue and moved and not (told and (one.point_id, one.unit_id) in held):
            due.insert(0, (days.window.first, overdue.rung))
        for on, rung in due:
            for target_id in days.readers(rung, one.unit_id, one.superior_id):
                yield UpcomingReminder(on=on, target_id=target_id, rung=rung, owing=one)


def message_days(
    some: Iterable[tuple[int, int, str, date, date]], days: RungDays
) -> frozenset[tuple[date, int]]:
    """The same as `count_messages(upcoming_reminders(…))` for obligations that nothing changes, without saying what is
    in them: each is a unit, its superior, a ladder, the day of opening and the due date.
    """
    return frozenset(
        (reminder.on, target_id)
        for unit_id, superior_id, ladder, opened_on, due_on in some
        for reminder in days.of(ladder, opened_on, due_on)[0]
        for target_id in days.readers(reminder.rung, unit_id, superior_id)
    )


def count_messages(some: Iterable[UpcomingReminder]) -> frozenset[tuple[date, int]]:
    """One digest for each unit and day, however much is in it."""
    return frozenset((one.on, one.target_id) for one in some)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterCost:
    """How many letters a campaign by itself costs one of its units in a month: on average where all is done by its
    date and where nothing ever is, and in the fullest month of any unit.
    """

    units: int
    months: int
    in_time: Decimal
    never: Decimal
    most: int

    @property
    def sentence(self) -> str:
        """For people."""
        return (
            f"本专项给每个单位的信，平均每月{self.in_time}封（都按时办）到{self.never}封（一直不办），"
            f"最多的一个单位最多的一个月{self.most}封；与其他专项同一天的合成一封。"
        )


def letter_cost(some: Iterable[UpcomingReminder]) -> LetterCost | None:
    """From the first reminder to the month of the last date; None where no unit is reminded of anything."""
    own = [one for one in some if one.target_id == one.owing.unit_id and one.rung.audience is Audience.UNIT]
    if not own:
        return None
    first, last = min(one.on for one in own), max(one.owing.due_on for one in own)
    months = max((last.year - first.year) * 12 + last.month - first.month + 1, 1)
    within = [one for one in own if (one.on.year, one.on.month) <= (last.year, last.month)]
    letters, in_time = (
        count_messages(one for one in within if late or one.rung.workdays <= 0) for late in (True, False)
    )
    units = len({one.target_id for one in own})
    full = Counter((unit_id, on.year, on.month) for on, unit_id in letters)

    def a_month(some: frozenset[tuple[date, int]]) -> Decimal:
        return (Decimal(len(some)) / (units * months)).quantize(Decimal("0.1"), ROUND_HALF_UP)

    return LetterCost(
        units=units,
        months=months,
        in_time=a_month(in_time),
        never=a_month(letters),
        most=max(full.values(), default=0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCount:
    """Messages before and after, of a day or of a unit."""

    before: int
    after: int

    @property
    def differs(self) -> bool:
        return self.before != self.after


Key = TypeVar("Key", bound=Hashable)


def message_counts(before: Iterable[Key], after: Iterable[Key]) -> dict[Key, MessageCount]:
    """How often each day, or each unit, is among the messages before and after, in order."""
    old, new = Counter(before), Counter(after)
    return {key: MessageCount(before=old[key], after=new[key]) for key in sorted({*old, *new})}  # type: ignore[type-var]  # keys are of one kind


@dataclass(frozen=True, slots=True, kw_only=True)
class RungShift:
    """One rung of one point on its days before and after a change: how many obligations on which day."""

    campaign: str
    title: str
    label: str
    kind: RungKind
    before: tuple[tuple[date, int], ...]
    after: tuple[tuple[date, int], ...]


def rung_shifts(
    before: Iterable[UpcomingReminder], after: Iterable[UpcomingReminder]
) -> tuple[RungShift, ...]:
    """The rungs whose days differ, in the order of their first day; what stays where it was is left out, and what comes
    again because nobody hands in, and what is told to who supports.
    """
    rungs: dict[tuple[str, str, str, RungKind, str], tuple[Counter[date], Counter[date]]] = {}
    for side, some in enumerate((before, after)):
        for one in some:
            owing = one.owing
            if one.rung.number or owing.supports:
                continue
            key = (owing.campaign, owing.title, owing.label, one.rung.kind, one.rung.key)
            rungs.setdefault(key, (Counter(), Counter()))[side][one.on] += owing.obligations
    found = [
        RungShift(
            campaign=campaign,
            title=title,
            label=label,
            kind=kind,
            before=tuple(sorted((old - new).items())),
            after=tuple(sorted((new - old).items())),
        )
        for (campaign, title, label, kind, _), (old, new) in rungs.items()
        if old != new
    ]
    return tuple(sorted(found, key=lambda one: (min((*one.before, *one.after))[0], one.title, one.label)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastMatter:
    """What one reminder is about, as it stands in a message."""

    kind: RungKind
    campaign: str
    title: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDifference:
    """What these units are no longer told on a day, and what they are told instead."""

    on: date
    units: tuple[str, ...]
    gone: tuple[ForecastMatter, ...]
    come: tuple[ForecastMatter, ...]


def message_differences(
    before: Iterable[UpcomingReminder], after: Iterable[UpcomingReminder], names: Mapping[int, str]
) -> tuple[MessageDifference, ...]:
    """By day and unit, only where the two differ; units for which a day changes in the same way stand together."""
    messages: dict[tuple[date, int], tuple[dict[ForecastMatter, None], dict[ForecastMatter, None]]] = {}
    for side, some in enumerate((before, after)):
        for one in some:
            owing = one.owing
            matter = ForecastMatter(
                kind=one.rung.kind, campaign=owing.campaign, title=owing.title, label=owing.label
            )
            messages.setdefault((one.on, one.target_id), ({}, {}))[side][matter] = None
    units: dict[tuple[date, tuple[ForecastMatter, ...], tuple[ForecastMatter, ...]], list[str]] = {}
    for (on, unit_id), (old, new) in sorted(messages.items(), key=lambda entry: entry[0]):
        gone = tuple(one for one in old if one not in new)
        come = tuple(one for one in new if one not in old)
        if gone or come:
            units.setdefault((on, gone, come), []).append(names[unit_id])
    return tuple(
        MessageDifference(on=on, units=tuple(some), gone=gone, come=come)
        for (on, gone, come), some in units.items()
    )
