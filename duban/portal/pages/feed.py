"""A unit's dates outside the portal: its calendar (iCalendar, RFC 5545) under a signed address, its ledger as a sheet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from icalendar import Calendar, Event
from pydantic import Field

from duban.accounts.calendar_feed import (
    CalendarDay,
    UnitCalendar,
    feed_addresses,
    reader_of,
    renew_calendar,
    unit_calendar,
)
from duban.core.access import Role
from duban.core.errors import NotFound
from duban.portal.access import TooOften, allow, anyone, throttled
from duban.portal.context import PageContext
from duban.portal.forms import Form, Whole, comes_back
from duban.portal.rendering import xlsx_response
from duban.reports.exports import export_unit_ledger

router = APIRouter()
Handler = Annotated[PageContext, allow(Role.HANDLER)]
# How often a telephone should look again: dates move seldom.
_EVERY = timedelta(hours=12)


class WhichUnit(Form):
    unit: Whole = Field(title="单位")


@router.get("/feed/{token}.ics")
def feed(desk: Annotated[PageContext, anyone()], token: str) -> Response:
    """The calendar, for programs: its address is the only thing they know."""
    try:
        with throttled(desk.request):
            reader = reader_of(desk.bureau, token)
    except TooOften as often:
        return PlainTextResponse(str(often), status_code=429)
    except NotFound as gone:
        return PlainTextResponse(str(gone), status_code=404)
    (unit_id,) = reader.reads
    found = unit_calendar(desk.bureau, unit_id, by=reader, today=desk.today)
    return Response(
        as_icalendar(found, now=desk.now),
        media_type="text/calendar; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="duban.ics"', "cache-control": "private"},
    )


@router.get("/my/ledger.xlsx")
def ledger(desk: Annotated[PageContext, allow(Role.HANDLER, link=True)]) -> Response:
    """The unit's own ledger."""
    return xlsx_response(
        f"台账-{desk.today}.xlsx",
        lambda path: export_unit_ledger(desk.bureau, to=path, by=desk.by, now=desk.now),
    )


@router.get("/my/calendar")
def calendar(desk: Handler) -> Response:
    """The addresses of the person's calendars, and how a telephone takes them."""
    return desk.render(
        "my/calendar.html",
        title="加到手机日历",
        addresses=feed_addresses(desk.bureau, by=desk.by),
        base=desk.base,
    )


@router.post("/my/calendar")
@comes_back(calendar, missing=True)
def renew(desk: Handler, form: WhichUnit) -> Response:
    """Another address; the old one ends with the unit's links."""
    renew_calendar(desk.bureau, form.unit, by=desk.by, now=desk.now)
    return desk.see_other("/my/calendar", said="已更换。请在手机日历里删去旧订阅，用新地址重新添加。")


def as_icalendar(found: UnitCalendar, *, now: datetime) -> bytes:
    """All-day events without alarms; what is missing since last time is removed by whoever reads."""
    made = Calendar()
    made.add("prodid", "-//Duban//Unit calendar//ZH")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", f"督办 {found.unit}")
    made.add("x-wr-timezone", "Asia/Shanghai")
    made.add("refresh-interval", _EVERY, parameters={"value": "DURATION"})
    made.add("x-published-ttl", "PT12H")
    for one in found.days:
        made.add_component(_event(one, now))
    return bytes(made.to_ical())


def _event(one: CalendarDay, now: datetime) -> Event:
    event = Event()
    event.add("uid", one.uid)
    event.add("sequence", one.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", one.on)
    event.add("dtend", one.on + timedelta(days=1))
    event.add("summary", one.title)
    event.add("description", "\n".join(one.details))
    event.add("status", "TENTATIVE" if one.provisional else "CONFIRMED")
    # A day on which something is due is no appointment.
    event.add("transp", "TRANSPARENT")
    if one.address:
        event.add("url", one.address)
    return event
