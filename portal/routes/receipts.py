"""未签收: units that have left unread what was handed out, with whom one can reach there."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from office.actions.name_editions import name_editions
from office.actions.read_unread import UNREAD_WORKDAYS, read_unread
from office.actions.unit_rows import DUTIES
from portal.access import allow
from portal.desk import Desk
from portal.listing import Listing, asked, whole
from portal.numbers import PageNumber
from rules.people import Role

router = APIRouter()


@router.get("/receipts")
def receipts(
    desk: Annotated[Desk, allow(Role.COORDINATOR)],
    page: PageNumber = 1,
    workdays: Annotated[int, Query(ge=0, le=250)] = UNREAD_WORKDAYS,
) -> Response:
    """Who has not acknowledged for so many workdays, the longest silent first."""
    filters = asked(desk.request.query_params, ("edition", "workdays"))
    found = read_unread(
        desk.office,
        by=desk.by,
        today=desk.today,
        workdays=workdays,
        edition_id=whole(filters.get("edition")),
        page=page,
    )
    listing = Listing(
        path="/receipts", asked=filters, page=page, page_size=found.page_size, total=found.total
    )
    return desk.render(
        "queues/receipts.html",
        title="未签收",
        found=found,
        listing=listing,
        workdays=workdays,
        asked=filters,
        editions=name_editions(desk.office, by=desk.by),
        DUTIES=DUTIES,
    )
