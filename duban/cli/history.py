"""duban history: what was done, by whom and when, and whether it still is what was written."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from duban.cli.command import Answer, Call, Table, command, plain
from duban.core.clock import ZONE
from duban.core.errors import Refused
from duban.editions.queries import edition_named
from duban.history.queries import Head, HistoryEntry
from duban.history.service import show_history, verify_history
from duban.obligations.states import TRANSITION_NAMES, Transition
from duban.reports.history_words import order_words

app = typer.Typer(no_args_is_help=True, help="留痕：查看与校验。")


@command(app, "verify")
def verify(
    call: Call,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="条数:指纹", help="先前校验时记下的结果；可发现末尾被删或整条链被重写。"
        ),
    ] = None,
) -> Answer:
    """逐条校验留痕：指纹链完整，时间先后合理；有一条对不上，退出码为 1。"""
    noted = _noted(since)
    found = verify_history(call.bureau, noted=noted, now=call.bureau.now())
    intact = found.broken_at is None
    answer = {
        "intact": intact,
        "entries": found.entries,
        "head": found.head,
        "broken_at": found.broken_at,
        "reason": found.reason,
        "out_of_order": found.out_of_order,
        "shown": [{**plain(one), "words": order_words(one)} for one in found.shown],
    }
    whole = f"留痕 {found.entries} 条，指纹链完整。请记下：{found.entries}:{found.head}"
    faults = [] if intact else [found.reason or "留痕校验没有通过。"]
    if found.out_of_order:
        faults.append(f"{found.out_of_order}条留痕的时间对不上，请核对当时的时钟并向经手人了解情况。")
    return Answer(
        answer,
        whole if intact else (),
        map(order_words, found.shown),
        error=Refused(faults) if faults else None,
    )


@command(app, "show")
def show(
    call: Call,
    obligation: Annotated[int | None, typer.Option("--obligation", help="只看一项任务。")] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", help="只看一个专项行动，如 place_name_signs/2026。")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="最多几条，取最近的。")] = 200,
) -> Answer:
    """列出留痕，时间早的在前。"""
    entries = show_history(
        call.bureau,
        noun=None if obligation is None else "obligation",
        noun_id=obligation,
        edition_id=edition_named(call.bureau, edition) if edition else None,
        limit=limit,
    )
    return Answer(
        [
            {**{name: getattr(one, name) for name in one.__slots__}, "detail": json.loads(one.detail)}
            for one in entries
        ],
        Table("留痕", ("序号", "时间", "经手人", "动作", "对象", "内容"), map(_row, entries)),
    )


def _noted(text: str | None) -> Head | None:
    if text is None:
        return None
    entries, _, entry_hash = text.partition(":")
    if not entries.isdecimal() or len(entry_hash) != 64:
        raise typer.BadParameter("--since 要写成 条数:指纹，照抄上次校验打印的那一段。")
    return Head(entries=int(entries), entry_hash=entry_hash)


def _row(one: HistoryEntry) -> tuple[object, ...]:
    about = one.noun if one.noun_id is None else f"{one.noun} {one.noun_id}"
    verb = TRANSITION_NAMES[Transition(one.verb)] if one.verb in set(Transition) else one.verb
    return (one.id, f"{one.at.astimezone(ZONE):%Y-%m-%d %H:%M}", one.actor, verb, about, one.detail)
