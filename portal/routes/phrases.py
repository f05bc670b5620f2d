"""What a deadline phrase means, while it is typed: the same page with script and without."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from office.actions.read_phrase import read_phrase
from portal.access import allow
from portal.desk import Desk
from portal.routes.year import LOOKING

router = APIRouter()


@router.get("/phrases")
def show_phrase(
    desk: Annotated[Desk, allow(*LOOKING)], phrase: str = "", year: int | None = None
) -> Response:
    of_year = desk.today.year if year is None else year
    read = read_phrase(desk.office, phrase, of_year, by=desk.by) if phrase.strip() else None
    return desk.render("planning/phrase.html", title="读一个时限", phrase=phrase, year=of_year, read=read)
