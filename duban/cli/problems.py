"""duban problem: the ledgers of a rectification, struck off one by one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from duban.cli.command import ACT, Answer, Call, Table, command, day_option
from duban.core.access import SYSTEM
from duban.editions.queries import edition_named
from duban.problems.importing import NewProblem
from duban.problems.queries import ProblemFilter, ProblemShown
from duban.problems.rules import PACE_NAMES, PROBLEM_STATE_NAMES, ProblemAct, ProblemPace, ProblemState
from duban.problems.service import (
    ProblemsKept,
    add_problem,
    import_problems,
    list_problems,
    settle_problem,
)
from duban.units.service import unit_named

app = typer.Typer(no_args_is_help=True, help="问题台账：登记、整改、核实销号。")

Edition = Annotated[str, typer.Argument(help="专项行动/年度，如 fire_exits/2026。")]
Code = Annotated[str, typer.Argument(help="问题编号。")]
Note = Annotated[str, typer.Option("--note", help="说明。")]


@command(app, "list")
def list_(
    call: Call,
    edition: Annotated[str | None, typer.Option("--edition", help="专项行动/年度。")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="责任单位的编码、名称或别名。")] = None,
    state: Annotated[
        ProblemState | None, typer.Option("--state", help="open 未整改、fixed 已整改、closed 已销号。")
    ] = None,
) -> Answer:
    """列出问题及措施；发现数总等于已整改加未整改。"""
    wanted = ProblemFilter(
        edition_id=edition_named(call.bureau, edition) if edition else None,
        unit_id=unit_named(call.bureau, unit).id if unit else None,
        state=state,
    )
    ledger = list_problems(call.bureau, wanted, by=SYSTEM)
    tally = ledger.tally
    title = f"问题台账：发现{tally.found}个，已整改{tally.fixed}个（已销号{tally.struck_off}个），未整改{tally.open}个"
    columns = ("编号", "问题", "责任单位", "类型", "整改时限", "状态", "措施")
    return Answer(ledger, Table(title, columns, map(_row, ledger.problems)))


@command(app, "import", *ACT)
def import_(
    call: Call,
    edition: Edition,
    file: Annotated[
        Path,
        typer.Argument(
            help="csv 或 xlsx，表头：编号、问题、责任单位、整改类型、发现日期、整改时限、节点、措施（分号或换行分条）。"
        ),
    ],
) -> Answer:
    """导入问题清单；有一行出错就一条也不导入，并逐行说明。"""
    return _kept(call, import_problems(call.bureau, edition_named(call.bureau, edition), file, **call.act))


@command(app, "add", *ACT)
def add(
    call: Call,
    edition: Edition,
    code: Code,
    title: Annotated[str, typer.Option("--title", help="问题。")],
    unit: Annotated[str, typer.Option("--unit", help="责任单位。")],
    found_on: Annotated[date, day_option("--found", "发现日期。")],
    due_on: Annotated[date | None, day_option("--due", "整改时限。")] = None,
    pace: Annotated[
        ProblemPace, typer.Option("--pace", help="at_once 立行立改、by_date 限期整改、lasting 长期坚持。")
    ] = ProblemPace.BY_DATE,
    milestone: Annotated[str | None, typer.Option("--milestone", help="所属节点的编码。")] = None,
    measure: Annotated[list[str] | None, typer.Option("--measure", help="整改措施，可写多次。")] = None,
) -> Answer:
    """登记一个问题。"""
    new = NewProblem(
        code=code,
        title=title,
        unit=unit,
        found_on=found_on,
        due_on=due_on,
        pace=pace,
        milestone=milestone,
        measures=tuple(measure or ()),
    )
    return _kept(call, add_problem(call.bureau, edition_named(call.bureau, edition), new, **call.act))


@command(app, "fix", *ACT)
def fix(
    call: Call,
    edition: Edition,
    code: Code,
    measure: Annotated[int | None, typer.Option("--measure", help="只报第几条措施完成。")] = None,
    note: Note = "",
) -> Answer:
    """责任单位报告一条措施完成，或整个问题整改完成。"""
    act = ProblemAct.FIX if measure is None else ProblemAct.FINISH_MEASURE
    return _settled(call, edition, code, act, words=note, nth=measure or 0)


@command(app, "send-back", *ACT)
def send_back(
    call: Call,
    edition: Edition,
    code: Code,
    reason: Annotated[str, typer.Option("--reason", help="未整改到位的原因。")],
) -> Answer:
    """核实不通过，退回继续整改。"""
    return _settled(call, edition, code, ProblemAct.RETURN, words=reason)


@command(app, "strike-off", *ACT)
def strike_off(call: Call, edition: Edition, code: Code, note: Note = "") -> Answer:
    """核实并销号：由整改人以外的同志逐条办理。"""
    return _settled(call, edition, code, ProblemAct.STRIKE_OFF, words=note)


@command(app, "carry", *ACT)
def carry(
    call: Call,
    edition: Edition,
    code: Code,
    due_on: Annotated[date, day_option("--to", "新的整改时限。")],
    reason: Annotated[str, typer.Option("--reason", help="为什么结转。")],
) -> Answer:
    """结转：未整改的问题写明理由和新的时限，所在阶段可以先销号。"""
    return _settled(call, edition, code, ProblemAct.CARRY, words=reason, due_on=due_on)


def _kept(call: Call, kept: ProblemsKept) -> Answer:
    return Answer(
        {"dry_run": call.dry_run, "added": kept.added, "measures": kept.measures},
        f"{call.head('已登记：')}问题{len(kept.added)}个、措施{kept.measures}条。",
    )


def _settled(
    call: Call,
    edition: str,
    code: str,
    act: ProblemAct,
    *,
    words: str,
    nth: int = 0,
    due_on: date | None = None,
) -> Answer:
    edition_id = edition_named(call.bureau, edition)
    done = settle_problem(call.bureau, edition_id, code, act, words=words, nth=nth, due_on=due_on, **call.act)
    state = PROBLEM_STATE_NAMES[done.state] + (f"，结转至{done.due_on}" if due_on else "")
    return Answer(done, f"{call.head('已办理：')}问题{done.code}（{done.unit}）现为“{state}”。")


def _row(one: ProblemShown) -> tuple[object, ...]:
    measures = "\n".join(f"{m.nth}. {m.title}（{'已完成' if m.done_on else '未完成'}）" for m in one.measures)
    state = PROBLEM_STATE_NAMES[one.state] + (f"（结转：{one.carried}）" if one.carried else "")
    return (one.code, one.title, one.unit, PACE_NAMES[one.pace], one.due_on, state, measures)
