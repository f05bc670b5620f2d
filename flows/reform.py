"""改革攻坚: a list of steps per quarter for one district."""

from __future__ import annotations

from datetime import date

from prefect import flow

from duban.rounds.gates import EditionSummary
from flows.names import step_name
from flows.step import STEP_SECONDS, hold_step
from flows.tables import Row, point_row


@flow(name="改革攻坚", flow_run_name=step_name, timeout_seconds=STEP_SECONDS)
async def reform(campaign: str, year: int, title: str = "", on: date | None = None) -> None:
    """改革攻坚类专项行动的一步：排出到今天为止应发的提醒，到日子的阶段关闸，留下一览表。"""
    await hold_step(campaign, year, on, show=quarters)


def quarters(summary: EditionSummary) -> list[Row]:
    """Step by step under its quarter."""
    return [point_row(point, "季度", f"{(point.due_on.month + 2) // 3}季度") for point in summary.points]
