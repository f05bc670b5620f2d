"""duban backup and duban restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from duban.cli.options import DryRun, Json
from duban.cli.output import print_json, say
from duban.core import clock
from duban.core.errors import Fault, Refused
from duban.core.settings import load
from duban.upkeep import backup as backup_
from duban.upkeep import restore as restore_
from duban.upkeep.backup import backups_folder
from duban.upkeep.restore import refusals
from duban.wiring import open_bureau


def backup(
    folder: Annotated[
        Path | None,
        typer.Option("--to", metavar="文件夹", help="备份写到这个新文件夹（默认 home/backups/时刻）。"),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """备份台账数据库与佐证材料，附 SHA-256 清单；运行中即可备份。"""
    with open_bureau() as bureau:
        if dry_run:
            say(f"将备份到 {folder or backups_folder(bureau)}。")
            return
        done = backup_.backup(bureau, now=clock.now(), folder=folder)
    if as_json:
        print_json(done)
    else:
        say(f"已备份到 {done.folder}（{done.files} 个文件，{done.size_bytes:,} 字节）。")
    if done.damaged:
        raise Fault("；".join(done.damaged))


def restore(
    folder: Annotated[Path, typer.Argument(help="备份文件夹（内有 manifest.json）。")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """把备份恢复到空的数据文件夹（用 --home 指定），恢复后逐条核验。"""
    settings = load()
    if dry_run:
        if reasons := refusals(settings, folder):
            raise Refused(reasons)
        say(f"可以恢复到 {settings.home.resolve()}。")
        return
    done = restore_.restore(settings, folder)
    if as_json:
        print_json(done)
    else:
        say(
            f"已恢复到 {settings.home.resolve()}：留痕 {done.entries} 条、佐证 {done.evidence} 件，均通过核验。"
        )
