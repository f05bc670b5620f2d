"""待定时限: who waits for the day of an event, and the day entered, moved or taken back by whoever knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from calendars.lunar import almanac_for
from calendars.model import Edition, Milestone
from calendars.phrases import plan_year, read_phrase
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Actor, Role, visible_units
from duban.core.days import happened_faults, planned_faults
from duban.core.db import Connection, advisory_lock
from duban.core.errors import NotFound, Refused, refuse
from duban.editions.event_points import event_point
from duban.editions.event_queries import (
    EventDuty,
    EventFilter,
    closing_editions,
    event_duties,
    set_events,
)
from duban.editions.queries import StoredEdition, edition_or_refuse, milestones_of, stored_edition_by_id
from duban.editions.service import ChangeContext, EditionChange, change_edition, tell_units
from duban.editions.staging_queries import CHANGEABLE
from duban.history.service import Act, acting
from duban.obligations.states import STATE_NAMES, State
from duban.units.queries import find_unit, unit_names
from duban.units.rules import person_refusals, reporting_units

NAMED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDay:
    """The day of an event as somebody knows it: of one unit, of one subject (its code), or of every unit that waits.

    `event_on` None takes the day back. `note` says where it is known from, or why it is changed.
    """

    campaign: str
    year: int
    milestone: str
    event_on: date | None
    unit: str = ""
    subject: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEntered:
    """What the day did: how many duties have it now, and the date that follows."""

    name: str
    year: int
    milestone: str
    event: str
    event_on: date | None
    due_on: date | None
    duties: int
    obligations_new: int
    obligations_moved: int
    obligations_cancelled: int
    told: tuple[str, ...]

    @property
    def sentence(self) -> str:
        name = f"{self.name}{self.year}年“{self.milestone}”"
        if self.event_on is None:
            return f"{name}：{self.duties}项的{self.event}日期已撤回，恢复待定，撤销任务{self.obligations_cancelled}项。"
        moved = f"、改期{self.obligations_moved}项" if self.obligations_moved else ""
        told = f"，告知{len(self.told)}个单位" if self.told else ""
        return (
            f"{name}：{self.event}之日{self.event_on}，时限{self.due_on}；"
            f"涉及{self.duties}项，新增任务{self.obligations_new}项{moved}{told}。"
        )


def list_event_duties(bureau: Bureau, wanted: EventFilter, *, by: Actor) -> tuple[EventDuty, ...]:
    """What hangs on events, as far as the person may see it; those without a day are waiting."""
    with bureau.store.reading() as connection:
        return event_duties(connection, visible_units(by), wanted)


def enter_event(
    bureau: Bureau, entry: EventDay, *, by: Actor, now: datetime, dry_run: bool = False
) -> EventEntered:
    """Enter the day, move it or take it back; what hangs on it is owed from now on, by another date, or waits again."""
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        advisory_lock(act.connection)
        stored = edition_or_refuse(act.connection, entry.campaign, entry.year)
        milestone = _milestone_or_refuse(stored, entry.milestone)
        duties = _duties(act, stored, milestone, entry)
        due_on = _due_on(bureau, stored.value, milestone, entry.event_on, clock.civil(now))
        refuse(*_refusals(by, milestone, entry, duties))
        before = sorted({str(one.event_on) for one in duties if one.event_on})
        set_events(
            act.connection,
            [one.id for one in duties],
            {
                "event_on": entry.event_on,
                "entered_by": by.person_id,
                "entered_at": now,
                "note": entry.note.strip(),
            },
        )
        cause = f"{stored.value.name}{stored.value.year}年“{milestone.title}”的{milestone.event}日期有变动"
        change, told = _recount(act, stored, frozenset(one.unit_id for one in duties), cause)
        units = tuple(dict.fromkeys(one.unit for one in duties))
        act.note(
            "enter_event" if entry.event_on else "take_back_event",
            "milestone",
            milestones_of(act.connection, stored.id)[milestone.key].id,
            edition_id=stored.id,
            unit_id=duties[0].unit_id if len(units) == 1 else None,
            detail={
                "key": milestone.key,
                "event": milestone.event,
                "event_on": entry.event_on,
                "before": before,
                "due_on": due_on,
                "units": list(units[:NAMED]),
                "subjects": [one.subject for one in duties if one.subject][:NAMED],
                "duties": len(duties),
                "reason": entry.note.strip(),
            },
        )
    return EventEntered(
        name=stored.value.name,
        year=stored.value.year,
        milestone=milestone.title,
        event=milestone.event or "",
        event_on=entry.event_on,
        due_on=due_on,
        duties=len(duties),
        obligations_new=change.obligations_new + change.obligations_returned,
        obligations_moved=change.obligations_moved,
        obligations_cancelled=change.obligations_cancelled,
        told=told,
    )


def _milestone_or_refuse(stored: StoredEdition, named: str) -> Milestone:
    name = f"{stored.value.name}{stored.value.year}年"
    if stored.state not in ("published", "paused"):
        raise Refused(f"{name}还没有发布，发布以后再填日期。")
    found = next((one for one in stored.value.milestones if named in (one.key, one.title)), None)
    if found is None:
        raise NotFound(f"{name}没有节点“{named}”，请用 duban event list 查看待定时限。")
    if found.event is None:
        raise Refused(
            f"“{found.title}”的时限“{found.due_phrase}”不从某一天起算，不必填日期；要改时限的请改时限。"
        )
    if found.counts_from is not None:
        raise Refused(f"“{found.title}”从前一环节的销号之日起算，销号后日期自己排出，不用填。")
    return found


def _duties(act: Act, stored: StoredEdition, milestone: Milestone, entry: EventDay) -> tuple[EventDuty, ...]:
    """The duties that the entry speaks of: without a unit all that still wait, of a handler his own."""
    unit_id = None
    if entry.unit:
        named = find_unit(act.connection, entry.unit)
        if named is None:
            raise NotFound(f"没有叫“{entry.unit}”的单位，请核对单位名称。")
        unit_id = named.id
    wanted = EventFilter(
        edition_id=stored.id, milestone=milestone.key, unit_id=unit_id, subject=entry.subject
    )
    found = event_duties(act.connection, visible_units(act.by), wanted)
    if not (entry.unit or entry.subject):
        keeps = Role.COORDINATOR in act.by.roles
        own = found if keeps else tuple(one for one in found if one.unit_id in reporting_units(act.by))
        waiting = tuple(one for one in own if one.event_on is None)
        found = waiting or (() if keeps else own)
    if not found:
        whose = entry.subject or entry.unit or "待填日期的单位"
        raise NotFound(f"“{milestone.title}”没有{whose}，请用 duban event list 核对单位、对象和已填的日期。")
    return found


def _due_on(
    bureau: Bureau, value: Edition, milestone: Milestone, event_on: date | None, today: date
) -> date | None:
    """The date that follows. Refused for a day that cannot be the event's, and for a date that is not the edition's."""
    if event_on is None:
        return None
    counted = getattr(getattr(read_phrase(milestone.due_phrase), "parts", None), "counted", None)
    name, since, since_is = f"{milestone.event}之日", date(value.year - 1, 1, 1), "上一年度年初"
    if counted is not None and counted.n < 0:
        # What a date is counted back from lies ahead: 届满前30日.
        refuse(*planned_faults(name, event_on, since=since, since_is=since_is))
    else:
        refuse(*happened_faults(name, event_on, today, since=since, since_is=since_is))
    year = plan_year(value, almanac=almanac_for(), workdays=bureau.workdays)
    point = event_point(milestone, event_on, year)
    if point is None:
        begins = value.issued_on or f"{value.year}年1月1日"
        raise Refused(
            f"从{event_on}起算，“{milestone.title}”的时限早于{begins}，不属于{value.year}年度，请核对日期。"
        )
    return point.due_on


def _refusals(by: Actor, milestone: Milestone, entry: EventDay, duties: Sequence[EventDuty]) -> list[str]:
    """Every reason of person and state against the entry at once."""
    own = list(person_refusals(by, "事件日期"))
    strange = sorted({one.unit for one in duties if one.unit_id not in reporting_units(by)})
    if strange and Role.COORDINATOR not in by.roles:
        own.append(f"{by.name}不是{'、'.join(strange[:3])}的经办人，请由该单位经办人或统筹科室填写。")
    settled = [one for one in duties if one.state and State(one.state) not in CHANGEABLE]
    if settled:
        first = settled[0]
        own.append(
            f"{first.subject or first.unit}的任务现为“{STATE_NAMES[State(first.state or '')]}”，"
            f"不能再改{milestone.event}日期；确需更改的，请先退回或重新打开"
        )
    changes = [one for one in duties if one.event_on and one.event_on != entry.event_on]
    if changes and not entry.note.strip():
        own.append(f"已填过{changes[0].event_on}，改动要写明原因，请补上")
    if entry.event_on is None and not any(one.event_on for one in duties):
        own.append("还没有填过日期，不用撤回")
    if entry.event_on is not None and all(one.event_on == entry.event_on for one in duties):
        own.append(f"已经是{entry.event_on}，没有改动")
    return own


def _recount(
    act: Act, stored: StoredEdition, entered: frozenset[int], cause: str
) -> tuple[EditionChange, tuple[str, ...]]:
    """The edition with the days as they are now; other units than the actor's own are told of dates that moved."""
    context = ChangeContext(
        by=act.by, now=act.now, publish=False, own=stored.own, cause=cause, entered=entered
    )
    names = unit_names(act.connection)
    change, moved = change_edition(act.connection, act.bureau, stored.value, stored, names, context)
    others = [one for one in moved if one.unit_id not in act.by.unit_ids]
    ref = f"event-{stored.id}-{act.now:%Y%m%d%H%M%S}"
    told = tell_units(act.connection, act.bureau, others, cause=cause, ref=ref, now=act.now)
    return change, told


