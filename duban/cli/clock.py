"""duban clock: what time it is in this home, and how a trial home steps forwards."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from duban.cli.command import Answer, Call, Day, command, complain, say
from duban.core.clock import ZONE, at
from duban.core.errors import Refused
from duban.trial.rules import read_step, trial_sign
from duban.trial.service import DayPassed, Stepped, step_clock
from duban.wiring import open_channels

app = typer.Typer(no_args_is_help=True, help="时钟：现在几点；试用环境逐日往前走，正式环境没有这个时钟。")
Rounds = Annotated[
    bool, typer.Option("--rounds", help="途中每天早上照常办一轮：排提醒、关闸、发送（试用环境只写成文件）。")
]


@command(app, "show")
def show(call: Call) -> Answer:
    """现在是哪一天几点，以哪个时钟为准。"""
    now, trial = call.now, call.bureau.is_trial
    words = (
        f"{trial_sign(now)}。" if trial else f"正式环境，本机时钟：{now.astimezone(ZONE):%Y-%m-%d %H:%M}。"
    )
    return Answer({"trial": trial, "now": now, "today": call.today}, words)


@command(app, "set", "as", "dry-run")
def set_(call: Call, day: Day, rounds: Rounds = False) -> Answer:
    """把试用时钟拨到这一天早上八点半，只能往前。"""
    return _stepped(call, at(day), rounds=rounds)


@command(app, "step", "as", "dry-run")
def step(
    call: Call,
    length: Annotated[str, typer.Argument(help="走多久：3d 三天、2w 两周、4h 四小时。")] = "1d",
    rounds: Rounds = False,
) -> Answer:
    """试用时钟往前走一段。"""
    further = read_step(length)
    if further is None:
        raise Refused(f"“{length}”看不懂，请写成 3d（三天）、2w（两周）或 4h（四小时）的样子。")
    return _stepped(call, call.now + further, rounds=rounds)


def _stepped(call: Call, to: datetime, *, rounds: bool) -> Answer:
    tell = (lambda _: None) if call.as_json else _tell
    if rounds and not call.dry_run:
        with open_channels(call.bureau.settings) as channels:
            done = step_clock(call.bureau, to, by=call.by, channels=channels, told=tell)
    else:
        done = step_clock(call.bureau, to, by=call.by, dry_run=call.dry_run)
    faults = any(day.faults for day in done.days)
    return Answer(
        {"dry_run": call.dry_run, **_plain(done)}, call.head() + _sentence(done), status=1 if faults else 0
    )


def _plain(done: Stepped) -> dict[str, object]:
    return {"previous": done.previous, "now": done.now, "days": done.days}


def _tell(day: DayPassed) -> None:
    """A morning on which something happened, while the next ones are still being played."""
    if day.planned or day.sent or day.gates:
        gates = f"，关闸{day.gates}个" if day.gates else ""
        say(f"{day.held_on}：新排提醒{day.planned}条，发出{day.sent}封{gates}")
    for fault in day.faults:
        complain(f"{day.held_on}：{fault}")


def _sentence(done: Stepped) -> str:
    played = f"，途中办了{len(done.days)}天的一轮" if done.days else ""
    return f"试用时钟由 {done.previous.astimezone(ZONE):%Y-%m-%d %H:%M} 走到 {done.now.astimezone(ZONE):%Y-%m-%d %H:%M}{played}。"
