"""Units compared with their like, each figure opening to its items."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response

from office.actions.read_ranking import MEASURES, read_ranking
from office.actions.write_ranking import write_ranking
from office.errors import NotFound
from portal import drawings
from portal.access import allow
from portal.asof import address, day_of
from portal.desk import Desk
from portal.downloads import sheet
from portal.listing import whole
from portal.numbers import AskedYear, PageNumber
from rules.measures import DEFINITIONS, PART_AND_WHOLE
from rules.people import Role

router = APIRouter()
Looking = Annotated[Desk, allow(Role.LEADER, Role.COORDINATOR)]
# A sheet holds every unit of the kind, up to here.
SHEET_UNITS = 100_000


@router.get("/ranking")
def show_ranking(
    desk: Looking,
    on: str | None = None,
    year: AskedYear = None,
    edition: str | None = None,
    kind: str | None = None,
    measure: str = MEASURES[0],
    page: PageNumber = 1,
) -> Response:
    day = day_of(desk, on)
    found = read_ranking(
        desk.office,
        by=desk.by,
        today=day,
        year=year,
        edition_id=whole(edition),
        kind=kind or None,
        measure=_measure(measure),
        page=page,
    )
    asked = {
        "year": year,
        "edition": edition,
        "kind": kind,
        "measure": measure if measure != MEASURES[0] else "",
    }

    def at(path: str = "/ranking", **changed: Any) -> str:
        return address(path, desk, day, {**asked, **changed})

    def cell(**wanted: Any) -> str:
        within = {"edition": found.edition_id} if found.edition_id else {"year": found.year}
        return address("/board/cell", desk, day, {**within, **wanted})

    return desk.render(
        "leader/ranking.html",
        title="比较",
        ranking=found,
        day=day,
        at=at,
        cell=cell,
        page_at=lambda number: at(page=number if number > 1 else None),
        share=drawings.share,
        measures=[(key, name, definition) for key, name, definition in DEFINITIONS if key in MEASURES],
        PART_AND_WHOLE=PART_AND_WHOLE,
    )


@router.get("/ranking.xlsx")
def ranking_sheet(
    desk: Looking,
    on: str | None = None,
    year: AskedYear = None,
    edition: str | None = None,
    kind: str | None = None,
    measure: str = MEASURES[0],
) -> Response:
    day = day_of(desk, on)
    found = read_ranking(
        desk.office,
        by=desk.by,
        today=day,
        year=year,
        edition_id=whole(edition),
        kind=kind or None,
        measure=_measure(measure),
        page_size=SHEET_UNITS,
    )
    return sheet(f"比较{day:%Y%m%d}.xlsx", lambda path: write_ranking(path, found))


def _measure(given: str) -> str:
    if given not in MEASURES:
        raise NotFound("没有这项指标，请从比较页选择。")
    return given
