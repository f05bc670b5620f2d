"""The ledger as people read it: a page of obligations, each with the light that the reminders go by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import islice

from calendars.workdays import YearUnknown
from duban.bureau import Bureau, light_thresholds
from duban.core.access import Actor, VisibleUnits, visible_units
from duban.core.db import Connection
from duban.core.errors import Refused
from duban.core.lights import Light
from duban.obligations.lights import Facts, Pace, Standing, standing_of
from duban.obligations.list_queries import (
    OVER,
    OWED,
    WITH_OTHERS,
    LightFacts,
    ObligationFilter,
    ObligationRow,
    OwnObligation,
    SentBackRow,
    asked_extension_on,
    count_obligations,
    count_own_obligations,
    obligation_light_facts,
    obligation_rows,
    obligation_rows_by_id,
    own_obligation_rows,
    send_backs,
)
from duban.obligations.states import State
from duban.rounds.schedule import ScheduledReminder, next_reminder
from duban.units.queries import units_by_id

OBLIGATIONS_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedObligation:
    """One row with what follows from the calendar: light, last workday, whether the date is provisional."""

    listed: ObligationRow
    standing: Standing
    last_workday: date
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationPage:
    """A page of the list, from 1. `total` is None when a light was asked for: lights are not stored."""

    obligations: tuple[ListedObligation, ...]
    page: int
    page_size: int
    total: int | None


def list_obligations(
    bureau: Bureau,
    wanted: ObligationFilter,
    *,
    today: date,
    by: Actor,
    light: Light | None = None,
    page: int = 1,
    page_size: int = OBLIGATIONS_PAGE,
) -> ObligationPage:
    """The obligations of one page that the person may see, the earliest date first."""
    sight = visible_units(by)
    offset = (page - 1) * page_size
    with bureau.store.reading() as connection:
        if light is None:
            total = count_obligations(connection, wanted, sight)
            listed = obligation_rows(connection, wanted, sight, offset=offset, limit=page_size)
            found = [classified(bureau, one, today) for one in listed]
        else:
            total = None
            some = is_lit(bureau, obligation_light_facts(connection, wanted, sight), today, light)
            ids = list(islice(some, offset, offset + page_size))
            lit_rows = obligation_rows_by_id(connection, ids, sight)
            found = [classified(bureau, one, today) for one in lit_rows]
    return ObligationPage(obligations=tuple(found), page=page, page_size=page_size, total=total)


def classified(bureau: Bureau, listed: ObligationRow, today: date) -> ListedObligation:
    """A stored row with its light and its last workday."""
    last_workday, provisional = _dates(bureau, listed)
    return ListedObligation(
        listed=listed,
        standing=standing_of(_facts(listed), today, bureau.workdays, light_thresholds(bureau)),
        last_workday=last_workday,
        provisional=provisional,
    )


def is_lit(
    bureau: Bureau, rows: Iterable[tuple[int, LightFacts]], today: date, light: Light
) -> Iterator[int]:
    """The ids under one light. Many rows share their facts, so each light is derived once."""
    known: dict[LightFacts, Light] = {}
    limits = light_thresholds(bureau)
    for obligation_id, facts in rows:
        if facts not in known:
            known[facts] = standing_of(_facts(facts), today, bureau.workdays, limits).light
        if known[facts] is light:
            yield obligation_id


def _facts(one: ObligationRow | LightFacts) -> Facts:
    pace = None
    if one.target is not None:
        pace = Pace(target=one.target, reported=one.reported, starts_on=one.starts_on)
    return Facts(
        state=State(one.state),
        due_on=one.due_on,
        submitted_on=one.submitted_on,
        closed_on=one.closed_on,
        # The mark changes the word, never the light; only a whole row has it.
        late=isinstance(one, ObligationRow) and one.late,
        pace=pace,
    )


def _dates(bureau: Bureau, listed: ObligationRow) -> tuple[date, bool]:
    """The last workday and whether it is provisional; of a date that an extension moved, computed anew."""
    if listed.due_on == listed.point_due_on:
        return listed.point_last_workday, listed.point_provisional
    try:
        last = bureau.workdays.on_or_before(listed.due_on)
        return last, bureau.workdays.is_provisional(last, listed.due_on)
    except YearUnknown:
        # A date granted in a year that nobody knows yet: it stands as it is, and says so.
        return listed.due_on, True


MY_OBLIGATIONS_PAGE = 40


class Tab(StrEnum):
    """The parts of the page."""

    OWED = "owed"  # 待办
    WITH_OTHERS = "with_others"  # 已报送待审核, or its clock stands
    OVER = "over"  # 已办结


STATES = {
    Tab.OWED: OWED,
    Tab.WITH_OTHERS: WITH_OTHERS,
    Tab.OVER: OVER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MyObligation:
    """One obligation as its unit sees it. `reminder` is what comes next if nothing is handed in."""

    seen: ListedObligation
    own: OwnObligation
    reminder: ScheduledReminder | None
    sent_back: SentBackRow | None
    extension_wanted_on: date | None

    @property
    def id(self) -> int:
        return self.seen.listed.id

    @property
    def title(self) -> str:
        listed = self.seen.listed
        return listed.milestone + (f"（{listed.label}）" if listed.label else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class MyPage:
    """A page of one tab, from 1. `owed` and `with_others` count all; what is over is not counted, only read on."""

    tab: Tab
    page: int
    more: bool
    owed: int
    with_others: int
    units: tuple[str, ...]
    obligations: tuple[MyObligation, ...]


def my_obligations(
    bureau: Bureau,
    *,
    by: Actor,
    today: date,
    tab: Tab = Tab.OWED,
    page: int = 1,
    page_size: int = MY_OBLIGATIONS_PAGE,
) -> MyPage:
    """One page of what the person's own units owe; who sees everything has an own unit all the same."""
    sight = own_sight(by)
    with bureau.store.reading() as connection:
        found = own_obligation_rows(
            connection, sight, STATES[tab], offset=(page - 1) * page_size, limit=page_size + 1
        )
        owed, with_others = count_own_obligations(connection, sight, OWED, WITH_OTHERS)
        return MyPage(
            tab=tab,
            page=page,
            more=len(found) > page_size,
            owed=owed,
            with_others=with_others,
            units=tuple(units_by_id(connection, sight.unit_ids).values()),
            obligations=my_obligation_of(bureau, connection, found[:page_size], today),
        )


