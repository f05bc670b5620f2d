"""未签收: units that have left unread what was handed out, with whom one can reach there."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from duban.core.access import Role
from duban.editions.queries import name_editions
from duban.letters.chases import UNREAD_WORKDAYS, read_unread
from duban.obligations.review_queues import PAGE_SIZE
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.params import PageLinks, PageNumber, asked, whole
from duban.units.importing import DUTIES

router = APIRouter()


@router.get("/receipts")
def receipts(
    desk: Annotated[PageContext, allow(Role.COORDINATOR)],
    page: PageNumber = 1,
    workdays: Annotated[int, Query(ge=0, le=250)] = UNREAD_WORKDAYS,
) -> Response:
    """Who has not acknowledged for so many workdays, the longest silent first."""
    filters = asked(desk.request.query_params, ("edition", "workdays"))
    found = read_unread(
        desk.bureau,
        by=desk.by,
        today=desk.today,
        workdays=workdays,
        edition_id=whole(filters.get("edition")),
        page=page,
    )
    listing = PageLinks(path="/receipts", asked=filters, page=page, page_size=PAGE_SIZE, total=found.total)
    return desk.render(
        "queues/receipts.html",
        title="未签收",
        found=found,
        listing=listing,
        workdays=workdays,
        asked=filters,
        editions=name_editions(desk.bureau, by=desk.by),
        DUTIES=DUTIES,
    )
