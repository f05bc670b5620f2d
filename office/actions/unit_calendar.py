"""What a unit owes as days in a calendar: one for each matter, on its last workday, gone when it was handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from office.actions.feed_token import make_feed_token
from office.actions.list_obligations import seen
from office.actions.my_obligations import own_sight
from office.actions.office import Office
from office.actions.secret_tokens import derived
from office.errors import NotFound
from office.store import own_obligations, units
from office.store.own_obligations import Own
from rules.people import Actor
from rules.sight import Sight, sight_of

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


def unit_calendar(office: Office, unit_id: int, *, by: Actor, today: date) -> UnitCalendar:
    """What that unit is still to hand in; a unit the person may not see is not found."""
    if not sight_of(by).sees(unit_id):
        raise NotFound("没有这个单位的日历。")
    only = Sight(unit_ids=frozenset({unit_id}))
    with office.store.reading() as connection:
        name = units.units_by_id(connection, [unit_id]).get(unit_id, "")
        owed = own_obligations.rows(connection, only, own_obligations.OWED, offset=0, limit=MOST_DAYS)
    mark = derived(office.settings, "calendar", "uid")[:8]
    return UnitCalendar(unit=name, days=tuple(_day(office, one, today, mark) for one in owed))


def feed_addresses(office: Office, *, by: Actor) -> tuple[FeedAddress, ...]:
    """The addresses of the calendars of the person's own units."""
    with office.store.reading() as connection:
        names = units.units_by_id(connection, own_sight(by).unit_ids)
        return tuple(
            FeedAddress(
                unit_id=unit_id, unit=name, path=f"/feed/{make_feed_token(office, connection, unit_id)}.ics"
            )
            for unit_id, name in sorted(names.items())
        )


def _day(office: Office, own: Own, today: date, mark: str) -> CalendarDay:
    shown, listed = seen(office, own.listed, today), own.listed
    label = f"（{listed.label}）" if listed.label else ""
    base = (office.settings.link_base or "").rstrip("/")
    return CalendarDay(
        uid=f"obligation-{listed.id}-{mark}@duban",
        sequence=own.version,
        on=shown.last_workday,
        title=listed.milestone + label + ("（暂定）" if shown.provisional else ""),
        details=tuple(_details(own, shown.last_workday, shown.provisional)),
        provisional=shown.provisional,
        address=f"{base}/my/{listed.id}" if base else None,
    )


def _details(own: Own, last_workday: date, provisional: bool) -> list[str]:
    listed = own.listed
    lines = [f"{listed.campaign_name} {listed.year}", f"时限：{listed.due_on}（原文“{own.due_phrase}”）"]
    if last_workday != listed.due_on:
        lines.append(f"最后工作日：{last_workday}")
    if provisional:
        lines.append("暂定：该年放假安排尚未公布，公布后如有变化会更新。")
    if listed.subject:
        lines.append(f"对象：{listed.subject}")
    if own.expected:
        lines.append("要报：" + "、".join(item.title for item in own.expected))
    return [*lines, f"来源：{own.source_document}"]