def own_sight(by: Actor) -> VisibleUnits:
    """The person's own units, also for one who may see all."""
    sight = visible_units(by)
    return VisibleUnits(unit_ids=by.unit_ids) if sight.everything else sight


def my_obligation_of(
    bureau: Bureau, connection: Connection, found: tuple[OwnObligation, ...], today: date
) -> tuple[MyObligation, ...]:
    """Stored rows with what follows from the calendar and what was decided about them."""
    ids = [one.listed.id for one in found if one.listed.returned_times]
    asked = [one.listed.id for one in found if one.listed.extension_pending]
    returned = send_backs(connection, ids) if ids else {}
    wanted = asked_extension_on(connection, asked) if asked else {}
    return tuple(
        _mine(bureau, one, today, returned.get(one.listed.id), wanted.get(one.listed.id)) for one in found
    )


def _mine(
    bureau: Bureau, one: OwnObligation, today: date, returned: SentBackRow | None, wanted_on: date | None
) -> MyObligation:
    shown = classified(bureau, one.listed, today)
    return MyObligation(
        seen=shown,
        own=one,
        reminder=_next(bureau, one, today) if shown.standing.reminds and not one.paused else None,
        sent_back=returned if one.listed.state in OWED else None,
        extension_wanted_on=wanted_on,
    )


def _next(bureau: Bureau, one: OwnObligation, today: date) -> ScheduledReminder | None:
    ladder = bureau.ladders.get(one.ladder)
    if ladder is None:
        return None
    try:
        return next_reminder(
            ladder, opened_on=one.opened_on, due_on=one.listed.due_on, today=today, workdays=bureau.workdays
        )
    except YearUnknown:
        # Reminders beyond the known years are planned when that year's notice is in.
        return None


# More than this is a whole campaign or unit, and is acted on as such.
MOST_IDS = 5000


def obligation_ids(
    bureau: Bureau, wanted: ObligationFilter, *, by: Actor, today: date, light: Light | None = None
) -> tuple[int, ...]:
    """In the order of the list; refused when there are too many to be named one by one."""
    with bureau.store.reading() as connection:
        found = obligation_light_facts(connection, wanted, visible_units(by))
        numbers = (number for number, _ in found) if light is None else is_lit(bureau, found, today, light)
        ids = tuple(islice(numbers, MOST_IDS + 1))
    if len(ids) > MOST_IDS:
        raise Refused(f"符合条件的超过{MOST_IDS}项，请缩小筛选范围，分几次办理。")
    return ids
