"""The leader's page, and the way from a light or a figure to what it is made of."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response

from office.actions.list_cell import Cell, list_cell
from office.actions.read_decisions import read_decisions
from office.actions.read_overview import read_overview
from office.actions.write_board import write_board
from office.errors import NotFound
from portal import drawings
from portal.access import allow
from portal.asof import address, day_of
from portal.desk import Desk
from portal.downloads import sheet
from portal.numbers import AskedNumber, AskedYear, PageNumber
from rules.measures import COUNTED, PART_AND_WHOLE
from rules.people import Role
from rules.standing import LIGHT_WORDS, WORST_FIRST, Light

router = APIRouter()
LOOKING = (Role.LEADER, Role.COORDINATOR, Role.REVIEWER, Role.AUDITOR)
Looking = Annotated[Desk, allow(*LOOKING)]
# What turned red is named on the page up to here; the rest unfolds.
NAMED = 8


@router.get("/board")
def show_board(
    desk: Looking, on: str | None = None, year: AskedYear = None, units: PageNumber = 1
) -> Response:
    """One page for someone with one minute."""
    day = day_of(desk, on)
    found = read_overview(desk.office, by=desk.by, today=day, year=year, page=units)
    decisions = read_decisions(desk.office, by=desk.by, today=desk.today, limit=3)

    def cell(**asked: Any) -> str:
        return address("/board/cell", desk, day, asked)

    def page(number: int = 1, path: str = "/board") -> str:
        asked = {"year": year, "units": number if number > 1 else None}
        return address(path, desk, day, asked)

    return desk.render(
        "leader/board.html",
        title="总览",
        board=found,
        decisions=decisions,
        trend=drawings.trend(found.trend),
        share=drawings.share,
        cell=cell,
        page=page,
        day=day,
        NAMED=NAMED,
        WORST_FIRST=WORST_FIRST,
        PART_AND_WHOLE=PART_AND_WHOLE,
    )


@router.get("/board.xlsx")
def board_sheet(
    desk: Looking, on: str | None = None, year: AskedYear = None, units: PageNumber = 1
) -> Response:
    day = day_of(desk, on)
    found = read_overview(desk.office, by=desk.by, today=day, year=year, page=units)
    return sheet(f"灯表{day:%Y%m%d}.xlsx", lambda path: write_board(path, found))


@router.get("/board/cell")
def show_cell(
    desk: Looking,
    on: str | None = None,
    edition: AskedNumber = None,
    unit: AskedNumber = None,
    year: AskedYear = None,
    light: str | None = None,
    figure: str | None = None,
    page: PageNumber = 1,
) -> Response:
    """What one light or one figure is made of."""
    day = day_of(desk, on)
    found = list_cell(
        desk.office,
        Cell(edition_id=edition, unit_id=unit, year=year),
        by=desk.by,
        today=day,
        light=_light(light),
        figure=_figure(figure),
        page=page,
    )
    asked = {"edition": edition, "unit": unit, "year": year}

    def at(**changed: Any) -> str:
        return address("/board/cell", desk, day, {**asked, **changed})

    return desk.render(
        "leader/cell.html",
        title=_title(found.campaign, found.unit, year, light, figure),
        found=found,
        day=day,
        light=light,
        figure=figure,
        at=at,
        WORST_FIRST=WORST_FIRST,
        back=address("/board", desk, day, {"year": year}),
    )


def _light(given: str | None) -> Light | None:
    if given in (None, ""):
        return None
    if given not in set(Light):
        raise NotFound("没有这种灯，请从总览里打开。")
    return Light(given)


def _figure(given: str | None) -> str | None:
    if given in (None, ""):
        return None
    if given not in COUNTED:
        raise NotFound("没有这个数，请从总览或比较里打开。")
    return given


def _title(
    campaign: str | None, unit: str | None, year: int | None, light: str | None, figure: str | None
) -> str:
    """地名标志巡检2026 · 天宁区民政局：红灯."""
    what = "" if not (light or figure) else LIGHT_WORDS[Light(light)] if light else COUNTED[str(figure)].name
    of = " · ".join(one for one in (campaign, unit) if one) or (f"{year}年全部任务" if year else "全部任务")
    return f"{of}：{what}" if what else of
