"""duban roster: the exact list of those a check is about, and where each stands."""

from __future__ import annotations

import csv
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from duban.cli.command import ACT, Answer, Call, Table, command, day_option
from duban.core.access import SYSTEM
from duban.rosters.rules import RATE_WORDS, RATES, left_words
from duban.rosters.service import list_missing, read_roster_counts, record_outcome
from duban.rosters.sheets import RosterImported, RosterScope, import_roster

app = typer.Typer(no_args_is_help=True, help="名册：导入、核对、登记参检和结论、列出未参检的对象。")

Campaign = Annotated[str, typer.Argument(help="专项行动的代号或名称。")]
Year = Annotated[int, typer.Argument(help="年份，例如 2026。")]


@command(app, "import", *ACT)
def import_(
    call: Call,
    campaign: Campaign,
    year: Year,
    file: Annotated[
        Path,
        typer.Argument(
            help="csv 或 xlsx，表头：统一社会信用代码、名称、业务主管单位，可加登记日期、类型、参检情况、参检日期、结论、结论日期。"
        ),
    ],
    registered_by: Annotated[
        date | None,
        day_option("--registered-by", "只有这一天及以前登记的才应参检，例如 2025-06-30。"),
    ] = None,
    without_charities: Annotated[bool, typer.Option("--without-charities", help="慈善组织不参检。")] = False,
) -> Answer:
    """导入名册；同一份文件再导入什么也不改，有错时一行也不写，错误连同行号全部列出。"""
    scope = RosterScope(registered_by=registered_by, without_charities=without_charities)
    bureau, act = call.bureau, call.act
    with call.progress("读取名册") as advance:
        done = import_roster(
            bureau, campaign, year, file, scope=scope, progress=lambda rows: advance(rows, None), **act
        )
    return Answer(done, _summary(done, call.dry_run))


def _summary(done: RosterImported, dry_run: bool) -> str:
    if done.unchanged:
        return f"{done.name}{done.year}年的名册已是这一份（{done.subjects}个对象），没有改动。"
    return (
        f"{'将' if dry_run else '已'}导入{done.name}{done.year}年名册{done.subjects}个对象："
        f"新增{done.new}个、变更{done.changed}个、不再列入{done.gone}个；"
        f"任务新增{done.obligations_new}项、撤销{done.obligations_cancelled}项、恢复{done.obligations_returned}项；"
        f"按名册记载报结{done.obligations_submitted}项、销号{done.obligations_closed}项。"
        + left_words(done.obligations_left)
    )


@command(app, "show")
def show(call: Call, campaign: Campaign, year: Year) -> Answer:
    """应参检、已参检、完成年检、合格各是多少，参检率、年检率和合格率；名册未导入的显示“—”。"""
    found = read_roster_counts(call.bureau, campaign, year, by=SYSTEM)
    rates = [name for name, *_ in RATES.values()]
    columns = ("单位", "应参检", "已参检", "完成年检", "合格", "未参检", "不在范围", *rates)
    rows = (
        (
            line.unit,
            line.due,
            line.taken_part,
            line.completed,
            line.passed,
            line.missing,
            line.left_out,
            *(getattr(line, key) for key in RATES),
        )
        for line in (*found.units, found.all)
    )
    return Answer(found, Table(f"{found.name}{found.year}年", columns, rows), *RATE_WORDS.values())


@command(app, "missing")
def missing(
    call: Call,
    campaign: Campaign,
    year: Year,
    unit: Annotated[str | None, typer.Option("--unit", help="只看一个单位。")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="以 csv 输出全部名单。")] = False,
) -> Answer:
    """列出应参检而未参检的对象，一个不多，一个不少。"""
    found = list_missing(call.bureau, campaign, year, unit, by=SYSTEM)
    rows = [(one.code, one.name, one.unit) for one in found]
    if as_csv:
        sheet = [("统一社会信用代码", "名称", "业务主管单位"), *rows]
        return Answer(found, lambda: csv.writer(sys.stdout).writerows(sheet))
    return Answer(found, Table(f"未参检（{len(rows)}个）", ("代码", "名称", "业务主管单位"), rows))


@command(app, "record", *ACT)
def record(
    call: Call,
    campaign: Campaign,
    year: Year,
    code: Annotated[str, typer.Argument(help="统一社会信用代码、编号或名称。")],
    taken_part_on: Annotated[date | None, day_option("--taken-part-on", "参检日期。")] = None,
    outcome: Annotated[str | None, typer.Option("--outcome", help="合格、基本合格或不合格。")] = None,
) -> Answer:
    """登记一个对象的参检日期或年检结论。"""
    done = record_outcome(
        call.bureau, campaign, year, code, taken_part_on=taken_part_on, outcome=outcome, **call.act
    )
    return Answer(
        done,
        f"{'将' if call.dry_run else '已'}登记{done.name}：参检日期{done.taken_part_on or '—'}，"
        f"结论{outcome or done.outcome or '—'}。",
    )
