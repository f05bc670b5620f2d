"""duban dispatch: what was sent, what was not and why, and sending again."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from duban.cli.options import As, DryRun, Json, On, moment
from duban.cli.output import print_json, print_table, say
from duban.core.access import SYSTEM
from duban.core.clock import ZONE
from duban.core.errors import Refused
from duban.letters.list_queries import DispatchFilter, ListedDispatch
from duban.letters.lists import Dispatches, list_dispatches, retry_dispatch
from duban.letters.rules import DISPATCH_STATUS_NAMES
from duban.units.service import unit_named
from duban.wiring import actor, open_bureau
from notifications.messages import Kind

app = typer.Typer(
    no_args_is_help=True,
    help="发送记录：查看每一封消息的去向，重发未能发出的。“已被接收”是对方服务器收下，不等于送达，更不等于签收。",
)

# typer shows the choices of an enumeration.
Status = StrEnum("Status", {name: name for name in DISPATCH_STATUS_NAMES})  # type: ignore[misc]  # made from a table, which mypy cannot follow
_KINDS = {kind.value: kind.chinese_name for kind in Kind} | {"digest": "每日汇总"}


@app.command("list")
def list_(
    status: Annotated[
        list[Status] | None,
        typer.Option(
            "--status",
            help="状态，可写多次："
            + "、".join(f"{key} {name}" for key, name in DISPATCH_STATUS_NAMES.items()),
        ),
    ] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="责任单位的编码、名称或别名。")] = None,
    on: On = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="最多列出几封。")] = 100,
    as_json: Json = False,
) -> None:
    """列出发送记录，新的在前；--on 只看这一天排发的。"""
    with open_bureau() as bureau:
        wanted = DispatchFilter(
            statuses=tuple(one.value for one in status or ()),
            unit_id=unit_named(bureau, unit).id if unit else None,
            day=on,
        )
        found = list_dispatches(bureau, wanted, by=SYSTEM, limit=limit)
    if as_json:
        print_json({"total": found.total, "counts": found.counts, "dispatches": found.dispatches})
        return
    _print(found)


@app.command("retry")
def retry(
    dispatch: Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="发送记录的编号。")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="全部未能发出的。")] = False,
    even_unsure: Annotated[
        bool, typer.Option("--even-unsure", help="不能确定是否送出的也重发（对方可能收到两封）。")
    ] = False,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """把未能发出的转为待发；联系人地址已改正的，按新地址发。"""
    if failed == bool(dispatch):
        raise Refused("请写明要重发的编号，或用 --failed 重发全部未能发出的，两者取一。")
    with open_bureau() as bureau:
        done = retry_dispatch(
            bureau,
            None if failed else dispatch,
            by=actor(bureau, by),
            now=moment(on),
            even_unsure=even_unsure,
            dry_run=dry_run,
        )
    if as_json:
        print_json(done)
        return
    say(("（未写入）" if dry_run else "") + done.sentence)


def _print(found: Dispatches) -> None:
    counted = "，".join(
        f"{DISPATCH_STATUS_NAMES.get(key, key)}{n}" for key, n in sorted(found.counts.items())
    )
    print_table(
        f"发送记录（共{found.total}封{'：' + counted if counted else ''}）",
        ("编号", "日期", "种类", "单位", "收件", "状态", "次数", "结果"),
        (_row(one) for one in found.dispatches),
    )


def _row(one: ListedDispatch) -> tuple[object, ...]:
    return (
        one.id,
        one.day,
        _KINDS.get(one.kind, one.kind),
        one.unit,
        f"{one.contact or '—'} {one.address}" if one.contact else "—",
        DISPATCH_STATUS_NAMES.get(one.status, one.status),
        one.attempts,
        _result(one),
    )


def _result(one: ListedDispatch) -> str:
    if one.status == "accepted" and one.accepted_at:
        return f"{one.accepted_at.astimezone(ZONE):%m-%d %H:%M} {one.provider_code or ''} {one.provider_message or ''}".strip()
    if one.status == "pending":
        waits = f"{one.not_before.astimezone(ZONE):%m-%d %H:%M} 后发送"
        return f"{waits}（{one.reason}）" if one.reason else waits
    return one.reason or ""
