"""晨间一轮: the day's guarantee. Whatever is owed by now is planned here, whatever Prefect's timelines did or missed.

补救: the same once more, when something broke off or a round is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from calendars.model import CampaignKind
from duban.core.errors import Fault
from duban.editions.queries import EditionName
from duban.rounds.gates import GateReport
from duban.rounds.service import RecoveryReport, RoundReport
from flows import names
from flows.campaigns import KINDS, Row
from tasks.policy import opened_bureau
from tasks.steps import close_gates, hold_round, list_editions, recover, round_owed


@flow(name="晨间一轮", flow_run_name=lambda: names.dated(names.MORNING), timeout_seconds=3_600)
async def morning_round() -> None:
    """Hold the round for all editions first; then one run for each that had something to do, one after another."""
    with opened_bureau() as bureau:
        now = bureau.now()
        report = hold_round(now=now)
        gates = close_gates(now=now)
        touched = _touched(report, gates)
        failed = []
        for edition in list_editions():
            if edition.id in touched:
                failed += await _one(edition)
    await _leave(report, gates)
    failed += [f"{fault.name}：{fault.error}" for fault in gates.faults]
    if failed or report.faults:
        # The round itself stands; the run is shown as failed so that somebody looks.
        raise Fault(f"{report.sentence}{'；'.join(failed)}")


def _touched(report: RoundReport, gates: GateReport) -> frozenset[int]:
    planned = {note.edition_id for note in report.editions if note.planned or note.error}
    return frozenset(planned | {gate.edition_id for gate in gates.closed})


async def _one(edition: EditionName) -> list[str]:
    """The campaign's own flow; what goes wrong in it is told and stops nobody else."""
    # Prefect's types do not tell a flow called for its state from one called for its result.
    step: Any = KINDS[CampaignKind(edition.kind)]
    state = await step(campaign=edition.campaign, year=edition.year, title=edition.name, return_state=True)
    return [] if state.is_completed() else [f"{edition.name}{edition.year}：{state.message or state.name}"]


async def _leave(report: RoundReport, gates: GateReport) -> None:
    rows = [_row(note.name, note.planned, note.superseded, note.error) for note in report.editions]
    table: Iterable[Row] = [row for row in rows if row["新排提醒"] != "0" or row["问题"] != "无"]
    await acreate_table_artifact(
        key="morning-round",
        table=list(table) or [_row("本日没有应发的提醒", 0, 0, None)],
        description=f"{report.sentence}关闸 {len(gates.closed)} 个。",
    )
    if gates.closed:
        lines = [f"- {gate.name} {gate.year}：{gate.sentence}" for gate in gates.closed]
        await acreate_markdown_artifact(
            key="gates-closed", markdown="\n".join(["## 今日关闸", "", *lines]), description="今日关闸"
        )


def _row(name: str, planned: int, superseded: int, error: str | None) -> Row:
    return {
        "专项行动": name,
        "新排提醒": str(planned),
        "并档": str(superseded),
        "问题": error or "无",
    }


@flow(name="补救", flow_run_name=lambda: names.timed(names.RECOVERY), timeout_seconds=3_600)
async def recovery() -> None:
    """Compare what should exist with what does; on an ordinary day there is nothing to do."""
    said = []
    with opened_bureau() as bureau:
        now = bureau.now()
        report = recover(now=now)
        if report != RecoveryReport():
            said.append(report.sentence)
        if round_owed(now=now):
            # One round of today covers every day that was missed: what is owed by now includes them.
            said.append(hold_round(now=now).sentence)
            close_gates(now=now)
    if said:
        await acreate_markdown_artifact(key="recovery", markdown="\n\n".join(said), description="补救")
