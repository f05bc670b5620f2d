"""What leaves and what comes in: 发送 empties the outbox, 收件 takes submissions from the drop folder, 简报 writes for leaders,
滚动下一年度 proposes next year's editions from November on.
"""

from __future__ import annotations

from dataclasses import astuple
from datetime import date

from prefect import flow
from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact, acreate_table_artifact
from prefect.runtime import flow_run

from duban.evidence.intake import Intake
from duban.reports.bulletins import PERIOD_NAMES, Period
from flows import names
from flows.campaigns import Row
from tasks.policy import looked_at, run_time
from tasks.steps import collect_inbox, deliver, propose_year, write_bulletin

SHOWN = 400


@flow(name="发送", flow_run_name=lambda: names.timed(names.DELIVERY), timeout_seconds=3_600)
async def delivery(limit: int | None = None) -> None:
    """Empty the outbox as far as addresses, hours and channels allow; the rest keeps its reason on its row."""
    report = deliver(now=run_time(), limit=limit)
    if any(astuple(report)):
        await acreate_markdown_artifact(key="delivery", markdown=report.sentence, description="发送")


@flow(name="收件", flow_run_name=lambda: names.timed(names.INTAKE), timeout_seconds=1_800)
async def intake() -> None:
    """Hand in every folder that is no longer being written to."""
    report = collect_inbox(now=run_time())
    if report.taken:
        await acreate_table_artifact(
            key="intake",
            table=[_intake_row(one) for one in report.taken],
            description=f"收件 {len(report.taken)} 份，接收 {report.accepted} 份。",
        )


def _intake_row(one: Intake) -> Row:
    return {
        "文件夹": one.folder,
        "结果": "退回" if one.reasons else "已报送",
        "原因": "；".join(one.reasons) or "—",
    }


def _bulletin_name() -> str:
    period = Period(flow_run.parameters.get("period", Period.DAILY))
    return names.run_name(names.BULLETIN, PERIOD_NAMES[period], names.asked_day())


@flow(name="简报", flow_run_name=_bulletin_name, timeout_seconds=1_800)
async def bulletin(period: Period = Period.DAILY, on: date | None = None) -> None:
    """Write the bulletin of a period that ends on the day asked for."""
    written = write_bulletin(period, now=looked_at(on, run_time()))
    await acreate_markdown_artifact(
        key=f"bulletin-{period.value}", markdown=written.text, description=written.title
    )
    await acreate_link_artifact(
        key=f"bulletin-{period.value}-file",
        link=written.path.as_uri(),
        link_text=written.path.name,
        description=f"{written.title}的文件",
    )


@flow(name="滚动下一年度", flow_run_name=lambda: names.dated(names.ROLLOVER), timeout_seconds=1_800)
async def rollover() -> None:
    """Write the proposal and show what moved; nothing is published by it."""
    proposal = propose_year(now=run_time())
    lines = [f"## {proposal.to_year} 年度草案", "", *(f"- {sentence}" for sentence in proposal.sentences)]
    if proposal.folder is not None:
        lines += ["", "### 变动", "", *(f"- {line}" for line in proposal.report[:SHOWN])]
    await acreate_markdown_artifact(
        key=f"rollover-{proposal.to_year}",
        markdown="\n".join(lines),
        description=f"{proposal.to_year} 年度草案",
    )
