"""A unit's dates outside the portal: its calendar under a signed address, its ledger as a sheet."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from duban.accounts.calendar_feed import feed_addresses, reader_of, renew_calendar, unit_calendar
from duban.core.access import Role
from duban.core.errors import NotFound, Refused
from duban.portal.access import allow, anyone
from duban.portal.context import PageContext
from duban.portal.feeds import as_icalendar
from duban.portal.forms import FilledForm
from duban.portal.responses import xlsx_response
from duban.portal.throttle import TooOften, throttle
from duban.reports.exports import export_unit_ledger

router = APIRouter()


@router.get("/feed/{token}.ics")
def feed(desk: Annotated[PageContext, anyone()], token: str) -> Response:
    """The calendar, for programs: its address is the only thing they know."""
    try:
        throttle(desk.request).ask(desk.request)
        reader = reader_of(desk.bureau, token)
    except TooOften as often:
        return PlainTextResponse(str(often), status_code=429)
    except NotFound as gone:
        throttle(desk.request).failed(desk.request)
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
def calendar(desk: Annotated[PageContext, allow(Role.HANDLER)]) -> Response:
    """The addresses of the person's calendars, and how a telephone takes them."""
    return _page(desk)


@router.post("/my/calendar")
def renew(desk: Annotated[PageContext, allow(Role.HANDLER)], filled: FilledForm) -> Response:
    """Another address; the old one ends with the unit's links."""
    try:
        unit_id = filled.whole("unit", "单位", required=True)
        filled.refuse_faults()
        renew_calendar(desk.bureau, unit_id or 0, by=desk.by, now=desk.now)
    except Refused as refused:
        return _page(desk, refused.reasons, status=422)
    return desk.see_other("/my/calendar", said="已更换。请在手机日历里删去旧订阅，用新地址重新添加。")


def _page(desk: PageContext, reasons: tuple[str, ...] = (), *, status: int = 200) -> Response:
    base = (desk.bureau.settings.link_base or str(desk.request.base_url)).rstrip("/")
    return desk.render(
        "my/calendar.html",
        title="加到手机日历",
        status=status,
        addresses=feed_addresses(desk.bureau, by=desk.by),
        base=base,
        reasons=reasons,
    )
