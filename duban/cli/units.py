"""duban unit: the register of units and their contacts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from duban.cli.options import As, DryRun, Json, On, moment
from duban.cli.output import print_json, print_table, say
from duban.core.access import SYSTEM
from duban.units.importing import DUTIES, UNIT_KINDS, UnitsImported, import_units
from duban.units.service import UnitShown, list_units, show_unit
from duban.wiring import actor, open_bureau

app = typer.Typer(no_args_is_help=True, help="责任单位名录与联系人。")


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="csv 或 xlsx，表头：编码、名称、类别、上级、别名、联系人、职责、渠道、地址、顺位。"
        ),
    ],
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """导入单位和联系人；同一份文件再导入，什么也不改。"""
    with open_bureau() as bureau:
        done = import_units(bureau, file, by=actor(bureau, by), now=moment(on), dry_run=dry_run)
    if as_json:
        print_json(done)
        return
    say(("将" if dry_run else "已") + _summary(done))


def _summary(done: UnitsImported) -> str:
    return (
        f"新增单位{len(done.new)}个、修改{len(done.changed)}个、不变{done.unchanged}个；"
        f"联系人新增{done.contacts_new}位、修改{done.contacts_changed}位、停用{done.contacts_off}位。"
    )


@app.command("list")
def list_(as_json: Json = False) -> None:
    """列出全部单位。"""
    with open_bureau() as bureau:
        units = list_units(bureau, by=SYSTEM)
    if as_json:
        print_json(units)
        return
    rows = (
        (one.code, one.name, UNIT_KINDS.get(one.kind, one.kind), one.parent, one.contacts) for one in units
    )
    print_table(f"单位名录（{len(units)}个）", ("编码", "名称", "类别", "上级", "联系人数"), rows)


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="编码、名称或别名。")], as_json: Json = False) -> None:
    """看一个单位：上级、别名和联系人。"""
    with open_bureau() as bureau:
        unit = show_unit(bureau, name, by=SYSTEM)
    if as_json:
        print_json(unit)
        return
    _print(unit)


def _print(unit: UnitShown) -> None:
    say(f"{unit.name}（编码{unit.code}，{UNIT_KINDS.get(unit.kind, unit.kind)}）上级：{unit.parent or '—'}")
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
    print_table("联系人", ("姓名", "职责", "渠道", "地址", "顺位", "状态"), rows)
