"""What a unit owes as days in a calendar: one for each matter, on its last workday, gone when it was handed in; and
what it only supports, gone when it was reported."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from itsdangerous import BadData, URLSafeSerializer

from duban.accounts.sessions import raise_generation
from duban.bureau import Bureau
from duban.core.access import Actor, Role, VisibleUnits, visible_units
from duban.core.db import Connection
from duban.core.errors import NotFound, refuse
from duban.core.secrets import derived, portal_key
from duban.history.service import acting
from duban.letters.queries import link_generation_of
from duban.obligations.list_queries import OWED, ListedObligation, own_obligations
from duban.obligations.lists import own_sight
from duban.obligations.support_queries import (
    SupportDuty,
    SupportFilter,
    leads_in_words,
    sought,
    support_duties,
)
from duban.obligations.support_rules import UNANSWERED
from duban.units.queries import units_by_id

# Another salt than the links': a calendar's address never lets anybody in.
_SALT = b"unit-feed"
_GONE = "这个日历地址已失效（已更换，或不完整），请在“我的任务”的“加到手机日历”里取新地址。"


def make_feed_token(bureau: Bureau, connection: Connection, unit_id: int) -> str:
    """The token of the generation in force."""
    generation = link_generation_of(connection, unit_id)
    return str(_signer(bureau).dumps([unit_id, generation]))


def reader_of(bureau: Bureau, token: str) -> Actor:
    """Who reads with this token: nobody in particular, who may look at that one unit."""
    try:
        unit_id, generation = _signer(bureau).loads(token)
    except (BadData, ValueError, TypeError):
        raise NotFound(_GONE) from None
    with bureau.store.reading() as connection:
        now = link_generation_of(connection, unit_id)
        name = units_by_id(connection, [unit_id]).get(unit_id)
    if generation != now or name is None:
        raise NotFound(_GONE)
    return Actor(name=f"{name}的日历", person_id=0, reads=frozenset({unit_id}))


def _signer(bureau: Bureau) -> URLSafeSerializer:
    key = portal_key(bureau.settings)
    return URLSafeSerializer(key, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})


# Beyond this a telephone's calendar helps nobody.
MOST_DAYS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """One matter. `uid` stays the same however often its date or title changes; `sequence` rises with each change."""

    uid: str
    sequence: int
    on: date
    title: str
    details: tuple[str, ...]
    provisional: bool
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCalendar:
    """A unit's calendar, the earliest day first."""

    unit: str
    days: tuple[CalendarDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAddress:
    """Where a unit's calendar is read; `path` begins after the portal's own address."""

    unit_id: int
    unit: str
    path: str


def unit_calendar(bureau: Bureau, unit_id: int, *, by: Actor, today: date) -> UnitCalendar:
    """What that unit is still to hand in; a unit the person may not see is not found."""
    if not visible_units(by).sees(unit_id):
        raise NotFound("没有这个单位的日历。")
    only = VisibleUnits(unit_ids=frozenset({unit_id}))
    with bureau.store.reading() as connection:
        name = units_by_id(connection, [unit_id]).get(unit_id, "")
        owed = own_obligations(bureau, connection, only, OWED, today, offset=0, limit=MOST_DAYS)
        asked = sought(SupportFilter(states=UNANSWERED, led=True), only)
        supports = support_duties(connection, bureau.workdays, *asked, limit=MOST_DAYS)
    mark = derived(bureau.settings, "calendar", "uid")[:8]
    days = [_day(bureau, one, mark) for one in owed] + [_support(bureau, one, mark) for one in supports]
    return UnitCalendar(unit=name, days=tuple(sorted(days, key=lambda day: day.on)))


def feed_addresses(bureau: Bureau, *, by: Actor) -> tuple[FeedAddress, ...]:
    """The addresses of the calendars of the person's own units."""
    with bureau.store.reading() as connection:
        names = units_by_id(connection, own_sight(by).unit_ids)
        return tuple(
            FeedAddress(
                unit_id=unit_id, unit=name, path=f"/feed/{make_feed_token(bureau, connection, unit_id)}.ics"
            )
            for unit_id, name in sorted(names.items())
        )


def _day(bureau: Bureau, one: ListedObligation, mark: str) -> CalendarDay:
    base = bureau.settings.link_start
    return CalendarDay(
        uid=f"obligation-{one.id}-{mark}@duban",
        sequence=one.version,
        on=one.last_workday,
        title=one.title + ("（暂定）" if one.provisional else ""),
        details=tuple(_details(one)),
        provisional=one.provisional,
        address=f"{base}/my/{one.id}" if base else None,
    )


def _support(bureau: Bureau, one: SupportDuty, mark: str) -> CalendarDay:
    base = bureau.settings.link_start
    return CalendarDay(
        uid=f"support-{one.id}-{mark}@duban",
        sequence=one.version,
        on=one.last_workday,
        title=f"配合：{one.title}" + ("（暂定）" if one.provisional else ""),
        details=(
            f"{one.campaign_name} {one.year}",
            f"时限：{one.due_on}（原文“{one.due_phrase}”）",
            f"牵头单位：{one.leads.names}（{leads_in_words(one.leads)}）",
            f"来源：{one.document}",
        ),
        provisional=one.provisional,
        address=f"{base}/support/{one.id}" if base else None,
    )


def _details(one: ListedObligation) -> list[str]:
    lines = [f"{one.campaign_name} {one.year}", f"时限：{one.due_on}（原文“{one.due_phrase}”）"]
    if one.last_workday != one.due_on:
        lines.append(f"最后工作日：{one.last_workday}")
    if one.provisional:
        lines.append("暂定：该年放假安排尚未公布，公布后如有变化会更新。")
    if one.subject:
        lines.append(f"对象：{one.subject}")
    if one.expected:
        lines.append("要报：" + "、".join(item.title for item in one.expected))
    return [*lines, f"来源：{one.source_document}"]


def renew_calendar(bureau: Bureau, unit_id: int, *, by: Actor, now: datetime) -> int:
    """Raise the unit's generation of links; returns it. A handler does so for the own unit only."""
    if Role.COORDINATOR not in by.roles and not (Role.HANDLER in by.roles and by.belongs_to(unit_id)):
        refuse(f"{by.name}不是该单位的经办人，请由该单位经办人或统筹科室更换。")
    with acting(bureau, by=by, now=now) as act:
        generation, _ = raise_generation(act, unit_id)
    return generation
