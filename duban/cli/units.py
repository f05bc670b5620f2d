"""duban unit: the register of units and their contacts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from duban.cli.command import ACT, Answer, Call, Table, command
from duban.core.access import SYSTEM
from duban.units.importing import DUTIES, UNIT_KINDS, import_units
from duban.units.service import list_units, show_unit

app = typer.Typer(no_args_is_help=True, help="责任单位名录与联系人。")


@command(app, "import", *ACT)
def import_(
    call: Call,
    file: Annotated[
        Path,
        typer.Argument(
            help="csv 或 xlsx，表头：编码、名称、类别、上级、别名、联系人、职责、渠道、地址、顺位。"
        ),
    ],
) -> Answer:
    """导入单位和联系人；同一份文件再导入，什么也不改。"""
    done = import_units(call.bureau, file, **call.act)
    return Answer(
        done,
        f"{'将' if call.dry_run else '已'}新增单位{len(done.new)}个、修改{len(done.changed)}个、"
        f"不变{done.unchanged}个；联系人新增{done.contacts_new}位、修改{done.contacts_changed}位、"
        f"停用{done.contacts_off}位。",
    )


@command(app, "list")
def list_(call: Call) -> Answer:
    """列出全部单位。"""
    units = list_units(call.bureau, by=SYSTEM)
    rows = (
        (one.code, one.name, UNIT_KINDS.get(one.kind, one.kind), one.parent, one.contacts) for one in units
    )
    columns = ("编码", "名称", "类别", "上级", "联系人数")
    return Answer(units, Table(f"单位名录（{len(units)}个）", columns, rows))


@command(app, "show")
def show(call: Call, name: Annotated[str, typer.Argument(help="编码、名称或别名。")]) -> Answer:
    """看一个单位：上级、别名和联系人。"""
    unit = show_unit(call.bureau, name, by=SYSTEM)
    rows = (
        (
            one.name,
            DUTIES.get(one.duty, one.duty),
            one.channel,
            one.address,
            one.rank,
            "在用" if one.active else "停用",
        )
        for one in unit.contacts
    )
    return Answer(
        unit,
        f"{unit.name}（编码{unit.code}，{UNIT_KINDS.get(unit.kind, unit.kind)}）上级：{unit.parent or '—'}",
        Table("联系人", ("姓名", "职责", "渠道", "地址", "顺位", "状态"), rows),
    )
