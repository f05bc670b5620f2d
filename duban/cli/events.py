"""duban event: 待定时限, the days of events from which dates are counted, listed, entered and taken back."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from duban.cli.command import ACT, Answer, Call, Table, command, day_option
from duban.core.access import SYSTEM
from duban.editions.event_queries import EventDuty, EventFilter
from duban.editions.events import EventDay, enter_event, list_event_duties
from duban.editions.queries import edition_named
from duban.obligations.states import STATE_NAMES, State
from duban.units.service import unit_named

app = typer.Typer(
    no_args_is_help=True, help="待定时限：收到通知、登记、办结之后若干日内的，填上那一天才有时限。"
)

Campaign = Annotated[str, typer.Argument(help="专项行动的代号或名称。")]
Year = Annotated[int, typer.Argument(help="年份，例如 2026。")]
Milestone = Annotated[str, typer.Argument(help="节点的代号或名称，见 duban event list。")]
Unit = Annotated[str, typer.Option("--unit", help="只填这个单位的；不写则填所有还没有日期的单位。")]
Subject = Annotated[str, typer.Option("--subject", help="只填名册上这一家的：代码或名称。")]


@command(app, "list")
def list_(
    call: Call,
    edition: Annotated[
        str | None, typer.Option("--edition", help="只看这个专项行动，例如 place_name_signs/2026。")
    ] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="只看这个单位。")] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="只看还没有日期的。")] = False,
) -> Answer:
    """列出从某一天起算的任务：等谁填哪一天，填了以后的时限。"""
    wanted = EventFilter(
        edition_id=edition_named(call.bureau, edition) if edition else None,
        unit_id=unit_named(call.bureau, unit).id if unit else None,
        waiting=waiting,
    )
    found = list_event_duties(call.bureau, wanted, by=SYSTEM)
    columns = ("专项行动", "节点", "时限", "单位", "对象", "起算日", "到期日", "状态")
    rows = [
        (
            f"{one.campaign} {one.year}",
            f"{one.milestone_key} {one.milestone}",
            one.due_phrase,
            one.unit,
            one.subject,
            one.event_on or _wanted(one),
            one.due_on,
            STATE_NAMES[State(one.state)] if one.state else "待定时限",
        )
        for one in found
    ]
    waits = sum(one.event_on is None for one in found)
    table = Table(f"从某一天起算的任务（{len(found)}项，{waits}项待定）", columns, rows)
    return Answer(found, table if rows else "没有从某一天起算的任务。")


def _wanted(one: EventDuty) -> str:
    return "等前一环节销号" if one.source == "closing" else f"待填{one.event}日期"


@command(app, "set", *ACT)
def set_(
    call: Call,
    campaign: Campaign,
    year: Year,
    milestone: Milestone,
    day: Annotated[date, day_option("--day", "那一天：收到通知、登记、验收……的日期。")],
    unit: Unit = "",
    subject: Subject = "",
    reason: Annotated[str, typer.Option("--reason", help="依据；改动已填的日期时必填。")] = "",
) -> Answer:
    """填写或改动起算的那一天：填了就有时限、交办、提醒，和别的任务一样。"""
    entry = EventDay(
        campaign=campaign,
        year=year,
        milestone=milestone,
        event_on=day,
        unit=unit,
        subject=subject,
        note=reason,
    )
    done = enter_event(call.bureau, entry, **call.act)
    return Answer(done, f"{call.head()}{done.sentence}")


@command(app, "clear", *ACT)
def clear(
    call: Call,
    campaign: Campaign,
    year: Year,
    milestone: Milestone,
    reason: Annotated[str, typer.Option("--reason", help="为什么撤回，记入留痕。")],
    unit: Unit = "",
    subject: Subject = "",
) -> Answer:
    """撤回填错的日期：任务撤销，恢复待定。"""
    entry = EventDay(
        campaign=campaign,
        year=year,
        milestone=milestone,
        event_on=None,
        unit=unit,
        subject=subject,
        note=reason,
    )
    done = enter_event(call.bureau, entry, **call.act)
    return Answer(done, f"{call.head()}{done.sentence}")
