"""A unit's dates outside the portal: its calendar under a signed address, its ledger as a sheet."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from office.actions.export_unit_ledger import export_unit_ledger
from office.actions.feed_token import reader_of
from office.actions.renew_calendar import renew_calendar
from office.actions.unit_calendar import feed_addresses, unit_calendar
from office.errors import NotFound, Refused
from portal import downloads
from portal.access import allow, anyone
from portal.desk import Desk
from portal.feeds import as_icalendar
from portal.forms import FilledForm
from portal.throttle import TooOften, throttle
from rules.people import Role

router = APIRouter()


@router.get("/feed/{token}.ics")
def feed(desk: Annotated[Desk, anyone()], token: str) -> Response:
    """The calendar, for programs: its address is the only thing they know."""
    try:
        throttle(desk.request).ask(desk.request)
        reader = reader_of(desk.office, token)
    except TooOften as often:
        return PlainTextResponse(str(often), status_code=429)
    except NotFound as gone:
        throttle(desk.request).failed(desk.request)
        return PlainTextResponse(str(gone), status_code=404)
    (unit_id,) = reader.reads
    found = unit_calendar(desk.office, unit_id, by=reader, today=desk.today)
    return Response(
        as_icalendar(found, now=desk.now),
        media_type="text/calendar; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="duban.ics"', "cache-control": "private"},
    )


@router.get("/my/ledger.xlsx")
def ledger(desk: Annotated[Desk, allow(Role.HANDLER, link=True)]) -> Response:
    """The unit's own ledger."""
    return downloads.sheet(
        f"台账-{desk.today}.xlsx",
        lambda path: export_unit_ledger(desk.office, to=path, by=desk.by, now=desk.now),
    )


@router.get("/my/calendar")
def calendar(desk: Annotated[Desk, allow(Role.HANDLER)]) -> Response:
    """The addresses of the person's calendars, and how a telephone takes them."""
    return _page(desk)


@router.post("/my/calendar")
def renew(desk: Annotated[Desk, allow(Role.HANDLER)], filled: FilledForm) -> Response:
    """Another address; the old one ends with the unit's links."""
    try:
        unit_id = filled.whole("unit", "单位", required=True)
        filled.refuse_faults()
        renew_calendar(desk.office, unit_id or 0, by=desk.by, now=desk.now)
    except Refused as refused:
        return _page(desk, refused.reasons, status=422)
    return desk.see_other("/my/calendar", said="已更换。请在手机日历里删去旧订阅，用新地址重新添加。")


def _page(desk: Desk, reasons: tuple[str, ...] = (), *, status: int = 200) -> Response:
    base = (desk.office.settings.link_base or str(desk.request.base_url)).rstrip("/")
    return desk.render(
        "my/calendar.html",
        title="加到手机日历",
        status=status,
        addresses=feed_addresses(desk.office, by=desk.by),
        base=base,
        reasons=reasons,
    )
