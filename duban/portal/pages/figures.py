"""数据: an edition's indicators with their formulas, the figures they are made of, and what does not agree."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, ValidationInfo, field_validator

from duban.core.access import Role
from duban.figures.rules import indicator_words
from duban.figures.service import NewFigure, record_figure
from duban.obligations.pull_queries import EditionRow
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Amount, Day, Form, Line, Text, comes_back, fault
from duban.portal.params import Number
from duban.reports.indicators import check_figures, list_measured, read_figures

router = APIRouter()
SEES = (Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR, Role.HANDLER)
REPORTS = (Role.COORDINATOR, Role.HANDLER)


@router.get("/figures")
def editions(desk: Annotated[PageContext, allow(*SEES)]) -> Response:
    """The editions that have indicators; asked to `check`, with how much does not agree in each."""
    found: dict[EditionRow, int | None]
    if desk.request.query_params.get("check"):
        found = {one: len(warnings) for one, warnings in check_figures(desk.bureau, by=desk.by)}
    else:
        found = dict.fromkeys(list_measured(desk.bureau, by=desk.by))
    return desk.render("figures/all.html", title="数据", editions=found)


class Report(Form):
    name: Line = Field(title="数据名")
    unknown: str = ""
    value: Amount | None = Field(None, title="数值")
    unit_of_measure: Line = Field(title="计量单位", max_length=32)
    unit: Line = Field("", title="单位")
    as_of_on: Day | None = Field(None, title="截止日期")
    reason: Text = Field("", title="说明")

    @field_validator("value")
    @classmethod
    def _known(cls, value: Decimal | None, info: ValidationInfo) -> Decimal | None:
        if value is None and not info.data.get("unknown"):
            raise fault("missing")
        return value

    @field_validator("unit")
    @classmethod
    def _named(cls, unit: str, info: ValidationInfo[PageContext]) -> str:
        """Only a coordinator reports for the whole city."""
        if not unit and not info.context.has(Role.COORDINATOR):
            raise fault("missing")
        return unit


@router.get("/figures/{edition_id}")
def figures(desk: Annotated[PageContext, allow(*SEES)], edition_id: Number) -> Response:
    """One edition's."""
    found = read_figures(desk.bureau, edition_id, by=desk.by)
    return desk.render(
        "figures/one.html",
        title=f"{found.indicators.name}{found.indicators.year}年数据",
        found=found,
        may_report=desk.has(*REPORTS),
        for_all=desk.has(Role.COORDINATOR),
        in_words=indicator_words,
    )


@router.post("/figures/{edition_id}")
@comes_back(figures, missing=True)
def report(desk: Annotated[PageContext, allow(*REPORTS)], edition_id: Number, form: Report) -> Response:
    """Report one figure."""
    found = read_figures(desk.bureau, edition_id, by=desk.by)
    new = NewFigure(
        name=form.name,
        value=None if form.unknown else form.value,
        unit_of_measure=form.unit_of_measure,
        unit=form.unit or None,
        as_of_on=form.as_of_on,
        reason=form.reason or None,
    )
    done = record_figure(desk.bureau, found.campaign, found.indicators.year, new, by=desk.by, now=desk.now)
    return desk.see_other(f"/figures/{edition_id}", said=f"已填报{done.unit or '全市'}{form.name}。")
