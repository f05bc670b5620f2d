"""duban obligation: the ledger, and every act on it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from duban.cli import obligation_acts, obligation_page
from duban.cli.command import As, DryRun, Json, On, day_option, moment
from duban.cli.output import print_json, print_table, say
from duban.core.access import SYSTEM
from duban.core.clock import civil
from duban.core.lights import LIGHT_WORDS, Light
from duban.evidence.service import save_evidence_copy
from duban.obligations.file import show_obligation
from duban.obligations.list_queries import ObligationFilter
from duban.obligations.lists import OBLIGATIONS_PAGE, ListedObligation, ObligationPage, list_obligations
from duban.obligations.states import STATE_NAMES, State
from duban.units.service import unit_named
from duban.wiring import actor, open_bureau

app = typer.Typer(
    no_args_is_help=True, help="任务台账：查看、签收、报送、审核、销号、延期、暂停、免办、重开。"
)

State_ = Annotated[
    list[State] | None,
    typer.Option(
        "--state", help="状态，可写多次：" + "、".join(f"{s.value} {STATE_NAMES[s]}" for s in State)
    ),
]


@app.command("list")
def list_(
    unit: Annotated[str | None, typer.Option("--unit", help="责任单位的编码、名称或别名。")] = None,
    campaign: Annotated[
        str | None, typer.Option("--campaign", help="专项行动的编码，或名称的一部分。")
    ] = None,
    year: Annotated[int | None, typer.Option("--year", help="年度。")] = None,
    state: State_ = None,
    light: Annotated[
        Light | None, typer.Option("--light", help="灯：red 红、yellow 黄、green 绿、grey 灰。")
    ] = None,
    due_from: Annotated[date | None, day_option("--due-from", "时限不早于这一天。")] = None,
    due_until: Annotated[date | None, day_option("--due-until", "时限不晚于这一天。")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="只看 --as 那个人手上的。")] = False,
    page: Annotated[int, typer.Option("--page", min=1, help="第几页。")] = 1,
    page_size: Annotated[
        int, typer.Option("--page-size", min=1, max=1000, help="每页几条。")
    ] = OBLIGATIONS_PAGE,
    by: As = None,
    on: On = None,
    as_json: Json = False,
) -> None:
    """按条件列出任务，时限早的在前；灯与提醒所据的完全一致。"""
    with open_bureau() as bureau:
        wanted = ObligationFilter(
            unit_id=unit_named(bureau, unit).id if unit else None,
            campaign=campaign,
            year=year,
            states=frozenset(state or ()),
            due_from=due_from,
            due_until=due_until,
            mine=actor(bureau, by) if mine else None,
        )
        today = civil(moment(on))
        found = list_obligations(
            bureau, wanted, today=today, by=SYSTEM, light=light, page=page, page_size=page_size
        )
    if as_json:
        print_json(obligation_page.as_answer(found))
        return
    _print(found)


@app.command("show")
def show(
    obligation: Annotated[int, typer.Argument(help="任务编号。")], on: On = None, as_json: Json = False
) -> None:
    """看一项任务的全部：来源、时限、应报材料、报送、审核、延期、提醒和留痕。"""
    with open_bureau() as bureau:
        shown = show_obligation(bureau, obligation, by=SYSTEM, today=civil(moment(on)))
    if as_json:
        print_json(obligation_page.as_file(shown))
        return
    obligation_page.print_file(shown)


@app.command("evidence")
def evidence(
    obligation: Annotated[int, typer.Argument(help="任务编号。")],
    sha256: Annotated[str, typer.Argument(help="材料的 SHA-256，开头几位即可（show 可查）。")],
    to: Annotated[Path, typer.Option("--to", help="另存为哪个新文件。")],
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """查阅一份材料：核对指纹后另存一份，并留痕。"""
    with open_bureau() as bureau:
        opened = save_evidence_copy(
            bureau, obligation, sha256, to=to, by=actor(bureau, by), now=moment(on), dry_run=dry_run
        )
    if as_json:
        print_json(opened)
        return
    say(f"{'试运行，未另存' if dry_run else '已核对并另存'}：{opened.item.filename} → {opened.path}")


def _print(found: ObligationPage) -> None:
    total = "" if found.total is None else f"，共{found.total}条"
    columns = ("编号", "专项行动", "节点", "责任单位", "状态", "灯", "时限", "最后工作日", "经办人")
    print_table(f"任务台账（第{found.page}页{total}）", columns, (_row(one) for one in found.obligations))


def _row(one: ListedObligation) -> tuple[object, ...]:
    listed = one.listed
    marks = "（暂定）" if one.provisional else ""
    return (
        listed.id,
        f"{listed.campaign_name} {listed.year}",
        listed.milestone + (f"（{listed.label}）" if listed.label else ""),
        listed.unit,
        STATE_NAMES[listed.state] + ("、延期审批中" if listed.extension_pending else ""),
        f"{LIGHT_WORDS[one.standing.light]} {one.standing.word}",
        listed.due_on,
        f"{one.last_workday}{marks}",
        listed.handler,
    )


for _name, _command in obligation_acts.COMMANDS.items():
    app.command(_name)(_command)
