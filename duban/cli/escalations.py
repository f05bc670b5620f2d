"""duban round escalations, approve and decline: what waits for approval before it goes to a superior."""

from __future__ import annotations

from typing import Annotated

import typer

from duban.bureau import Bureau
from duban.cli.options import As, DryRun, Json, On, moment
from duban.cli.output import print_json, print_table, say
from duban.core.access import SYSTEM
from duban.core.errors import Refused
from duban.editions.queries import edition_named
from duban.rounds.escalation_queries import HeldSelection
from duban.rounds.escalations import (
    EscalationsDecided,
    approve_escalations,
    decline_escalations,
    held_escalations,
)
from duban.wiring import actor, open_bureau

Edition = Annotated[
    str | None, typer.Option("--edition", metavar="专项行动/年度", help="只看或只批这项行动的。")
]
Numbers = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="任务编号。")]
All = Annotated[bool, typer.Option("--all", help="全部待批的。")]


def escalations(edition: Edition = None, as_json: Json = False) -> None:
    """列出待批准的督办（设置 escalation_approval 打开时才有）。"""
    with open_bureau() as bureau:
        chosen = HeldSelection(edition_id=edition_named(bureau, edition) if edition else None)
        found = held_escalations(bureau, chosen, by=SYSTEM)
    if as_json:
        print_json(found)
        return
    print_table(
        f"待批准的督办（共{found.total}条，将告知{found.superiors}个单位）",
        ("任务", "专项行动", "节点", "责任单位", "时限", "告知"),
        (
            (one.obligation_id, one.campaign, one.milestone, one.unit, one.due_on, one.to_unit)
            for one in found.escalations
        ),
    )


def approve(
    obligation: Numbers = None,
    edition: Edition = None,
    everything: All = False,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """批准督办：列入今天的汇总，今天的信已发出的随下一轮。"""
    with open_bureau() as bureau:
        chosen = _chosen(bureau, obligation, edition, everything)
        done = approve_escalations(bureau, chosen, by=actor(bureau, by), now=moment(on), dry_run=dry_run)
    _tell(done, dry_run=dry_run, as_json=as_json)


def decline(
    reason: Annotated[str, typer.Option("--reason", help="不批准的理由。")],
    obligation: Numbers = None,
    edition: Edition = None,
    everything: All = False,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """不批准督办：写明理由，不再发出。"""
    with open_bureau() as bureau:
        chosen = _chosen(bureau, obligation, edition, everything)
        done = decline_escalations(
            bureau, chosen, reason=reason, by=actor(bureau, by), now=moment(on), dry_run=dry_run
        )
    _tell(done, dry_run=dry_run, as_json=as_json)


def _chosen(
    bureau: Bureau, numbers: list[int] | None, edition: str | None, everything: bool
) -> HeldSelection:
    if not (numbers or edition or everything):
        raise Refused("请写明任务编号，或用 --edition、--all 写明范围。")
    return HeldSelection(
        obligation_ids=tuple(numbers) if numbers else None,
        edition_id=edition_named(bureau, edition) if edition else None,
    )


def _tell(done: EscalationsDecided, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"dry_run": dry_run, **{name: getattr(done, name) for name in done.__slots__}})
        return
    say(("试运行，未写入：" if dry_run else "") + done.sentence)
