"""duban problem: the ledgers of a rectification, struck off one by one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from duban.cli.options import As, DryRun, Json, On, day_option, moment
from duban.cli.output import print_json, print_table, say
from duban.core.access import SYSTEM
from duban.editions.find import edition_named
from duban.problems.importing import NewProblem
from duban.problems.lists import ProblemLedger, list_problems
from duban.problems.queries import ProblemFilter, ProblemShown
from duban.problems.rules import PACE_NAMES, PROBLEM_STATE_NAMES, ProblemPace, ProblemState
from duban.problems.service import (
    ProblemsKept,
    add_problem,
    finish_measure,
    fix_problem,
    import_problems,
    return_problem,
    strike_off_problem,
)
from duban.units.service import unit_named
from duban.wiring import actor, open_bureau

app = typer.Typer(no_args_is_help=True, help="问题台账：登记、整改、核实销号。")

Edition = Annotated[str, typer.Argument(help="专项行动/年度，如 fire_exits/2026。")]
Code = Annotated[str, typer.Argument(help="问题编号。")]
Note = Annotated[str, typer.Option("--note", help="说明。")]


@app.command("list")
def list_(
    edition: Annotated[str | None, typer.Option("--edition", help="专项行动/年度。")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="责任单位的编码、名称或别名。")] = None,
    state: Annotated[
        ProblemState | None, typer.Option("--state", help="open 未整改、fixed 已整改、closed 已销号。")
    ] = None,
    as_json: Json = False,
) -> None:
    """列出问题及措施；发现数总等于已整改加未整改。"""
    with open_bureau() as bureau:
        ledger = list_problems(
            bureau,
            ProblemFilter(
                edition_id=edition_named(bureau, edition) if edition else None,
                unit_id=unit_named(bureau, unit).id if unit else None,
                state=state,
            ),
            by=SYSTEM,
        )
    if as_json:
        print_json(ledger)
        return
    _print(ledger)


@app.command("import")
def import_(
    edition: Edition,
    file: Annotated[
        Path,
        typer.Argument(
            help="csv 或 xlsx，表头：编号、问题、责任单位、整改类型、发现日期、整改时限、节点、措施（分号或换行分条）。"
        ),
    ],
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """导入问题清单；有一行出错就一条也不导入，并逐行说明。"""
    with open_bureau() as bureau:
        kept = import_problems(
            bureau,
            edition_named(bureau, edition),
            file,
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    _told_kept(kept, dry_run=dry_run, as_json=as_json)


@app.command("add")
def add(
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
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
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
    with open_bureau() as bureau:
        kept = add_problem(
            bureau, edition_named(bureau, edition), new, by=actor(bureau, by), now=moment(on), dry_run=dry_run
        )
    _told_kept(kept, dry_run=dry_run, as_json=as_json)


@app.command("fix")
def fix(
    edition: Edition,
    code: Code,
    measure: Annotated[int | None, typer.Option("--measure", help="只报第几条措施完成。")] = None,
    note: Note = "",
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """责任单位报告一条措施完成，或整个问题整改完成。"""
    with open_bureau() as bureau:
        common: dict[str, Any] = {"by": actor(bureau, by), "now": moment(on), "dry_run": dry_run}
        edition_id = edition_named(bureau, edition)
        if measure is None:
            done = fix_problem(bureau, edition_id, code, note=note, **common)
        else:
            done = finish_measure(bureau, edition_id, code, measure, **common)
    _told(done, dry_run=dry_run, as_json=as_json)


@app.command("send-back")
def send_back(
    edition: Edition,
    code: Code,
    reason: Annotated[str, typer.Option("--reason", help="未整改到位的原因。")],
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """核实不通过，退回继续整改。"""
    with open_bureau() as bureau:
        done = return_problem(
            bureau,
            edition_named(bureau, edition),
            code,
            reason=reason,
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    _told(done, dry_run=dry_run, as_json=as_json)


@app.command("strike-off")
def strike_off_(
    edition: Edition,
    code: Code,
    note: Note = "",
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """核实并销号：由整改人以外的同志逐条办理。"""
    with open_bureau() as bureau:
        done = strike_off_problem(
            bureau,
            edition_named(bureau, edition),
            code,
            note=note,
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    _told(done, dry_run=dry_run, as_json=as_json)


def _told_kept(kept: ProblemsKept, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"dry_run": dry_run, "added": kept.added, "measures": kept.measures})
        return
    head = "试运行，未写入：" if dry_run else "已登记："
    say(f"{head}问题{len(kept.added)}个、措施{kept.measures}条。")


def _told(done: ProblemShown, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    head = "试运行，未写入：" if dry_run else "已办理："
    say(f"{head}问题{done.code}（{done.unit}）现为“{PROBLEM_STATE_NAMES[done.state]}”。")


def _print(ledger: ProblemLedger) -> None:
    tally = ledger.tally
    title = f"问题台账：发现{tally.found}个，已整改{tally.fixed}个（已销号{tally.struck_off}个），未整改{tally.open}个"
    columns = ("编号", "问题", "责任单位", "类型", "整改时限", "状态", "措施")
    print_table(title, columns, (_row(one) for one in ledger.problems))


def _row(one: ProblemShown) -> tuple[object, ...]:
    measures = "\n".join(f"{m.nth}. {m.title}（{'已完成' if m.done_on else '未完成'}）" for m in one.measures)
    state = PROBLEM_STATE_NAMES[one.state]
    return (one.code, one.title, one.unit, PACE_NAMES[one.pace], one.due_on, state, measures)
