"""年检: a roster of subjects with their outcomes; rates have exact denominators."""

from __future__ import annotations

from datetime import date

from prefect import flow

from duban.rounds.gates import EditionSummary
from flows.names import step_name
from flows.step import STEP_SECONDS, hold_step
from flows.tables import Row, point_row, rate


@flow(name="年检", flow_run_name=step_name, timeout_seconds=STEP_SECONDS)
async def annual_check(campaign: str, year: int, title: str = "", on: date | None = None) -> None:
    """年检类专项行动的一步：排出到今天为止应发的提醒，到日子的阶段关闸，留下一览表。"""
    await hold_step(campaign, year, on, show=checked)


def checked(summary: EditionSummary) -> list[Row]:
    """Unit by unit, what of the roster has taken part and with which outcome; without a roster, the dated points."""
    if not summary.subjects:
        return [point_row(point, "环节", point.label or "年检") for point in summary.points]
    return [
        {
            "单位": one.unit,
            "应参检": str(one.in_scope),
            "已参检": str(one.taken_part),
            "参检率": rate(one.taken_part, one.in_scope),
            "合格": str(one.passed),
            "基本合格": str(one.basically_passed),
            "不合格": str(one.failed),
            "合格率": rate(one.passed, one.taken_part),
        }
        for one in summary.subjects
    ]
