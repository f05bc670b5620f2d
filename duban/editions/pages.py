"""Editions as pages and answers show them: one edition, a year of them, the units' load, what still needs a person.

Writes nothing; shows what the person may see.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from calendars.almanac import FIRST_YEAR, LAST_YEAR, AlmanacError
from calendars.deadlines.parts import CannotResolve, NotUnderstood
from calendars.deadlines.resolve import resolve
from calendars.ladders import RungKind, find_ladder
from calendars.lunar import almanac_for
from calendars.model import Edition, Milestone, TargetState
from calendars.phrases import PlanYear, plan_year, read_phrase
from calendars.reader.diff import diff_editions
from calendars.workdays import NamedDay, WorkdayTable, YearState, YearUnknown
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, visible_units
from duban.core.db import Connection
from duban.core.errors import NotFound, Refused
from duban.editions.event_queries import (
    EventDuty,
    EventFilter,
    WaitingEvent,
    event_duties,
    waiting_events,
)
from duban.editions.queries import (
    OpenTarget,
    PlannedPoint,
    UndatedMilestone,
    WaitingItem,
    counts_by_milestone,
    edition_or_refuse,
    find_edition,
    load_of_units,
    open_drafts,
    open_targets,
    points_of_timelines,
    points_of_year,
    stored_editions,
    undated_milestones,
    waiting_items,
    years_of_campaign,
)
from duban.editions.rules import Week, load_by_week, peak_weeks, weeks_between
from duban.editions.unscheduled import UnscheduledYear, unscheduled_years
from duban.history.queries import HistoryEntry, list_entries

LINES = 30
LONGEST_PHRASE = 200
MONTHS = range(1, 13)
# Where a point of this year's edition is due before or after the year itself.
BEFORE, AFTER = 0, 13


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneLine:
    """One milestone with how many obligations it has and how many of them are finished."""

    value: Milestone
    owed: int
    done: int
    events: tuple[EventDuty, ...] = ()  # what hangs on an event, one for each unit or subject


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionLine:
    """One line of what was done to the edition, in words."""

    at: datetime
    actor: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionPage:
    """`seen` is the content hash: acts of this page are refused when it has changed. `drafts` are ids being written."""

    edition_id: int
    value: Edition
    state: str
    own: bool
    published_on: date | None
    seen: str
    milestones: tuple[MilestoneLine, ...]
    history: tuple[EditionLine, ...]
    drafts: tuple[int, ...]
    years: tuple[int, ...]
    # In words, against last year's edition where there is one.
    changes: tuple[str, ...] = ()
    against: int | None = None


def show_edition(bureau: Bureau, campaign: str, year: int, *, by: Actor) -> EditionPage:
    """The edition as the person may see it; one that asks nothing of his units is not found."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        value = stored.value
        counts = counts_by_milestone(connection, stored.id, sight)
        events: dict[str, list[EventDuty]] = {}
        for duty in event_duties(connection, sight, EventFilter(edition_id=stored.id)):
            events.setdefault(duty.milestone_key, []).append(duty)
        if not sight.everything and not counts and not events:
            raise NotFound(f"{year}年没有“{campaign}”，或它与您的单位无关，请从导航重新进入。")
        entries = list_entries(connection, edition_id=stored.id, limit=500) if sight.everything else ()
        drafts = open_drafts(connection, campaign=value.campaign, year=year)
        years = years_of_campaign(connection, value.campaign)
        before = find_edition(connection, value.campaign, year - 1) if sight.everything else None
    shown = [one for one in value.milestones if sight.everything or one.key in counts or one.key in events]
    numbers = ((one, *counts.get(one.key, (0, 0))) for one in shown)
    return EditionPage(
        edition_id=stored.id,
        value=value,
        state=stored.state,
        own=stored.own,
        published_on=stored.published_on,
        seen=stored.content_hash,
        milestones=tuple(
            MilestoneLine(value=one, owed=owed, done=done, events=tuple(events.get(one.key, ())))
            for one, owed, done in numbers
        ),
        history=_history(entries, value),
        drafts=tuple(one.id for one in drafts),
        years=years,
        changes=tuple(one.text for one in diff_editions(before.value, value)) if before else (),
        against=year - 1 if before else None,
    )


