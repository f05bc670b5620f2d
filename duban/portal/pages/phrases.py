"""What a deadline phrase means, while it is typed: the same page with script and without."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.editions.pages import explain_phrase
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.pages.year import LOOKING

router = APIRouter()


@router.get("/phrases")
def show_phrase(
    desk: Annotated[PageContext, allow(*LOOKING)], phrase: str = "", year: int | None = None
) -> Response:
    of_year = desk.today.year if year is None else year
    read = explain_phrase(desk.bureau, phrase, of_year, by=desk.by) if phrase.strip() else None
    return desk.render("planning/phrase.html", title="读一个时限", phrase=phrase, year=of_year, read=read)
