"""duban round: the day's round from start to end by hand, and which rounds are missing."""

from __future__ import annotations

import os
import socket
from datetime import date, datetime
from typing import Annotated, Any

import typer

from duban.bureau import Bureau
from duban.cli import escalations
from duban.cli.options import DryRun, Json, On, moment
from duban.cli.output import print_json, print_table, say
from duban.core.access import SYSTEM
from duban.letters.delivery import DeliveryReport, deliver
from duban.letters.list_queries import DispatchFilter, ListedDispatch
from duban.letters.lists import list_dispatches
from duban.outbox.queries import EditionNote
from duban.rounds.gates import GateReport, close_gates
from duban.rounds.service import (
    RecoveryReport,
    RoundReport,
    TroubledRound,
    hold_round,
    missing_rounds,
    preview_round,
    recover,
    troubled_rounds,
)
from duban.wiring import open_bureau, open_channels, where_mail_goes

app = typer.Typer(no_args_is_help=True, help="一轮：排提醒、关闸、发送；查看漏办的日子。")
app.command("escalations")(escalations.escalations)
app.command("approve")(escalations.approve)
app.command("decline")(escalations.decline)
_NAMED = 20


@app.command("run")
def run(on: On = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """办今天的一轮：先补救中断的，再排提醒、关到期的闸、发送；再办一次，什么也不重复。"""
    with open_bureau() as bureau:
        now = moment(on)
        if dry_run:
            _preview(preview_round(bureau, now=now), as_json)
            return
        recovered = recover(bureau, now=now)
        held = hold_round(bureau, now=now)
        if held.newer is not None:
            _refuse(held, as_json)
        gates = close_gates(bureau, now=now)
        sent = _deliver(bureau, now)
        problems = _problems(bureau, held)
        where = where_mail_goes(bureau, now)
    if as_json:
        print_json(_answer(recovered, held, gates, sent, problems, where))
    else:
        _tell(recovered, held, gates, sent, problems, where)
    if held.faults or gates.faults:
        raise typer.Exit(1)


@app.command("missing")
def missing(
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="往前看几天。")] = 7,
    on: On = None,
    as_json: Json = False,
) -> None:
    """列出没有办一轮的日子，以及没有办完整的一轮；有则退出码 1。"""
    with open_bureau() as bureau:
        now = moment(on)
        absent = missing_rounds(bureau, now=now, days=days)
        troubled = troubled_rounds(bureau, now=now, days=days)
    if as_json:
        print_json({"missing": absent, "troubled": troubled})
    else:
        _tell_missing(absent, troubled)
    if absent or troubled:
        raise typer.Exit(1)


def _deliver(bureau: Bureau, now: datetime) -> DeliveryReport:
    worker = f"{socket.gethostname()[:24]}-{os.getpid()}"
    with open_channels(bureau.settings) as channels:
        return deliver(bureau, channels=channels, now=now, worker=worker)


def _problems(bureau: Bureau, held: RoundReport) -> tuple[ListedDispatch, ...]:
    """The day's messages that somebody should look at."""
    wanted = DispatchFilter(statuses=("failed", "unsure"), day=held.held_on)
    return list_dispatches(bureau, wanted, by=SYSTEM, limit=_NAMED).dispatches


def _refuse(held: RoundReport, as_json: bool) -> None:
    if as_json:
        print_json({"held": False, "reason": held.sentence})
    else:
        say(held.sentence)
    raise typer.Exit(1)


def _preview(notes: tuple[EditionNote, ...], as_json: bool) -> None:
    if as_json:
        print_json({"dry_run": True, "editions": notes})
        return
    owed = [note for note in notes if note.planned or note.error]
    print_table(
        "今天该提醒的（已提醒过的不再重复；未写入，未发送）",
        ("专项行动", "最多几项", "暂定", "未能排入的原因"),
        ((note.name, note.planned, "暂定" if note.provisional else "", note.error or "") for note in owed),
    )


def _answer(
    recovered: RecoveryReport,
    held: RoundReport,
    gates: GateReport,
    sent: DeliveryReport,
    problems: tuple[ListedDispatch, ...],
    where: str,
) -> dict[str, Any]:
    return {
        "held": True,
        "round": held,
        "recovered": recovered,
        "gates": gates.closed,
        "gate_faults": gates.faults,
        "delivery": sent,
        "problems": problems,
        "mail": where,
    }


def _tell(
    recovered: RecoveryReport,
    held: RoundReport,
    gates: GateReport,
    sent: DeliveryReport,
    problems: tuple[ListedDispatch, ...],
    where: str,
) -> None:
    if recovered.put_back or recovered.unsure or recovered.finished:
        say(recovered.sentence)
    say(held.sentence)
    for note in held.faults:
        say(f"  {note.name}：{note.error}")
    _tell_gates(gates)
    say(sent.sentence)
    for one in problems:
        say(f"  {one.id}号 {one.unit} {one.address}：{one.reason}")
    say(where)


def _tell_gates(gates: GateReport) -> None:
    """Every gate with the exact list of those missing."""
    for gate in gates:
        say(f"关闸：{gate.sentence}")
        for left in gate.result.missing:
            late = f"，逾期{left.days_overdue}个工作日" if left.days_overdue else ""
            say(
                f"  未完成：{left.unit}{f'（{left.subject}）' if left.subject else ''} {left.obligation_id}号 {left.word}{late}"
            )
    for fault in gates.faults:
        say(f"  {fault.name}未能关闸：{fault.error}")


def _tell_missing(absent: tuple[date, ...], troubled: tuple[TroubledRound, ...]) -> None:
    if not absent and not troubled:
        say("没有漏办的一轮。")
    if absent:
        days = "、".join(day.isoformat() for day in absent)
        say(f"{days} 的一轮没有办；请运行 duban round run，所欠提醒一并补上，并检查 duban up 是否在运行。")
    for one in troubled:
        say(f"{one.held_on} 的一轮没有办完整：{'；'.join(one.reasons)}")
