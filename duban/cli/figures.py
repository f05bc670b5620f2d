"""duban figure: progress towards targets, reported figures, indicators and what does not agree."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from calendars.formulas import UNKNOWN
from duban.cli.command import ACT, Answer, Call, Table, command, day_option
from duban.core.access import SYSTEM
from duban.figures.queries import ReportedFigure
from duban.figures.rules import indicator_words
from duban.figures.service import NewFigure, record_figure, report_progress
from duban.reports.indicators import check_figures, edition_figures

app = typer.Typer(no_args_is_help=True, help="数据：填报进度和指标数据，计算指标，核对合计。")

Campaign = Annotated[str, typer.Argument(help="专项行动的代号或名称。")]
Year = Annotated[int, typer.Argument(help="年份，例如 2026。")]
Measure = Annotated[str, typer.Option("--unit", help="计量单位，例如 个、家、%。")]
Reason = Annotated[
    str | None, typer.Option("--reason", help="比上次减少，或与目标、上次、其他数据明显偏离的原因。")
]
AsOf = Annotated[date | None, day_option("--as-of", "数据截止日期（默认办理当天）。")]


def _number(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation:
        raise typer.BadParameter(f"“{text}”不是数字，请改正。") from None


@command(app, "report", *ACT)
def report(
    call: Call,
    obligation: Annotated[int, typer.Argument(help="任务编号。")],
    value: Annotated[str, typer.Argument(help="累计完成数。")],
    unit: Measure = "",
    as_of: AsOf = None,
    reason: Reason = None,
) -> Answer:
    """填报一项任务的累计进度。"""
    bureau, number = call.bureau, _number(value)
    done = report_progress(
        bureau, obligation, number, unit_of_measure=unit, as_of_on=as_of, reason=reason, **call.act
    )
    behind = f"，落后序时进度{done.points_behind}个百分点" if (done.points_behind or 0) > 0 else ""
    return Answer(
        done,
        f"{done.unit}“{done.title}”累计{done.value}{done.unit_of_measure}，完成率{done.rate}{behind}。",
    )


@command(app, "record", *ACT)
def record(
    call: Call,
    campaign: Campaign,
    year: Year,
    name: Annotated[str, typer.Argument(help="数据名，例如 应参检。")],
    value: Annotated[str, typer.Argument(help="数字；不掌握的写 未知。")],
    unit: Measure = "",
    of: Annotated[str | None, typer.Option("--of", help="哪个单位的数据（默认全市）。")] = None,
    as_of: AsOf = None,
    reason: Reason = None,
) -> Answer:
    """填报一项指标数据；不掌握的写“未知”，由它算的指标显示“—”。"""
    new = NewFigure(
        name=name,
        value=None if value in ("未知", UNKNOWN) else _number(value),
        unit_of_measure=unit,
        unit=of,
        as_of_on=as_of,
        reason=reason,
    )
    done = record_figure(call.bureau, campaign, year, new, **call.act)
    shown = UNKNOWN if done.value is None else done.value
    return Answer(
        done, f"{done.unit or '全市'}{done.name}：{shown} {done.unit_of_measure}（截至{done.as_of_on}）。"
    )


@command(app, "list")
def list_(call: Call, campaign: Campaign, year: Year) -> Answer:
    """列出最新填报的数据。"""
    found = edition_figures(call.bureau, campaign, year, by=SYSTEM).reported
    rows = (
        (one.name, unit, one.value, one.unit_of_measure, one.as_of_on, one.reported_by, _said(one))
        for unit, one in found
    )
    columns = ("数据", "单位", "数值", "计量单位", "截至", "填报人", "说明")
    return Answer(
        [{"unit": unit, "figure": one} for unit, one in found],
        Table(f"{campaign}{year}年数据", columns, rows),
    )


def _said(one: ReportedFigure) -> str:
    return "；".join(said for said in (f"存疑：{one.doubt}" if one.doubt else "", one.reason) if said)


@command(app, "indicators")
def indicators(
    call: Call,
    campaign: Campaign,
    year: Year,
    by_unit: Annotated[bool, typer.Option("--by-unit", help="同时列出各单位及名次。")] = False,
) -> Answer:
    """计算指标；缺数据或分母为零的显示“—”，并说明缺什么。"""
    known = edition_figures(call.bureau, campaign, year, by=SYSTEM)
    found, titles = known.indicators, known.titles
    rows = (
        (
            one.name,
            one.unit or "全市",
            one.shown,
            one.target,
            {True: "达标", False: "未达标", None: ""}[one.reached],
            one.place or "",
            "；".join(
                said
                for said in (
                    one.fault,
                    indicator_words(one.formula, titles, one.figures) if one.figures else "",
                    one.coverage,
                    f"缺{'、'.join(titles.get(name, name) for name in one.missing)}" if one.missing else "",
                )
                if said
            ),
        )
        for one in (*found.city, *(found.units if by_unit else ()))
    )
    columns = ("指标", "单位", "数值", "目标", "是否达标", "名次", "说明")
    return Answer(found, Table(f"{found.name}{year}年指标", columns, rows))


@command(app, "check")
def check(
    call: Call,
    campaign: Annotated[str | None, typer.Argument(help="专项行动的代号或名称；不写即全部。")] = None,
    year: Annotated[int | None, typer.Argument(help="年份，例如 2026。")] = None,
) -> Answer:
    """核对数据：报送、进度、名册、台账和登记各说多少，合计与全市数；有对不上的退出码 1。"""
    if campaign is None or year is None:
        every = check_figures(call.bureau, by=SYSTEM)
        found = tuple(f"{one.name}{one.year}：{said}" for one, warnings in every for said in warnings)
    else:
        found = edition_figures(call.bureau, campaign, year, by=SYSTEM).warnings
    return Answer({"findings": found}, found, f"对不上的{len(found)}处。", status=1 if found else 0)