def follow_roster(act: Act, stored: StoredEdition) -> int:
    """Date what hangs on events of the subjects that the roster has now; returns how many obligations are new."""
    if not any(one.event and one.per_subject for one in stored.value.milestones):
        return 0
    change, _ = _recount(act, stored, frozenset(), f"{stored.value.name}{stored.value.year}年名册有变动")
    return change.obligations_new


def follow_closing(
    connection: Connection, bureau: Bureau, *, now: datetime, closed_id: int | None = None
) -> int:
    """Date what is counted from a signing-off: of any, or of this obligation's. Returns how many are new."""
    new = 0
    for edition_id in closing_editions(connection, closed_id=closed_id):
        stored = stored_edition_by_id(connection, edition_id)
        assert stored is not None, "just found"
        act = Act(bureau=bureau, connection=connection, by=SYSTEM, now=now)
        change, _ = _recount(
            act, stored, frozenset(), f"{stored.value.name}{stored.value.year}年前一环节已销号"
        )
        new += change.obligations_new
        if change.obligations_new or change.obligations_moved:
            counts = {"new": change.obligations_new, "moved": change.obligations_moved}
            act.note("follow_closing", "edition", stored.id, edition_id=stored.id, detail=counts)
    return new


def follow_closings(bureau: Bureau, *, now: datetime) -> int:
    """The same in a transaction of its own: the morning's look for what was signed off by whatever door."""
    with bureau.store.reading() as connection:
        if not closing_editions(connection):
            return 0
    with bureau.store.writing() as connection:
        advisory_lock(connection)
        return follow_closing(connection, bureau, now=now)
