"""duban support: what a unit supports while others lead, who has answered and who has not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from duban.cli.command import Answer, Call, Table, Words, command
from duban.core.access import SYSTEM
from duban.core.clock import ZONE
from duban.editions.queries import edition_named
from duban.evidence.service import FileItem
from duban.evidence.support import acknowledge_support, list_supports, report_support, show_support
from duban.obligations.states import STATE_NAMES
from duban.obligations.support_queries import SupportDuty, SupportFilter, leads_in_words
from duban.obligations.support_rules import SUPPORT_STATE_NAMES, UNANSWERED, SupportState
from duban.units.service import unit_named

app = typer.Typer(no_args_is_help=True, help="配合事项：查看、知悉、报告。")

Duty = Annotated[int, typer.Argument(help="配合事项编号。")]


@command(app, "list")
def list_(
    call: Call,
    unit: Annotated[str | None, typer.Option("--unit", help="配合单位的编码、名称或别名。")] = None,
    edition: Annotated[str | None, typer.Option("--edition", help="专项行动/年度。")] = None,
    state: Annotated[
        SupportState | None,
        typer.Option(
            "--state", help="pending 未答复、acknowledged 已知悉、reported 已报告、withdrawn 已撤回。"
        ),
    ] = None,
    unanswered: Annotated[
        bool, typer.Option("--unanswered", help="只列还没有报告、牵头单位也还没有办结的。")
    ] = False,
    page: Annotated[int, typer.Option("--page", min=1, help="第几页。")] = 1,
) -> Answer:
    """列出配合事项，最早到期的在前：谁配合、谁牵头、牵头办到哪一步、答复了没有。"""
    states = frozenset({state}) if state else UNANSWERED if unanswered else frozenset(SupportState)
    wanted = SupportFilter(
        unit_id=unit_named(call.bureau, unit).id if unit else None,
        edition_id=edition_named(call.bureau, edition) if edition else None,
        states=states,
        led=unanswered,
    )
    found = list_supports(call.bureau, wanted, by=SYSTEM, page=page)
    title = f"配合事项{found.total}件，涉及{found.units}个单位" + (f"，第{page}页" if page > 1 else "")
    columns = ("编号", "配合单位", "专项行动", "事项", "牵头单位", "牵头进展", "时限", "答复")
    return Answer(found, Table(title, columns, map(_row, found.supports)))


@command(app, "show", "as")
def show(call: Call, number: Duty) -> Answer:
    """查看一件配合事项：牵头单位进展、历次报告。"""
    case = show_support(call.bureau, number, by=call.by if call.names_actor else SYSTEM)
    return Answer(case, _whole(case.duty))


@command(app, "acknowledge", "as", "dry-run")
def acknowledge(call: Call, number: Duty) -> Answer:
    """知悉：由配合单位的经办人办理。"""
    return _done(call, acknowledge_support(call.bureau, number, **call.act))


@command(app, "report", "as", "dry-run")
def report(
    call: Call,
    number: Duty,
    words: Annotated[str, typer.Option("--words", help="配合做了什么，一两句话。")],
    file: Annotated[
        list[Path] | None, typer.Option("--file", help="附上的文件，可写多次，也可不附。")
    ] = None,
) -> Answer:
    """报告配合情况，可附文件；以后还可以补充报告。"""
    files = [FileItem(key="other", path=path) for path in file or ()]
    return _done(call, report_support(call.bureau, number, words, files, **call.act))


def _done(call: Call, duty: SupportDuty) -> Answer:
    said = f"{duty.unit}配合的“{duty.campaign_name}·{duty.title}”现为“{SUPPORT_STATE_NAMES[duty.state]}”。"
    return Answer(duty, call.head("已办理：") + said)


def _row(one: SupportDuty) -> tuple[object, ...]:
    return (
        one.id,
        one.unit,
        f"{one.campaign_name} {one.year}",
        one.title,
        one.leads.names or "—",
        leads_in_words(one.leads),
        f"{one.due_on}{'（暂定）' if one.provisional else ''}",
        SUPPORT_STATE_NAMES[one.state],
    )


def _whole(one: SupportDuty) -> Iterator[Words]:
    yield f"配合 #{one.id} {one.campaign_name} {one.year} · {one.title}"
    yield f"配合单位：{one.unit}；答复：{SUPPORT_STATE_NAMES[one.state]}"
    yield f"牵头单位：{one.leads.names or '—'}；进展：{leads_in_words(one.leads)}"
    provisional = "（暂定，放假安排尚未公布）" if one.provisional else ""
    yield f"时限：{one.due_on}（原文“{one.due_phrase}”），最后工作日 {one.last_workday}{provisional}；来源：{one.document}"
    if one.leads.first:
        leads = ((name, STATE_NAMES[state]) for name, state in one.leads.first)
        yield Table("牵头单位", ("单位", "状态"), leads)
    for said in one.reports:
        at = f"{said.reported_at.astimezone(ZONE):%Y-%m-%d %H:%M}"
        yield f"第{said.nth}次报告：{said.reported_by}，{at}，{said.words}"
        if said.files:
            yield Table("", ("文件", "SHA-256"), ((each.filename, each.sha256) for each in said.files))
