"""任务指标: a target per unit and progress figures over the year."""

from __future__ import annotations

from datetime import date

from prefect import flow

from duban.rounds.gates import EditionSummary
from flows.names import step_name
from flows.step import STEP_SECONDS, hold_step
from flows.tables import NONE, Row, figure, point_row, rate


@flow(name="任务指标", flow_run_name=step_name, timeout_seconds=STEP_SECONDS)
async def quota(campaign: str, year: int, title: str = "", on: date | None = None) -> None:
    """任务指标类专项行动的一步：排出到今天为止应发的提醒，到日子的阶段关闸，留下一览表。"""
    await hold_step(campaign, year, on, show=reached)


def reached(summary: EditionSummary) -> list[Row]:
    """Unit by unit, the newest figure beside the target; points without targets are listed by date."""
    if not summary.targets:
        return [point_row(point, "节点", point.label or "全年") for point in summary.points]
    return [
        {
            "指标": one.title,
            "单位": one.unit,
            "目标": figure(one.target),
            "已完成": figure(one.reported),
            "完成率": rate(one.reported, one.target),
            "截至": f"{one.as_of_on:%Y-%m-%d}" if one.as_of_on else NONE,
        }
        for one in summary.targets
    ]
