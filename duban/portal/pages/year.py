"""The coordinator's year: campaigns by month, and how much falls on each unit in each week."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from calendars.almanac import FIRST_YEAR, LAST_YEAR
from duban.core.access import Role
from duban.core.errors import Refused
from duban.editions.pages import AFTER, BEFORE, read_load, read_year
from duban.editions.service import STATE_NAMES
from duban.portal.access import allow
from duban.portal.context import PageContext

router = APIRouter()
LOOKING = (Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR)
Looking = Annotated[PageContext, allow(*LOOKING)]


def year_or_refuse(desk: PageContext, year: int | None) -> int:
    """The year asked for, this one by default."""
    chosen = desk.today.year if year is None else year
    if not FIRST_YEAR <= chosen <= LAST_YEAR:
        raise Refused(f"只能看{FIRST_YEAR}至{LAST_YEAR}年，请改年份。")
    return chosen


@router.get("/year")
def show_year(desk: Looking, year: int | None = None, kind: str = "") -> Response:
    chosen = year_or_refuse(desk, year)
    view = read_year(desk.bureau, chosen, by=desk.by)
    columns = (
        *([BEFORE] if BEFORE in view.outside else ()),
        *range(1, 13),
        *([AFTER] if AFTER in view.outside else ()),
    )
    return desk.render(
        "planning/year.html",
        title=f"{chosen}年全年安排",
        view=view,
        kind=kind,
        columns=columns,
        EDITION_STATES=STATE_NAMES,
        rows=[one for one in view.campaigns if kind in ("", one.kind)],
        on_days_off=[one for one in view.on_days_off if kind in ("", one.point.kind)],
    )


@router.get("/load")
def show_load(desk: Looking, year: int | None = None, quarter: int | None = None) -> Response:
    chosen = year_or_refuse(desk, year)
    part = quarter or (desk.today.month + 2) // 3
    view = read_load(desk.bureau, chosen, part, by=desk.by)
    return desk.render("planning/load.html", title=f"{chosen}年第{part}季度各单位负荷", view=view)
