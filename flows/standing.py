"""常态化: an obligation for every month, quarter or half-year."""

from __future__ import annotations

from datetime import date

from prefect import flow

from duban.rounds.gates import EditionSummary
from flows.names import step_name
from flows.step import STEP_SECONDS, hold_step
from flows.tables import Row, point_row


@flow(name="常态化", flow_run_name=step_name, timeout_seconds=STEP_SECONDS)
async def standing(campaign: str, year: int, title: str = "", on: date | None = None) -> None:
    """常态化类专项行动的一步：排出到今天为止应发的提醒，到日子的阶段关闸，留下一览表。"""
    await hold_step(campaign, year, on, show=periods)


def periods(summary: EditionSummary) -> list[Row]:
    """Period by period, those still to come last."""
    return [point_row(point, "周期", point.label or "全年") for point in summary.points]
