"""待补充: what the calendars, rosters and ledgers still need a person for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.editions.pages import list_unresolved_items
from duban.portal.access import allow
from duban.portal.context import PageContext

router = APIRouter()


@router.get("/waiting")
def waiting(desk: Annotated[PageContext, allow(Role.COORDINATOR)]) -> Response:
    """Each with where it is supplied."""
    return desk.render(
        "queues/waiting.html", title="待补充", found=list_unresolved_items(desk.bureau, by=desk.by)
    )
