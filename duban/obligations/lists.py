"""The ledger as people read it: a page of obligations, each with the light that the reminders go by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import TypeVar

from calendars.ladders import Audience, find_ladder
from calendars.workdays import YearUnknown
from duban.bureau import Bureau, light_thresholds
from duban.core.access import Actor, VisibleUnits, visible_units
from duban.core.db import Connection
from duban.core.errors import Refused
from duban.core.lights import Light
from duban.obligations.lights import standing_of
from duban.obligations.list_queries import (
    OVER,
    OWED,
    WITH_OTHERS,
    LightFacts,
    ListedObligation,
    ObligationFilter,
    asked_extension_on,
    asked_forward_to,
    count_obligations,
    count_own_obligations,
    facts_of,
    listed_by_id,
    listed_obligations,
    obligation_light_facts,
    own_obligations,
    send_backs,
)
from duban.obligations.support_queries import (
    SupportDuty,
    SupportFilter,
    count_supports,
    sought,
    support_duties,
)
from duban.obligations.support_rules import UNANSWERED
from duban.rounds.schedule import ScheduledReminder, next_reminder
from duban.units.queries import units_by_id

OBLIGATIONS_PAGE = 50


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
            found = listed_obligations(
                bureau, connection, wanted, sight, today, offset=offset, limit=page_size
            )
        else:
            total = None
            some = is_lit(bureau, obligation_light_facts(connection, wanted, sight), today, light)
            ids = list(islice(some, offset, offset + page_size))
            found = listed_by_id(bureau, connection, ids, sight, today)
    return ObligationPage(obligations=found, page=page, page_size=page_size, total=total)


def is_lit(
    bureau: Bureau, rows: Iterable[tuple[int, LightFacts]], today: date, light: Light
) -> Iterator[int]:
    """The ids under one light. Many rows share their facts, so each light is derived once."""
    known: dict[LightFacts, Light] = {}
    limits = light_thresholds(bureau)
    for obligation_id, facts in rows:
        if facts not in known:
            known[facts] = standing_of(facts_of(facts), today, bureau.workdays, limits).light
        if known[facts] is light:
            yield obligation_id


MY_OBLIGATIONS_PAGE = 40
# As many stand on the page of what is owed; all of them have a page of their own.
MY_SUPPORTS = 10


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
class MyPage:
    """A page of one tab, from 1. `owed` and `with_others` count all; what is over is not counted, only read on."""

    tab: Tab
    page: int
    more: bool
    owed: int
    with_others: int
    units: tuple[str, ...]
    obligations: tuple[ListedObligation, ...]
    supports: tuple[
        SupportDuty, ...
    ]  # what the units support and have not reported, while a lead works on it
    supports_total: int


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
        offset = (page - 1) * page_size
        found = own_obligations(
            bureau, connection, sight, STATES[tab], today, offset=offset, limit=page_size + 1
        )
        owed, with_others = count_own_obligations(connection, sight, OWED, WITH_OTHERS)
        wanted = SupportFilter(states=UNANSWERED, led=True)
        supports_total, _, _ = count_supports(connection, wanted, sight)
        first = (
            support_duties(connection, bureau.workdays, *sought(wanted, sight), limit=MY_SUPPORTS)
            if supports_total
            else ()
        )
        return MyPage(
            tab=tab,
            page=page,
            more=len(found) > page_size,
            owed=owed,
            with_others=with_others,
            units=tuple(units_by_id(connection, sight.unit_ids).values()),
            obligations=for_own_page(bureau, connection, found[:page_size], today),
            supports=first,
            supports_total=supports_total,
        )


def own_sight(by: Actor) -> VisibleUnits:
    """The person's own units, also for one who may see all."""
    sight = visible_units(by)
    return VisibleUnits(unit_ids=by.unit_ids) if sight.everything else sight


One = TypeVar("One", bound=ListedObligation)


def for_own_page(
    bureau: Bureau, connection: Connection, found: tuple[One, ...], today: date
) -> tuple[One, ...]:
    """The same with their next reminders and what was decided about them."""
    ids = [one.id for one in found if one.returned_times]
    asked = [one.id for one in found if one.extension_pending]
    returned = send_backs(connection, ids) if ids else {}
    wanted = asked_extension_on(connection, asked) if asked else {}
    forwarded = asked_forward_to(connection, [one.id for one in found]) if found else {}
    return tuple(
        replace(
            one,
            reminder=_next(bureau, one, today) if one.standing.reminds and not one.paused else None,
            sent_back=returned.get(one.id) if one.state in OWED else None,
            extension_wanted_on=wanted.get(one.id),
            forward_asked_to=forwarded.get(one.id),
        )
        for one in found
    )


def _next(bureau: Bureau, one: ListedObligation, today: date) -> ScheduledReminder | None:
    ladder = find_ladder(bureau.ladders, one.ladder)
    if ladder is None:
        return None
    try:
        return next_reminder(
            ladder,
            opened_on=one.opened_on,
            due_on=one.due_on,
            today=today,
            workdays=bureau.workdays,
            audiences=(Audience.UNIT, Audience.LEADER),
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