_VERBS = {
    "publish": "发布",
    "apply": "改动生效",
    "pause": "暂停",
    "resume": "恢复",
    "withdraw": "撤回",
    "change": "改动",
    "enter_event": "填写起算日",
    "take_back_event": "撤回起算日",
    "return": "恢复",
}


def _history(entries: Sequence[HistoryEntry], value: Edition) -> tuple[EditionLine, ...]:
    titles = {one.key: one.title for one in value.milestones}
    shown = [one for one in reversed(entries) if one.noun in ("edition", "milestone") and one.verb in _VERBS]
    return tuple(EditionLine(at=one.at, actor=one.actor, said=_said(one, titles)) for one in shown[:LINES])


def _said(entry: HistoryEntry, titles: Mapping[str, str]) -> str:
    detail = json.loads(entry.detail)
    verb = _VERBS[entry.verb]
    if "event" in detail:
        was = f"（原为{'、'.join(detail['before'])}）" if detail["before"] else ""
        return f"{verb}“{titles.get(detail['key'], detail['key'])}”：{detail['event_on'] or '待定'}{was}"
    if entry.noun == "milestone":
        dates = "；".join(f"{one['before'] or '无'} → {one['after'] or '无'}" for one in detail["dates"])
        return f"{verb}节点“{titles.get(detail['key'], detail['key'])}”{'：' if dates else ''}{dates}"
    counts = (
        ("新增任务", "obligations_new"),
        ("改期", "obligations_moved"),
        ("撤销", "obligations_cancelled"),
        ("新增配合事项", "supports_new"),
        ("撤回配合事项", "supports_withdrawn"),
        ("撤销任务", "cancelled"),
    )
    done = "、".join(f"{word}{detail[key]}项" for word, key in counts if detail.get(key))
    reason = f"（{detail['reason']}）" if detail.get("reason") else ""
    return f"{verb}{reason}{'：' if done else ''}{done}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneShown:
    """One milestone; `points` are label, due date, last workday before it and whether the date is provisional."""

    key: str
    title: str
    source: str
    due_phrase: str
    leads: tuple[str, ...]
    points: tuple[tuple[str, date, date, bool], ...]
    undated: str | None
    obligations: int
    finished: int
    not_concerned: tuple[str, ...] = ()  # their cell says "--": they owe nothing
    undecided: tuple[str, ...] = ()  # their cell is blank: nobody has decided whether they owe it


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionShown:
    """One edition as applied."""

    campaign: str
    year: int
    name: str
    kind: str
    state: str
    published_on: date | None
    ladder: str
    milestones: tuple[MilestoneShown, ...]
    own: bool = False


def show_calendar(
    bureau: Bureau, year: int, campaign: str | None = None, *, by: Actor
) -> tuple[EditionShown, ...]:
    """The applied editions of a year, or one of them; empty when none was applied.

    Whoever sees only his own units sees the editions that they owe something for, with their own counts.
    """
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        found = [
            one
            for one in stored_editions(connection, year=year)
            if campaign is None or campaign in (one.value.campaign, one.value.name)
        ]
        counts = {one.id: counts_by_milestone(connection, one.id, sight) for one in found}
    return tuple(
        EditionShown(
            campaign=one.value.campaign,
            year=year,
            name=one.value.name,
            kind=one.value.kind.value,
            state=one.state,
            published_on=one.published_on,
            ladder=one.value.ladder,
            own=one.own,
            milestones=tuple(
                _milestone(milestone, *counts[one.id].get(milestone.key, (0, 0)))
                for milestone in one.value.milestones
                if sight.everything or milestone.key in counts[one.id]
            ),
        )
        for one in found
        if sight.everything or counts[one.id]
    )


