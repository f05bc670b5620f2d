"""数据: an edition's indicators with their formulas, the figures they are made of, and what does not agree."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import Refused
from duban.figures.rules import indicator_words
from duban.figures.service import NewFigure, record_figure
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm
from duban.portal.params import Number
from duban.reports.indicators import list_measured, read_figures

router = APIRouter()
SEES = (Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR, Role.HANDLER)
REPORTS = (Role.COORDINATOR, Role.HANDLER)


@router.get("/figures")
def editions(desk: Annotated[PageContext, allow(*SEES)]) -> Response:
    """The editions that have indicators."""
    return desk.render("figures/all.html", title="数据", editions=list_measured(desk.bureau, by=desk.by))


@router.get("/figures/{edition_id}")
def figures(desk: Annotated[PageContext, allow(*SEES)], edition_id: Number) -> Response:
    """One edition's."""
    return _page(desk, edition_id)


@router.post("/figures/{edition_id}")
def report(desk: Annotated[PageContext, allow(*REPORTS)], edition_id: Number, filled: FilledForm) -> Response:
    """Report one figure."""
    name = filled.line("name", "数据名", required=True)
    unknown = filled.ticked("unknown")
    value = filled.amount("value", "数值", required=not unknown)
    measure = filled.line("unit_of_measure", "计量单位", required=True, longest=32)
    unit = filled.line("unit", "单位", required=not desk.has(Role.COORDINATOR)) or None
    as_of_on = filled.day("as_of_on", "截止日期")
    reason = filled.text("reason", "说明") or None
    try:
        filled.refuse_faults()
        found = read_figures(desk.bureau, edition_id, by=desk.by)
        new = NewFigure(
            name=name,
            value=None if unknown else value,
            unit_of_measure=measure,
            unit=unit,
            as_of_on=as_of_on,
            reason=reason,
        )
        done = record_figure(
            desk.bureau, found.campaign, found.indicators.year, new, by=desk.by, now=desk.now
        )
    except Refused as refused:
        return _page(desk, edition_id, status=422, refused=refused.reasons, filled=filled)
    return desk.see_other(f"/figures/{edition_id}", said=f"已填报{done.unit or '全市'}{name}。")


def _page(
    desk: PageContext,
    edition_id: int,
    *,
    status: int = 200,
    refused: tuple[str, ...] = (),
    filled: Filled | None = None,
) -> Response:
    found = read_figures(desk.bureau, edition_id, by=desk.by)
    return desk.render(
        "figures/one.html",
        title=f"{found.indicators.name}{found.indicators.year}年数据",
        status=status,
        found=found,
        refused=refused,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        may_report=desk.has(*REPORTS),
        for_all=desk.has(Role.COORDINATOR),
        in_words=indicator_words,
    )
