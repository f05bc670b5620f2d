"""发送: sends what is pending, in batches, and says what became of it."""

from __future__ import annotations

from dataclasses import astuple

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

from duban.core import clock
from flows import names
from tasks.messages import deliver


@flow(name="发送", flow_run_name=lambda: names.timed(names.DELIVERY), timeout_seconds=3_600)
async def delivery(limit: int | None = None) -> None:
    """Empty the outbox as far as addresses, hours and channels allow; the rest keeps its reason on its row."""
    report = deliver(clock.now(), limit)
    if any(astuple(report)):
        await acreate_markdown_artifact(key="delivery", markdown=report.sentence, description="发送")
