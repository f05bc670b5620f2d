"""The leader's page, and the way from a light or a figure to what it is made of."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import NotFound
from duban.core.lights import LIGHT_WORDS, WORST_FIRST, Light
from duban.figures.measures import COUNTED, MEASURES
from duban.portal.access import allow
from duban.portal.charts import draw_share, draw_trend
from duban.portal.context import PageContext
from duban.portal.params import AskedNumber, AskedYear, PageNumber, as_of_address, as_of_day, asked_rows
from duban.portal.rendering import xlsx_response
from duban.reports.board import drill_down, read_overview, write_board
from duban.reports.board_queries import CellFilter
from duban.reports.queues import read_decisions

router = APIRouter()
LOOKING = (Role.LEADER, Role.COORDINATOR, Role.REVIEWER, Role.AUDITOR)
Looking = Annotated[PageContext, allow(*LOOKING)]
# What turned red is named on the page up to here; the rest unfolds.
NAMED = 8


@router.get("/board")
def show_board(
    desk: Looking, on: str | None = None, year: AskedYear = None, units: PageNumber = 1
) -> Response:
    """One page for someone with one minute."""
    day = as_of_day(desk, on)
    found = read_overview(desk.bureau, by=desk.by, today=day, year=year, page=units)
    decisions = read_decisions(desk.bureau, by=desk.by, today=desk.today, limit=3)

    def cell(**asked: Any) -> str:
        return as_of_address("/board/cell", desk, day, asked)

    def page(number: int = 1, path: str = "/board") -> str:
        asked = {"year": year, "units": number if number > 1 else None}
        return as_of_address(path, desk, day, asked)

    return desk.render(
        "leader/board.html",
        title="总览",
        board=found,
        decisions=decisions,
        trend=draw_trend(found.trend),
        share=draw_share,
        cell=cell,
        page=page,
        day=day,
        NAMED=NAMED,
        WORST_FIRST=WORST_FIRST,
        MEASURES=MEASURES,
        COUNTED=COUNTED,
    )


@router.get("/board.xlsx")
def board_sheet(
    desk: Looking, on: str | None = None, year: AskedYear = None, units: PageNumber = 1
) -> Response:
    day = as_of_day(desk, on)
    found = read_overview(desk.bureau, by=desk.by, today=day, year=year, page=units)
    return xlsx_response(f"灯表{day:%Y%m%d}.xlsx", lambda path: write_board(path, found))


@router.get("/board/cell")
def show_cell(
    desk: Looking,
    on: str | None = None,
    edition: AskedNumber = None,
    unit: AskedNumber = None,
    year: AskedYear = None,
    light: str | None = None,
    figure: str | None = None,
    rows: str | None = None,
    page: PageNumber = 1,
) -> Response:
    """What one light or one figure is made of."""
    day = as_of_day(desk, on)
    found = drill_down(
        desk.bureau,
        CellFilter(edition_id=edition, unit_id=unit, year=year, subjects=asked_rows(rows)),
        by=desk.by,
        today=day,
        light=_light(light),
        figure=_figure(figure),
        page=page,
    )
    asked = {
        "edition": edition,
        "unit": unit,
        "year": year,
        "rows": rows if asked_rows(rows) is not None else None,
    }

    def at(**changed: Any) -> str:
        return as_of_address("/board/cell", desk, day, {**asked, **changed})

    return desk.render(
        "leader/cell.html",
        title=_title(found.campaign, found.unit, year, light, figure),
        found=found,
        day=day,
        light=light,
        figure=figure,
        at=at,
        WORST_FIRST=WORST_FIRST,
        back=as_of_address("/board", desk, day, {"year": year}),
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
