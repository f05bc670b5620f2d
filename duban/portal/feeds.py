"""A unit's calendar in the words of iCalendar (RFC 5545), as telephones and desktop calendars read it."""

from __future__ import annotations

from datetime import datetime, timedelta

from icalendar import Calendar, Event

from duban.accounts.calendar_feed import CalendarDay, UnitCalendar

# How often a telephone should look again: dates move seldom.
_EVERY = timedelta(hours=12)


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
