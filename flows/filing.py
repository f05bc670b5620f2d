"""备案: a document is filed by a date and accepted; then the plan it describes is followed."""

from __future__ import annotations

from datetime import date

from prefect import flow

from duban.rounds.gates import EditionSummary
from flows.names import step_name
from flows.step import STEP_SECONDS, hold_step
from flows.tables import Row, point_row


@flow(name="备案", flow_run_name=step_name, timeout_seconds=STEP_SECONDS)
async def filing(campaign: str, year: int, title: str = "", on: date | None = None) -> None:
    """备案类专项行动的一步：排出到今天为止应发的提醒，到日子的阶段关闸，留下一览表。"""
    await hold_step(campaign, year, on, show=filed)


def filed(summary: EditionSummary) -> list[Row]:
    """Point by point, how many units have filed and how many filings are still being looked at."""
    return [point_row(point, "环节", point.label or "备案") for point in summary.points]
