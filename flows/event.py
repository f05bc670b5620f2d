"""节点保障: before, during and after a festival, a solar term or a fixed day."""

from __future__ import annotations

from datetime import date

from prefect import flow

from duban.rounds.gate_queries import PointCount
from duban.rounds.gates import EditionSummary
from flows.names import step_name
from flows.step import STEP_SECONDS, hold_step
from flows.tables import Row, point_row


@flow(name="节点保障", flow_run_name=step_name, timeout_seconds=STEP_SECONDS)
async def event(campaign: str, year: int, title: str = "", on: date | None = None) -> None:
    """节点保障类专项行动的一步：排出到今天为止应发的提醒，到日子的阶段关闸，留下一览表。"""
    await hold_step(campaign, year, on, show=around_the_day)


def around_the_day(summary: EditionSummary) -> list[Row]:
    """In order of time, each marked by whether its day has passed."""
    return [point_row(point, "时点", _when(point, summary.today)) for point in summary.points]


def _when(point: PointCount, today: date) -> str:
    if point.due_on == today:
        return "今天"
    return "已过" if point.due_on < today else f"还有 {(point.due_on - today).days} 天"
