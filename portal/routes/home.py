"""Where everybody starts, and whether the portal lives."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from portal import navigation
from portal.access import allow, anyone
from portal.desk import Desk

router = APIRouter()


@router.get("/")
def home(desk: Annotated[Desk, allow(link=True)]) -> Response:
    """To the first page of the person's role."""
    return RedirectResponse("/my" if desk.by_link else navigation.start(desk.by.roles), status_code=303)


@router.get("/healthz")
def healthz(desk: Annotated[Desk, anyone()]) -> Response:
    """Whether the portal answers and its ledger can be read; says nothing else."""
    with desk.office.store.reading():
        return PlainTextResponse("ok")
