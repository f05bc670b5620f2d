"""收件: takes what lies in the drop folder as submissions, and lists what was refused and why."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import acreate_table_artifact

from duban.core import clock
from duban.evidence.intake import Intake
from flows import names
from flows.tables import Row
from tasks.papers import take_in


@flow(name="收件", flow_run_name=lambda: names.timed(names.INTAKE), timeout_seconds=1_800)
async def intake() -> None:
    """Hand in every folder that is no longer being written to."""
    report = take_in(clock.now())
    if report.taken:
        await acreate_table_artifact(
            key="intake",
            table=[_row(one) for one in report.taken],
            description=f"收件 {len(report.taken)} 份，接收 {report.accepted} 份。",
        )


def _row(one: Intake) -> Row:
    return {
        "文件夹": one.folder,
        "结果": "退回" if one.reasons else "已报送",
        "原因": "；".join(one.reasons) or "—",
    }
