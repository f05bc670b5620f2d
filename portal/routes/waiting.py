"""待补充: what the calendars, rosters and ledgers still need a person for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from office.actions.read_loose_ends import read_loose_ends
from portal.access import allow
from portal.desk import Desk
from rules.people import Role

router = APIRouter()


@router.get("/waiting")
def waiting(desk: Annotated[Desk, allow(Role.COORDINATOR)]) -> Response:
    """Each with where it is supplied."""
    return desk.render("queues/waiting.html", title="待补充", found=read_loose_ends(desk.office, by=desk.by))
