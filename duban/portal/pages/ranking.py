"""Units compared with their like, each figure opening to its items."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import NotFound
from duban.figures.measures import MEASURES
from duban.portal.access import allow
from duban.portal.charts import draw_share
from duban.portal.context import PageContext
from duban.portal.params import AskedYear, PageNumber, as_of_address, as_of_day, asked_rows, whole
from duban.portal.rendering import xlsx_response
from duban.reports.board import COMPARED, read_ranking, write_ranking

router = APIRouter()
Looking = Annotated[PageContext, allow(Role.LEADER, Role.COORDINATOR)]
# A sheet holds every unit of the kind, up to here.
SHEET_UNITS = 100_000


@router.get("/ranking")
def show_ranking(
    desk: Looking,
    on: str | None = None,
    year: AskedYear = None,
    edition: str | None = None,
    kind: str | None = None,
    measure: str = COMPARED[0],
    rows: str = "",
    page: PageNumber = 1,
) -> Response:
    day = as_of_day(desk, on)
    found = read_ranking(
        desk.bureau,
        by=desk.by,
        today=day,
        year=year,
        edition_id=whole(edition),
        kind=kind or None,
        measure=_measure(measure),
        subjects=asked_rows(rows) or False,
        page=page,
    )
    asked = {
        "year": year,
        "edition": edition,
        "kind": kind,
        "measure": measure if measure != COMPARED[0] else "",
        "rows": "subjects" if found.subjects else "",
    }

    def at(path: str = "/ranking", **changed: Any) -> str:
        return as_of_address(path, desk, day, {**asked, **changed})

    def cell(**wanted: Any) -> str:
        within = {"edition": found.edition_id} if found.edition_id else {"year": found.year}
        rows = {"rows": "subjects" if found.subjects else "milestones"} if found.by_subject else {}
        return as_of_address("/board/cell", desk, day, {**within, **rows, **wanted})

    return desk.render(
        "leader/ranking.html",
        title="比较",
        ranking=found,
        day=day,
        at=at,
        cell=cell,
        page_at=lambda number: at(page=number if number > 1 else None),
        share=draw_share,
        COMPARED=COMPARED,
        MEASURES=MEASURES,
    )


@router.get("/ranking.xlsx")
def ranking_sheet(
    desk: Looking,
    on: str | None = None,
    year: AskedYear = None,
    edition: str | None = None,
    kind: str | None = None,
    measure: str = COMPARED[0],
    rows: str = "",
) -> Response:
    day = as_of_day(desk, on)
    found = read_ranking(
        desk.bureau,
        by=desk.by,
        today=day,
        year=year,
        edition_id=whole(edition),
        kind=kind or None,
        measure=_measure(measure),
        subjects=asked_rows(rows) or False,
        page_size=SHEET_UNITS,
    )
    return xlsx_response(f"比较{day:%Y%m%d}.xlsx", lambda path: write_ranking(path, found))


def _measure(given: str) -> str:
    if given not in COMPARED:
        raise NotFound("没有这项指标，请从比较页选择。")
    return given
