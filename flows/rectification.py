"""分阶段整治: ordered stages, each closed by its gate, and problems struck off one by one."""

from __future__ import annotations

from datetime import date

from prefect import flow

from duban.rounds.gate_queries import PointCount
from duban.rounds.gates import EditionSummary
from flows.names import step_name
from flows.step import STEP_SECONDS, hold_step
from flows.tables import NONE, Row, point_row


@flow(name="分阶段整治", flow_run_name=step_name, timeout_seconds=STEP_SECONDS)
async def rectification(campaign: str, year: int, title: str = "", on: date | None = None) -> None:
    """分阶段整治类专项行动的一步：排出到今天为止应发的提醒，到日子的阶段关闸，留下一览表。"""
    await hold_step(campaign, year, on, show=stages)


def stages(summary: EditionSummary) -> list[Row]:
    """Stage by stage, with whether its gate has closed."""
    return [{**point_row(point, "阶段", _stage(point)), "阶段小结": _gate(point)} for point in summary.points]


def _stage(point: PointCount) -> str:
    return f"第{point.stage}阶段" if point.stage is not None else NONE


def _gate(point: PointCount) -> str:
    if not point.gate:
        return NONE
    return "已关闸" if point.gate_closed else "未到或未关"
