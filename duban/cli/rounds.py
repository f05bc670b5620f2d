"""duban round: the day's round from start to end by hand, which rounds are missing, what waits for approval before it
goes to a superior. duban dispatch: what was sent, what was not and why, and sending again.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from duban.bureau import Bureau
from duban.cli.command import ACT, Answer, Call, On, Table, Words, command
from duban.core.access import SYSTEM
from duban.core.clock import ZONE
from duban.core.errors import Refused
from duban.editions.queries import edition_named
from duban.outbox.queries import DispatchFilter, ListedDispatch
from duban.outbox.rules import DISPATCH_STATUS_NAMES
from duban.outbox.service import list_dispatches, retry_dispatch
from duban.reports.bulletin_drafts import read_bulletin_draft, settle_bulletin_draft
from duban.rounds.day import play_day
from duban.rounds.gates import GateReport
from duban.rounds.queries import HeldSelection
from duban.rounds.service import (
    EscalationsDecided,
    approve_escalations,
    decline_escalations,
    held_escalations,
    missing_rounds,
    preview_round,
    troubled_rounds,
)
from duban.units.service import unit_named
from duban.wiring import open_channels, where_mail_goes
from notifications.messages import Kind

app = typer.Typer(no_args_is_help=True, help="一轮：排提醒、关闸、发送；查看漏办的日子。")
dispatches = typer.Typer(
    no_args_is_help=True,
    help="发送记录：查看每一封消息的去向，重发未能发出的。“已被接收”是对方服务器收下，不等于送达，更不等于签收。",
)

Edition = Annotated[
    str | None, typer.Option("--edition", metavar="专项行动/年度", help="只看或只批这项行动的。")
]
Numbers = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="任务编号。")]
All = Annotated[bool, typer.Option("--all", help="全部待批的。")]
# typer shows the choices of an enumeration.
Status = StrEnum("Status", {name: name for name in DISPATCH_STATUS_NAMES})  # type: ignore[misc]  # made from a table, which mypy cannot follow
KINDS = {kind.value: kind.chinese_name for kind in Kind} | {"digest": "每日汇总"}
_NAMED = 20


@command(app, "escalations")
def escalations(call: Call, edition: Edition = None) -> Answer:
    """列出待批准的督办（设置 escalation_approval 打开时才有）。"""
    chosen = HeldSelection(edition_id=edition_named(call.bureau, edition) if edition else None)
    found = held_escalations(call.bureau, chosen, by=SYSTEM)
    rows = (
        (one.obligation_id, one.campaign, one.milestone, one.unit, one.due_on, one.to_unit)
        for one in found.escalations
    )
    title = f"待批准的督办（共{found.total}条，将告知{found.superiors}个单位）"
    return Answer(found, Table(title, ("任务", "专项行动", "节点", "责任单位", "时限", "告知"), rows))


@command(app, "approve", *ACT)
def approve(
    call: Call, obligation: Numbers = None, edition: Edition = None, everything: All = False
) -> Answer:
    """批准督办：列入今天的汇总，今天的信已发出的随下一轮。"""
    chosen = _chosen(call.bureau, obligation, edition, everything)
    return _decided(call, approve_escalations(call.bureau, chosen, **call.act))


@command(app, "decline", *ACT)
def decline(
    call: Call,
    reason: Annotated[str, typer.Option("--reason", help="不批准的理由。")],
    obligation: Numbers = None,
    edition: Edition = None,
    everything: All = False,
) -> Answer:
    """不批准督办：写明理由，不再发出。"""
    chosen = _chosen(call.bureau, obligation, edition, everything)
    return _decided(call, decline_escalations(call.bureau, chosen, reason=reason, **call.act))


def _chosen(
    bureau: Bureau, numbers: list[int] | None, edition: str | None, everything: bool
) -> HeldSelection:
    if not (numbers or edition or everything):
        raise Refused("请写明任务编号，或用 --edition、--all 写明范围。")
    return HeldSelection(
        obligation_ids=tuple(numbers) if numbers else None,
        edition_id=edition_named(bureau, edition) if edition else None,
    )


def _decided(call: Call, done: EscalationsDecided) -> Answer:
    fields = {name: getattr(done, name) for name in done.__slots__}
    return Answer({"dry_run": call.dry_run, **fields}, call.head() + done.sentence)


@command(app, "bulletin", "on")
def bulletin(call: Call, edition: Edition = None) -> Answer:
    """看通报草稿：催办后仍不办结的名单；只给统筹科室，系统不自动印发。"""
    found = read_bulletin_draft(
        call.bureau,
        by=SYSTEM,
        today=call.today,
        edition_id=edition_named(call.bureau, edition) if edition else None,
    )
    return Answer(found, found.text.rstrip())


@command(app, "settle-bulletin", *ACT)
def settle_bulletin(
    call: Call,
    note: Annotated[str, typer.Option("--note", help="印发的文号或方式；不通报的，写理由。")],
    drop: Annotated[bool, typer.Option("--drop", help="不予通报（不写就是已经印发）。")] = False,
    edition: Edition = None,
) -> Answer:
    """办理通报草稿：记下已经印发，或不予通报；不发任何消息。"""
    done = settle_bulletin_draft(
        call.bureau,
        issued=not drop,
        note=note,
        edition_id=edition_named(call.bureau, edition) if edition else None,
        **call.act,
    )
    return Answer(
        {"dry_run": call.dry_run, "issued": done.issued, "settled": done.settled}, call.head() + done.sentence
    )


@command(app, "run", "on", "dry-run")
def run(call: Call) -> Answer:
    """办今天的一轮：先补救中断的，再排提醒、关到期的闸、发送；再办一次，什么也不重复。"""
    bureau, now = call.bureau, call.now
    if call.looked_at and not call.dry_run:
        raise Refused(
            "一轮只在今天办：错过的日子由今天的一轮一并补上，还没到的不能提前办。"
            "想看某一天该发什么，请加 --dry-run；看全年用 duban rehearse；试用环境往前走用 duban clock step --rounds。"
        )
    if call.dry_run:
        notes = preview_round(bureau, now=now)
        rows = (
            (note.name, note.planned, "暂定" if note.provisional else "", note.error or "")
            for note in notes
            if note.planned or note.error
        )
        columns = ("专项行动", "最多几项", "暂定", "未能排入的原因")
        title = "今天该提醒的（已提醒过的不再重复；未写入，未发送）"
        return Answer({"dry_run": True, "editions": notes}, Table(title, columns, rows))
    with open_channels(bureau.settings) as channels:
        worker = f"{socket.gethostname()[:24]}-{os.getpid()}"
        day = play_day(bureau, channels=channels, now=now, worker=worker)
    recovered, held, gates, sent = day.recovered, day.held, day.gates, day.sent
    if gates is None or sent is None:
        return Answer({"held": False, "reason": held.sentence}, held.sentence, status=1)
    # The day's messages that somebody should look at.
    wanted = DispatchFilter(statuses=("failed", "unsure"), day=held.held_on)
    problems = list_dispatches(bureau, wanted, by=SYSTEM, limit=_NAMED).dispatches
    where = where_mail_goes(bureau, now)
    return Answer(
        {
            "held": True,
            "round": held,
            "recovered": recovered,
            "gates": gates.closed,
            "gate_faults": gates.faults,
            "delivery": sent,
            "problems": problems,
            "mail": where,
        },
        [recovered.sentence] if recovered.put_back or recovered.unsure or recovered.finished else [],
        held.sentence,
        (f"  {note.name}：{note.error}" for note in held.faults),
        _gates(gates),
        sent.sentence,
        (f"  {one.id}号 {one.unit} {one.address}：{one.reason}" for one in problems),
        where,
        status=1 if held.faults or gates.faults else 0,
    )


def _gates(gates: GateReport) -> Iterator[str]:
    """Every gate with the exact list of those missing."""
    for gate in gates:
        yield f"关闸：{gate.sentence}"
        for left in gate.result.missing:
            late = f"，逾期{left.days_overdue}个工作日" if left.days_overdue else ""
            subject = f"（{left.subject}）" if left.subject else ""
            yield f"  未完成：{left.unit}{subject} {left.obligation_id}号 {left.word}{late}"
    for fault in gates.faults:
        yield f"  {fault.name}未能关闸：{fault.error}"


@command(app, "missing", "on")
def missing(
    call: Call, days: Annotated[int, typer.Option("--days", min=1, max=366, help="往前看几天。")] = 7
) -> Answer:
    """列出没有办一轮的日子，以及没有办完整的一轮；有则退出码 1。"""
    absent = missing_rounds(call.bureau, now=call.now, days=days)
    troubled = troubled_rounds(call.bureau, now=call.now, days=days)
    words: list[Words] = [] if absent or troubled else ["没有漏办的一轮。"]
    if absent:
        named = "、".join(day.isoformat() for day in absent)
        words.append(
            f"{named} 的一轮没有办；请运行 duban round run，所欠提醒一并补上，并检查 duban up 是否在运行。"
        )
    words += [f"{one.held_on} 的一轮没有办完整：{'；'.join(one.reasons)}" for one in troubled]
    return Answer({"missing": absent, "troubled": troubled}, words, status=1 if absent or troubled else 0)


@command(dispatches, "list")
def list_(
    call: Call,
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
) -> Answer:
    """列出发送记录，新的在前；--on 只看这一天排发的。"""
    wanted = DispatchFilter(
        statuses=tuple(one.value for one in status or ()),
        unit_id=unit_named(call.bureau, unit).id if unit else None,
        day=on,
    )
    found = list_dispatches(call.bureau, wanted, by=SYSTEM, limit=limit)
    counted = "，".join(
        f"{DISPATCH_STATUS_NAMES.get(key, key)}{n}" for key, n in sorted(found.counts.items())
    )
    rows = (
        (
            one.id,
            one.day,
            KINDS.get(one.kind, one.kind),
            one.unit,
            f"{one.contact or '—'} {one.address}" if one.contact else "—",
            DISPATCH_STATUS_NAMES.get(one.status, one.status),
            one.attempts,
            _result(one),
        )
        for one in found.dispatches
    )
    title = f"发送记录（共{found.total}封{'：' + counted if counted else ''}）"
    columns = ("编号", "日期", "种类", "单位", "收件", "状态", "次数", "结果")
    return Answer(
        {"total": found.total, "counts": found.counts, "dispatches": found.dispatches},
        Table(title, columns, rows),
    )


@command(dispatches, "retry", *ACT)
def retry(
    call: Call,
    dispatch: Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="发送记录的编号。")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="全部未能发出的。")] = False,
    even_unsure: Annotated[
        bool, typer.Option("--even-unsure", help="不能确定是否送出的也重发（对方可能收到两封）。")
    ] = False,
) -> Answer:
    """把未能发出的转为待发；联系人地址已改正的，按新地址发。"""
    if failed == bool(dispatch):
        raise Refused("请写明要重发的编号，或用 --failed 重发全部未能发出的，两者取一。")
    chosen = None if failed else dispatch
    done = retry_dispatch(call.bureau, chosen, even_unsure=even_unsure, **call.act)
    return Answer(done, ("（未写入）" if call.dry_run else "") + done.sentence)


def _result(one: ListedDispatch) -> str:
    if one.status == "accepted" and one.accepted_at:
        return f"{one.accepted_at.astimezone(ZONE):%m-%d %H:%M} {one.provider_code or ''} {one.provider_message or ''}".strip()
    if one.status == "pending":
        waits = f"{one.not_before.astimezone(ZONE):%m-%d %H:%M} 后发送"
        return f"{waits}（{one.reason}）" if one.reason else waits
    return one.reason or ""
