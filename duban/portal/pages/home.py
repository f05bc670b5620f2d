"""Where everybody starts, and whether the portal lives."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from duban.portal.access import allow, anyone
from duban.portal.context import PageContext
from duban.portal.navigation import start_page

router = APIRouter()


@router.get("/")
def home(desk: Annotated[PageContext, allow(link=True)]) -> Response:
    """To the first page of the person's role."""
    return RedirectResponse("/my" if desk.by_link else start_page(desk.by.roles), status_code=303)


@router.get("/healthz")
def healthz(desk: Annotated[PageContext, anyone()]) -> Response:
    """Whether the portal answers and its ledger can be read; says nothing else."""
    with desk.bureau.store.reading():
        return PlainTextResponse("ok")
