"""duban rehearse: a whole year on a virtual clock, in a scratch ledger; nothing of the bureau is touched."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from duban.cli.options import Json, day_option
from duban.cli.output import complain, print_json, progress, say
from duban.core.settings import load
from duban.rehearse.play import CALM_DAYS
from duban.rehearse.play import rehearse as play
from duban.rehearse.record import Line, Rehearsal

NAMES = {"message": "消息", "gate": "关口", "light": "灯"}


def rehearse(
    year: Annotated[int, typer.Argument(help="演练哪一年。", min=2000, max=2056)],
    faults: Annotated[
        int | None,
        typer.Option(
            "--faults", metavar="种子", help="加入故障：断电、重复、漏开、渠道失灵；种子相同则过程相同。"
        ),
    ] = None,
    units: Annotated[
        int | None, typer.Option("--units", metavar="N", help="把各辖市区扩到 N 个。", min=1)
    ] = None,
    until: Annotated[date | None, day_option("--until", "只演练到这一天。")] = None,
    brief: Annotated[bool, typer.Option("--brief", help="只看汇总，不逐条列出。")] = False,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="逐条记录另存为这个文件。")] = None,
    as_json: Json = False,
) -> None:
    """用虚拟时钟把一年走一遍，列出每封消息、每个关口、每天的灯，并核对各项不变量。"""
    days = 366 + CALM_DAYS
    with progress(f"演练 {year} 年", quiet=as_json) as advance:
        done = play(
            year,
            settings=load(),
            seed=faults,
            units=units,
            until=until,
            progress=lambda day: advance(day.timetuple().tm_yday, days),
        )
    if to is not None:
        to.write_text("\n".join(_line(line) for line in done.lines) + "\n", encoding="utf-8")
    if as_json:
        print_json(done)
    else:
        _tell(done, brief=brief or to is not None)
    if not done.held:
        complain(f"有 {len(done.violations)} 处违反不变量；重放：{done.command}")
        raise typer.Exit(1)


def _tell(done: Rehearsal, *, brief: bool) -> None:
    for line in () if brief else done.lines:
        say(_line(line))
    say(
        f"{done.year}年演练完毕：{done.editions}项行动、{done.obligations}项任务、{done.acts}次办理"
        f"（其中{done.refusals}次按规则不予办理）、{done.letters}封信。"
    )
    if done.seed is not None:
        say(
            f"故障（种子 {done.seed}）：断电{done.deaths}次、漏开{done.skipped}天、去向不明{done.broken_off}封。"
        )
    for violation in done.violations:
        say(f"违反不变量 {violation}")
    if done.held:
        say("各项不变量全部成立。")


def _line(line: Line) -> str:
    return f"{line.on}  {NAMES[line.what]}  {line.text}"
