"""我的任务: what a person's units owe, the earliest last workday first, with all that a unit needs to act on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from office.actions.list_obligations import ListedObligation, seen
from office.actions.office import Office
from office.store import own_obligations, units
from office.store.engine import Connection
from office.store.own_obligations import Own, SentBackRow
from rules.people import Actor
from rules.rungs import Fire, next_fire
from rules.sight import Sight, sight_of
from rules.workdays import YearUnknown

PAGE_SIZE = 40


class Tab(StrEnum):
    """The parts of the page."""

    OWED = "owed"  # 待办
    WITH_OTHERS = "with_others"  # 已报送待审核, or its clock stands
    OVER = "over"  # 已办结


STATES = {
    Tab.OWED: own_obligations.OWED,
    Tab.WITH_OTHERS: own_obligations.WITH_OTHERS,
    Tab.OVER: own_obligations.OVER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MyObligation:
    """One obligation as its unit sees it. `reminder` is what comes next if nothing is handed in."""

    seen: ListedObligation
    own: Own
    reminder: Fire | None
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
    office: Office, *, by: Actor, today: date, tab: Tab = Tab.OWED, page: int = 1, page_size: int = PAGE_SIZE
) -> MyPage:
    """One page of what the person's own units owe; who sees everything has an own unit all the same."""
    sight = own_sight(by)
    with office.store.reading() as connection:
        found = own_obligations.rows(
            connection, sight, STATES[tab], offset=(page - 1) * page_size, limit=page_size + 1
        )
        return MyPage(
            tab=tab,
            page=page,
            more=len(found) > page_size,
            owed=own_obligations.count(connection, sight, own_obligations.OWED),
            with_others=own_obligations.count(connection, sight, own_obligations.WITH_OTHERS),
            units=tuple(units.units_by_id(connection, sight.unit_ids).values()),
            obligations=mine(office, connection, found[:page_size], today),
        )


def own_sight(by: Actor) -> Sight:
    """The person's own units, also for one who may see all."""
    sight = sight_of(by)
    return Sight(unit_ids=by.unit_ids) if sight.everything else sight


def mine(
    office: Office, connection: Connection, found: tuple[Own, ...], today: date
) -> tuple[MyObligation, ...]:
    """Stored rows with what follows from the calendar and what was decided about them."""
    ids = [one.listed.id for one in found if one.listed.returned_times]
    asked = [one.listed.id for one in found if one.listed.extension_pending]
    returned = own_obligations.sent_back(connection, ids) if ids else {}
    wanted = own_obligations.wanted_on(connection, asked) if asked else {}
    return tuple(
        _mine(office, one, today, returned.get(one.listed.id), wanted.get(one.listed.id)) for one in found
    )


def _mine(
    office: Office, one: Own, today: date, returned: SentBackRow | None, wanted_on: date | None
) -> MyObligation:
    shown = seen(office, one.listed, today)
    return MyObligation(
        seen=shown,
        own=one,
        reminder=_next(office, one, today) if shown.standing.reminds and not one.paused else None,
        sent_back=returned if one.listed.state in own_obligations.OWED else None,
        extension_wanted_on=wanted_on,
    )


def _next(office: Office, one: Own, today: date) -> Fire | None:
    ladder = office.ladders.get(one.ladder)
    if ladder is None:
        return None
    try:
        return next_fire(
            ladder, opened_on=one.opened_on, due_on=one.listed.due_on, today=today, workdays=office.workdays
        )
    except YearUnknown:
        # Reminders beyond the known years are planned when that year's notice is in.
        return None
