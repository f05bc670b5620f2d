"""`duban calendar rehearse-change`: the next ninety days of messages, before and after a campaign file is applied."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from office.actions.apply_file import read_file
from office.actions.rehearse_change import ChangeRehearsed, rehearse_change
from office.cli.calendar_pages import change_lines
from office.cli.options import As, Json, On, moment
from office.cli.output import print_json, print_table, say
from office.wiring import actor, open_office
from rules.ladder import RUNG_NAMES
from rules.planned import Matter

MOST = 100


def rehearse_change_of(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="改过的专项行动文件。")],
    days: Annotated[int, typer.Option("--days", help="看今后多少天。")] = 90,
    by: As = None,
    on: On = None,
    as_json: Json = False,
) -> None:
    """演练一处改动：按这个文件载入以后，今后 90 天的消息逐日逐单位多了哪些、少了哪些；不写入台账。"""
    with open_office() as office:
        person = actor(office, by)
        edition = read_file(office, file)
        found = rehearse_change(office, edition, by=person, now=moment(on), days=days)
    if as_json:
        print_json(found)
    else:
        _show(found)


def _show(found: ChangeRehearsed) -> None:
    for line in change_lines(found.applied) if found.applied else ():
        say(line)
    rows = ((one.unit, one.count.before, one.count.after) for one in found.units if one.count.differs)
    print_table("消息数有变化的单位", ("单位", "改前", "改后"), rows)
    lines = (
        (one.on, "、".join(one.units), matters(one.gone), matters(one.come))
        for one in found.differences[:MOST]
    )
    print_table("逐日的变化", ("日期", "单位", "不再提醒", "改为提醒"), lines)
    more = f"，另有{len(found.differences) - MOST}处没有列出" if len(found.differences) > MOST else ""
    say(
        f"{found.window.first}至{found.window.last}，假定其间无人报送："
        f"消息由{found.total.before}封变为{found.total.after}封，变化{len(found.differences)}处{more}。没有写入台账。"
    )


def matters(some: tuple[Matter, ...]) -> str:
    """What a message would speak of, in one line."""
    return "；".join(f"{RUNG_NAMES[one.kind]}：{one.campaign}·{one.title}{one.label}" for one in some) or "—"
