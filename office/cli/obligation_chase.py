"""duban obligation chase: a chase by hand, with the letters shown before they are sent."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from office.actions.chase_now import Chased, chase_now
from office.actions.find import edition_named, unit_named
from office.cli.dates import day_option
from office.cli.options import As, DryRun, Json, On, moment
from office.cli.output import print_json, say
from office.clock import ZONE
from office.store.chases import ChaseScope
from office.wiring import actor, open_office


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
    with open_office() as office:
        scope = ChaseScope(
            edition_id=edition_named(office, edition) if edition else None,
            unit_ids=tuple(unit_named(office, name).id for name in unit or ()),
            obligation_ids=tuple(obligation or ()),
            due_until=due_until,
        )
        done = chase_now(office, scope, words=words, by=actor(office, by), now=moment(on), dry_run=dry_run)
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
