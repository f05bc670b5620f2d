"""发送: sends what is pending, in batches, and shows what became of it."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import acreate_table_artifact

from flows import names
from office import clock
from office.actions.deliver import DeliveryReport
from tasks.messages import deliver


@flow(name="发送", flow_run_name=lambda: names.timed(names.DELIVERY), timeout_seconds=3_600)
async def delivery(limit: int | None = None) -> None:
    """Empty the outbox as far as addresses, hours and channels allow; the rest keeps its reason on its row."""
    report = deliver(clock.now(), limit)
    counts = _counts(report)
    if any(counts.values()):
        rows = [{"结果": name, "封数": str(number)} for name, number in counts.items() if number]
        await acreate_table_artifact(key="delivery", table=rows, description=report.sentence)


def _counts(report: DeliveryReport) -> dict[str, int]:
    """Accepted by the other side is not arrived; the words say no more than is known."""
    return {
        "对方服务器已接收": report.accepted,
        "暂时失败，稍后重发": report.temporary,
        "失败": report.failed,
        "不确定": report.unsure,
        "已无须发送": report.withdrawn,
        "推迟到可发时段": report.deferred,
    }