def _milestone(milestone: Milestone, owed: int, done: int) -> MilestoneShown:
    return MilestoneShown(
        key=milestone.key,
        title=milestone.title,
        source=f"{milestone.source.document} {milestone.source.item}",
        due_phrase=milestone.due_phrase,
        leads=milestone.leads,
        points=tuple((one.label, one.due_on, one.last_workday, one.provisional) for one in milestone.points),
        undated=milestone.undated,
        obligations=owed,
        finished=done,
        not_concerned=milestone.quota.units_with(TargetState.NONE) if milestone.quota else (),
        undecided=milestone.quota.units_with(TargetState.BLANK) if milestone.quota else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseDay:
    """One date of a phrase, with what reminders count from; `off` when it is no workday."""

    label: str
    starts_on: date | None
    due_on: date
    last_workday: date | None
    provisional: bool
    off: bool
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseRead:
    """`reason` is set exactly when the phrase goes to a person; `proposal` is a wording that would be understood.

    Without `days` an understood phrase sets no date by itself, and a person sets one.
    """

    phrase: str
    year: int
    rule: str = ""
    soft: bool = False
    due_at: str | None = None
    days: tuple[PhraseDay, ...] = ()
    assumptions: tuple[str, ...] = ()
    reason: str | None = None
    proposal: str | None = None


def explain_phrase(
    bureau: Bureau, phrase: str, year: int, *, by: Actor, campaign: str = "", issued_on: date | None = None
) -> PhraseRead:
    """How a phrase reads; in an edition of the year with its day of issue and its rule for days off. Anybody may ask:
    it touches nothing of the bureau but its workdays and what campaign files say of dates.
    """
    del by  # nothing here belongs to anyone
    phrase = phrase.strip()
    if not phrase or len(phrase) > LONGEST_PHRASE:
        reason = f"请写一个时限，不超过{LONGEST_PHRASE}字，例如“3月底前”。"
        return PhraseRead(phrase=phrase, year=year, reason=reason)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        reason = f"{year}年不在{FIRST_YEAR}至{LAST_YEAR}年之间，请改正年份。"
        return PhraseRead(phrase=phrase, year=year, reason=reason)
    reading = read_phrase(phrase)
    if isinstance(reading, NotUnderstood):
        return PhraseRead(phrase=phrase, year=year, reason=reading.reason, proposal=reading.proposal)
    around = PlanYear(number=year, almanac=almanac_for(), workdays=bureau.workdays)
    if campaign:
        with bureau.store.reading() as connection:
            stored = find_edition(connection, campaign, year)
        around = (
            plan_year(stored.value, almanac=around.almanac, workdays=around.workdays) if stored else around
        )
    try:
        found = resolve(
            reading,
            year=year,
            almanac=almanac_for(),
            workdays=bureau.workdays,
            issued_on=issued_on or around.issued_on,
            roll=around.roll,
        )
    except (CannotResolve, AlmanacError, YearUnknown) as refusal:
        return PhraseRead(phrase=phrase, year=year, rule=reading.rule, reason=str(refusal))
    dates = [(one.label, one.starts_on, one.due_on, one.because) for one in found.occurrences]
    if not dates and found.due_on is not None:
        dates = [("", found.starts_on, found.due_on, ())]
    return PhraseRead(
        phrase=phrase,
        year=year,
        rule=reading.rule,
        soft="soft" in reading.modifiers,
        due_at=found.due_at,
        days=tuple(_day(*one, bureau.workdays) for one in dates),
        assumptions=tuple(dict.fromkeys((*reading.assumptions, *found.assumptions))),
    )


def _day(
    label: str,
    starts_on: date | None,
    due_on: date,
    because: tuple[str, ...],
    workdays: WorkdayTable,
) -> PhraseDay:
    try:
        last, provisional = workdays.on_or_before(due_on), workdays.is_provisional(due_on, due_on)
    except YearUnknown:
        last, provisional = None, True
    return PhraseDay(
        label=label,
        starts_on=starts_on,
        due_on=due_on,
        last_workday=last,
        provisional=provisional,
        off=last is not None and last != due_on,
        because=because,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One edition's own dates, sorted, each once; civil dates in Asia/Shanghai."""

    campaign: str
    year: int
    name: str
    kind: str
    days: tuple[date, ...]


def list_timelines(bureau: Bureau) -> tuple[Timeline, ...]:
    """One timeline for each published edition, oldest year first."""
    with bureau.store.reading() as connection:
        rows = points_of_timelines(connection)
    found = []
    for (campaign, year), some in groupby(rows, key=lambda row: (row.campaign, row.year)):
        points = list(some)
        first = points[0]
        days = {day for one in points if one.due_on for day in _days(bureau, one)}
        if first.published_on:
            days.add(first.published_on)
        found.append(
            Timeline(campaign=campaign, year=year, name=first.name, kind=first.kind, days=tuple(sorted(days)))
        )
    return tuple(found)


def _days(bureau: Bureau, point: Any) -> Iterator[date]:
    # A gate closes once its day is over, so the day after the due date belongs to the timeline.
    yield point.due_on
    yield point.due_on + timedelta(days=1)
    if point.starts_on:
        yield point.starts_on
    ladder = find_ladder(bureau.ladders, point.ladder)
    for rung in ladder.rungs if ladder else ():
        if rung.kind is RungKind.ASSIGN:
            continue
        try:
            yield bureau.workdays.shift(point.last_workday, rung.workdays)
        except YearUnknown:
            # Beyond the years anyone knows; the morning round reads the ledger and needs no schedule.
            continue


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDays:
    """The days of a month that depart from Monday to Friday."""

    off: tuple[NamedDay, ...]
    make_up: tuple[NamedDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignYear:
    """One campaign's points by month; 0 and 13 hold what is due outside the year. `owed` and `done` count obligations."""

    campaign: str
    name: str
    kind: str
    state: str
    own: bool
    months: dict[int, tuple[PlannedPoint, ...]]
    owed: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OffDayPoint:
    """A point that is due on a day off; `why` names the day."""

    point: PlannedPoint
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YearView:
    """A year as the person may see it. `source` names the documents the days off rest on."""

    year: int
    provisional: bool
    source: str
    months: tuple[MonthDays, ...]
    campaigns: tuple[CampaignYear, ...]
    on_days_off: tuple[OffDayPoint, ...]
    undated: tuple[UndatedMilestone, ...]

    def due_in(self, month: int, kind: str = "") -> tuple[PlannedPoint, ...]:
        """All that is due in a month, by date; of one kind of campaign where it is named."""
        found = [
            point for one in self.campaigns if kind in ("", one.kind) for point in one.months.get(month, ())
        ]
        return tuple(sorted(found, key=lambda point: point.due_on))

    @property
    def outside(self) -> frozenset[int]:
        """Which of the two columns outside the year are needed."""
        return frozenset(
            month for one in self.campaigns for month in (BEFORE, AFTER) if one.months.get(month)
        )


def read_year(bureau: Bureau, year: int, *, by: Actor) -> YearView:
    """The year's editions, drafts and paused ones too. A year whose workdays nobody knows has no months' days."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        points = points_of_year(connection, year, sight)
        undated = undated_milestones(connection, year) if sight.everything else ()
    table = bureau.workdays
    known = year in table.years
    by_campaign: dict[str, list[PlannedPoint]] = {}
    for point in points:
        by_campaign.setdefault(point.campaign, []).append(point)
    return YearView(
        year=year,
        provisional=not known or table.state(year) is YearState.PROVISIONAL,
        source=table.source(year) if known else "没有这一年的工作日表，请先导入放假通知。",
        months=tuple(
            MonthDays(
                off=tuple(day for day in table.days_off(year) if day.on.month == month),
                make_up=tuple(day for day in table.make_up_days(year) if day.on.month == month),
            )
            for month in (MONTHS if known else ())
        ),
        campaigns=tuple(_campaign(some, year) for some in by_campaign.values()),
        on_days_off=tuple(_on_days_off(points, table)),
        undated=undated,
    )


def _campaign(points: list[PlannedPoint], year: int) -> CampaignYear:
    months: dict[int, list[PlannedPoint]] = {}
    for point in points:
        due = point.due_on
        month = due.month if due.year == year else BEFORE if due.year < year else AFTER
        months.setdefault(month, []).append(point)
    first = points[0]
    return CampaignYear(
        campaign=first.campaign,
        name=first.campaign_name,
        kind=first.kind,
        state=first.state,
        own=first.own,
        months={month: tuple(some) for month, some in sorted(months.items())},
        owed=sum(point.owed for point in points),
        done=sum(point.done for point in points),
    )


def _on_days_off(points: tuple[PlannedPoint, ...], table: WorkdayTable) -> list[OffDayPoint]:
    names = {day.on: "、".join(day.names) or "放假" for day in table.off}
    found = []
    for point in points:
        try:
            if table.is_workday(point.due_on):
                continue
        except YearUnknown:
            continue
        weekend = f"周{'一二三四五六日'[point.due_on.weekday()]}"
        found.append(OffDayPoint(point=point, why=names.get(point.due_on, weekend)))
    return sorted(found, key=lambda one: one.point.due_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekLoad:
    """One week of one unit, or of all; `open` is what is not finished."""

    week: Week
    owed: int
    open: int
    peak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLoad:
    """One unit through the quarter; `weeks` has an entry for every week of it."""

    unit_id: int
    unit: str
    weeks: tuple[WeekLoad, ...]
    owed: int

    @property
    def peaks(self) -> tuple[WeekLoad, ...]:
        return tuple(one for one in self.weeks if one.peak)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadView:
    """A quarter as the person may see it. Peaks are judged by the unit's whole year."""

    year: int
    quarter: int
    weeks: tuple[Week, ...]
    units: tuple[UnitLoad, ...]
    totals: tuple[WeekLoad, ...]


def read_load(bureau: Bureau, year: int, quarter: int, *, by: Actor) -> LoadView:
    """What is due by unit and ISO week; waived and cancelled obligations burden nobody."""
    if quarter not in (1, 2, 3, 4) or not 2000 <= year <= 2056:
        raise Refused(f"没有{year}年第{quarter}季度，请在上面选择年份和季度。")
    after = date(year + quarter // 4, 3 * quarter % 12 + 1, 1)
    weeks = weeks_between(date(year, 3 * quarter - 2, 1), after - timedelta(days=1))
    opens, ends = min(date(year, 1, 1), weeks[0].monday), max(date(year, 12, 31), weeks[-1].sunday)
    days: dict[tuple[int, str], list[tuple[date, int, int]]] = {}
    with bureau.store.reading() as connection:
        for unit, due_on, owed, still in load_of_units(connection, opens, ends, visible_units(by)):
            days.setdefault(unit, []).append((due_on, owed, still))
    units = []
    for (unit_id, name), some in days.items():
        loads = _weeks(some, weeks)
        total = sum(one.owed for one in loads)
        if total:
            units.append(UnitLoad(unit_id=unit_id, unit=name, weeks=loads, owed=total))
    return LoadView(
        year=year,
        quarter=quarter,
        weeks=weeks,
        units=tuple(sorted(units, key=lambda one: (-one.owed, one.unit_id))),
        totals=_weeks([entry for some in days.values() for entry in some], weeks),
    )


def _weeks(days: list[tuple[date, int, int]], weeks: tuple[Week, ...]) -> tuple[WeekLoad, ...]:
    owed = load_by_week((day, count) for day, count, _ in days)
    still = load_by_week((day, count) for day, _, count in days)
    high = peak_weeks(owed)
    return tuple(
        WeekLoad(week=week, owed=owed.get(week, 0), open=still.get(week, 0), peak=week in high)
        for week in weeks
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnresolvedItems:
    """What the calendars, rosters and ledgers still need a person for."""

    undated: tuple[UndatedMilestone, ...] = ()
    targets: tuple[OpenTarget, ...] = ()
    items: tuple[WaitingItem, ...] = ()
    years: tuple[UnscheduledYear, ...] = ()
    events: tuple[WaitingEvent, ...] = ()

    @property
    def count(self) -> int:
        return len(self.undated) + len(self.targets) + len(self.items) + len(self.years) + len(self.events)


def list_unresolved_items(bureau: Bureau, *, by: Actor, today: date) -> UnresolvedItems:
    """What the bureau itself has to supply; it is no unit's, so only who sees everything sees it."""
    with bureau.store.reading() as connection:
        return unresolved_items(connection, today) if visible_units(by).everything else UnresolvedItems()


def unresolved_items(connection: Connection, today: date) -> UnresolvedItems:
    return UnresolvedItems(
        years=unscheduled_years(connection, today, by=SYSTEM),
        events=waiting_events(connection),
        undated=undated_milestones(connection),
        targets=open_targets(connection),
        items=waiting_items(connection),
    )
