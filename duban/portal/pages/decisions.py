"""What waits for a leader's own decision, each with the way to the page where it is decided."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.reports.queues import LISTED, read_decisions

router = APIRouter()


@router.get("/decisions")
def show_decisions(desk: Annotated[PageContext, allow(Role.LEADER)]) -> Response:
    found = read_decisions(desk.bureau, by=desk.by, today=desk.today)
    return desk.render("leader/decisions.html", title="待我决定", decisions=found, LISTED=LISTED)
