"""duban history: what was done, by whom and when, and whether it still is what was written."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from duban.cli.options import Json
from duban.cli.output import print_json, print_table, say
from duban.core.clock import ZONE
from duban.core.errors import Refused
from duban.editions.find import edition_named
from duban.history.queries import Head, HistoryEntry, Verified
from duban.history.service import show_history, verify_history
from duban.obligations.states import TRANSITION_NAMES, Transition
from duban.wiring import open_bureau

app = typer.Typer(no_args_is_help=True, help="留痕：查看与校验。")


@app.command("verify")
def verify(
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="条数:指纹", help="先前校验时记下的结果；可发现末尾被删或整条链被重写。"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """逐条校验留痕的指纹链；有一条对不上，退出码为 1。"""
    noted = _noted(since)
    with open_bureau() as bureau:
        found = verify_history(bureau, noted=noted)
    if as_json:
        print_json(_answer(found))
    elif found.broken_at is None:
        say(f"留痕 {found.entries} 条，指纹链完整。请记下：{found.entries}:{found.head}")
    if found.broken_at is not None:
        raise Refused(found.reason or "留痕校验没有通过。")


@app.command("show")
def show(
    obligation: Annotated[int | None, typer.Option("--obligation", help="只看一项任务。")] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", help="只看一个专项行动，如 place_name_signs/2026。")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="最多几条，取最近的。")] = 200,
    as_json: Json = False,
) -> None:
    """列出留痕，时间早的在前。"""
    with open_bureau() as bureau:
        entries = show_history(
            bureau,
            noun=None if obligation is None else "obligation",
            noun_id=obligation,
            edition_id=edition_named(bureau, edition) if edition else None,
            limit=limit,
        )
    if as_json:
        print_json([{**_fields(one), "detail": json.loads(one.detail)} for one in entries])
        return
    print_table("留痕", ("序号", "时间", "经手人", "动作", "对象", "内容"), (_row(one) for one in entries))


def _noted(text: str | None) -> Head | None:
    if text is None:
        return None
    entries, _, entry_hash = text.partition(":")
    if not entries.isdecimal() or len(entry_hash) != 64:
        raise typer.BadParameter("--since 要写成 条数:指纹，照抄上次校验打印的那一段。")
    return Head(entries=int(entries), entry_hash=entry_hash)


def _answer(found: Verified) -> dict[str, object]:
    return {
        "intact": found.broken_at is None,
        "entries": found.entries,
        "head": found.head,
        "broken_at": found.broken_at,
        "reason": found.reason,
    }


def _fields(one: HistoryEntry) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__}


def _row(one: HistoryEntry) -> tuple[object, ...]:
    about = one.noun if one.noun_id is None else f"{one.noun} {one.noun_id}"
    verb = TRANSITION_NAMES[Transition(one.verb)] if one.verb in set(Transition) else one.verb
    return (one.id, f"{one.at.astimezone(ZONE):%Y-%m-%d %H:%M}", one.actor, verb, about, one.detail)
