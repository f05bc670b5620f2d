"""duban draw: 双随机, prepared, drawn from a public seed, and drawn again by whoever doubts it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from duban.cli.command import ACT, Answer, Call, Complaint, Table, command
from duban.core.access import SYSTEM
from duban.core.errors import Refused
from duban.rosters.draw_rules import LEAST_INSPECTORS, LEGAL_SHARES, DrawTerms
from duban.rosters.draws import (
    DrawShown,
    drop_draw,
    export_draw,
    find_draws,
    hold_draw,
    prepare_draw,
    show_draw,
)

app = typer.Typer(no_args_is_help=True, help="双随机抽签：准备名单、凭公开的种子抽取、任何人都能重抽核对。")

Number = Annotated[int, typer.Argument(help="抽签编号。")]


@command(app, "prepare", *ACT)
def prepare(
    call: Call,
    campaign: Annotated[str, typer.Argument(help="专项行动的代号或名称。")],
    year: Annotated[int, typer.Argument(help="年份，例如 2026。")],
    subjects: Annotated[
        Path, typer.Argument(help="登记的全部对象，表头：统一社会信用代码（或编号）、名称，可加排除原因。")
    ],
    inspectors: Annotated[
        Path,
        typer.Argument(help="检查人员，表头：证号、姓名，可加回避对象（代码或名称，用顿号分开）、排除原因。"),
    ],
    unit: Annotated[str, typer.Option("--unit", help="由哪个单位抽取和检查。")],
    seed_source: Annotated[
        str, typer.Option("--seed-source", help="种子从哪里来，抽签前就要公开，例如“3月10日双色球开奖号码”。")
    ],
    level: Annotated[
        str, typer.Option("--level", help=f"登记机关的层级：{'、'.join(LEGAL_SHARES)}。")
    ] = "县级",
    share: Annotated[
        str | None, typer.Option("--share", help="抽取比例（%），不写就是该层级的最低比例；零头进一。")
    ] = None,
    each: Annotated[int, typer.Option("--each", help="每家几名检查人员。")] = LEAST_INSPECTORS,
) -> Answer:
    """准备名单：核对比例和回避，记下名单指纹供公布；种子公开以后再由另一人抽取。"""
    terms = DrawTerms(level=level, share=_share(share, level), each=each, seed_source=seed_source.strip())
    done = prepare_draw(call.bureau, campaign, year, subjects, inspectors, unit=unit, terms=terms, **call.act)
    one = done.draw
    return Answer(
        _as_json(done),
        f"{call.head('已')}准备第{one.id}号抽签：{one.unit}共{one.subjects}家，排除{one.excluded}家，"
        f"按{one.terms.share:f}%应抽{one.wanted}家。",
        f"请公布名单指纹 {one.pool_sha256} 和种子来源“{one.terms.seed_source}”；"
        f"种子公开后由另一人执行 duban draw hold {one.id} --seed 种子。",
    )


def _share(text: str | None, level: str) -> Decimal:
    if text is None:
        return LEGAL_SHARES.get(level, Decimal(0))
    if not text.removesuffix("%").replace(".", "", 1).isdecimal():
        raise Refused(f"比例“{text}”不是数字，请写成 3 或 4.5 的样子。")
    return Decimal(text.removesuffix("%"))


@command(app, "hold", *ACT)
def hold(
    call: Call, draw: Number, seed: Annotated[str, typer.Option("--seed", help="公开的种子，原样填写。")]
) -> Answer:
    """凭公开的种子抽取对象和检查人员；抽中的进名册，逐家成为任务。"""
    done = hold_draw(call.bureau, draw, seed, **call.act)
    return Answer(_as_json(done), f"{call.head('已')}抽取第{draw}号，抽中{len(done.drawn)}家。", _drawn(done))


@command(app, "drop", *ACT)
def drop(
    call: Call, draw: Number, reason: Annotated[str, typer.Option("--reason", help="作废的原因。")]
) -> Answer:
    """作废一次还没有抽取的准备。"""
    done = drop_draw(call.bureau, draw, reason, **call.act)
    return Answer(_as_json(done), f"{call.head('已')}作废第{draw}号抽签。")


@command(app, "list")
def list_(call: Call) -> Answer:
    """列出全部抽签。"""
    found = find_draws(call.bureau, by=SYSTEM)
    columns = ("编号", "专项行动", "单位", "名单", "排除", "应抽", "准备", "抽取")
    rows = (
        (
            one.id,
            f"{one.name}{one.year}",
            one.unit,
            one.subjects,
            one.excluded,
            one.wanted,
            one.prepared_by_name,
            "作废" if one.dropped_at else one.held_by_name,
        )
        for one in found
    )
    return Answer(found, Table("抽签", columns, rows))


@command(app, "show")
def show(call: Call, draw: Number) -> Answer:
    """看一次抽签的名单、排除、种子和结果。"""
    shown = show_draw(call.bureau, draw, by=SYSTEM)
    one = shown.draw
    excluded = [(each.code, each.name, each.excluded) for each in shown.subjects if each.excluded]
    return Answer(
        _as_json(shown),
        f"第{one.id}号 {one.name}{one.year}年 {one.unit}：{one.subjects}家，{one.terms.level}{one.terms.share:f}%，"
        f"应抽{one.wanted}家，每家{one.terms.each}名检查人员",
        f"名单指纹 {one.pool_sha256}；种子来源：{one.terms.seed_source}；种子：{one.seed or '尚未抽取'}",
        Table("排除", ("代码", "名称", "原因"), excluded),
        _drawn(shown),
    )


@command(app, "verify")
def verify(call: Call, draw: Number) -> Answer:
    """用公布的名单和种子重抽一遍，与记录的结果核对。"""
    shown = show_draw(call.bureau, draw, by=SYSTEM)
    value = {"draw": draw, "held": shown.draw.seed is not None, "faults": shown.faults}
    if shown.faults:
        return Answer(value, *(Complaint(fault) for fault in shown.faults), status=1)
    drawn = f"，按种子重抽的{len(shown.drawn)}家与记录一致" if shown.draw.seed else "，还没有抽取"
    return Answer(value, f"第{draw}号抽签的名单与公布的指纹一致{drawn}。")


@command(app, "export")
def export(
    call: Call, draw: Number, file: Annotated[Path, typer.Argument(help="写到哪个 xlsx 文件。")]
) -> Answer:
    """导出全部名单和每家的签号，供任何人重抽核对。"""
    rows = export_draw(call.bureau, draw, to=file, by=SYSTEM)
    return Answer({"rows": rows}, f"已导出{rows}家到{file}。")


def _drawn(shown: DrawShown) -> Table:
    names = shown.inspector_names
    rows = (
        (one.place, one.code, one.name, "、".join(names[number] for number in one.inspectors))
        for one in shown.drawn
    )
    return Table("抽中", ("顺序", "代码", "名称", "检查人员"), rows)


def _as_json(shown: DrawShown) -> dict[str, object]:
    return {"draw": shown.draw, "faults": shown.faults, "drawn": shown.drawn}
