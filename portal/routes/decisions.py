"""What waits for a leader's own decision, each with the way to the page where it is decided."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from office.actions.read_decisions import LISTED, read_decisions
from portal.access import allow
from portal.desk import Desk
from rules.people import Role

router = APIRouter()


@router.get("/decisions")
def show_decisions(desk: Annotated[Desk, allow(Role.LEADER)]) -> Response:
    found = read_decisions(desk.office, by=desk.by, today=desk.today)
    return desk.render("leader/decisions.html", title="待我决定", decisions=found, LISTED=LISTED)
