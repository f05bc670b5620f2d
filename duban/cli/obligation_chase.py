"""duban obligation chase: a chase by hand, with the letters shown before they are sent."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from duban.cli.options import As, DryRun, Json, On, day_option, moment
from duban.cli.output import print_json, say
from duban.core.clock import ZONE
from duban.editions.queries import edition_named
from duban.letters.chases import Chased, chase_now
from duban.letters.queries import ChaseScope
from duban.units.service import unit_named
from duban.wiring import actor, open_bureau


def chase(
    obligation: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="要催办的任务编号。")
    ] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", metavar="专项行动/年度", help="只催办这项行动的。")
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option("--unit", help="只催办这个单位的，可写多次：编码、名称或别名。")
    ] = None,
    due_until: Annotated[date | None, day_option("--due-until", "只催办这一天及以前到期的。")] = None,
    words: Annotated[str, typer.Option("--words", help="催办说明，写在消息里。")] = "",
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """即时催办：正在办理的任务，一个单位一天最多一次；--dry-run 显示每一封的内容。"""
    with open_bureau() as bureau:
        scope = ChaseScope(
            edition_id=edition_named(bureau, edition) if edition else None,
            unit_ids=tuple(unit_named(bureau, name).id for name in unit or ()),
            obligation_ids=tuple(obligation or ()),
            due_until=due_until,
        )
        done = chase_now(bureau, scope, words=words, by=actor(bureau, by), now=moment(on), dry_run=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, "chased": done})
        return
    _tell(done, dry_run=dry_run)


def _tell(done: Chased, *, dry_run: bool) -> None:
    for one in done.letters if dry_run else ():
        say(f"—— {one.unit} {one.to_name} <{one.address}>：{one.subject or ''}")
        say(one.text or "（内容同上，只是所列任务不同）")
    leaves = f"最早{done.leaves_at.astimezone(ZONE):%m-%d %H:%M}发出。" if done.letters else ""
    say(("试运行，未写入：" if dry_run else "") + done.sentence + leaves)
