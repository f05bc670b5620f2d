"""补救: finds sends that broke off and rounds that are missing, and does them again."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

from flows import names
from office import clock
from tasks.rounds import recover


@flow(name="补救", flow_run_name=lambda: names.timed(names.RECOVERY), timeout_seconds=3_600)
async def recovery() -> None:
    """Compare what should exist with what does; on an ordinary day there is nothing to do."""
    report = recover(clock.now())
    await acreate_markdown_artifact(key="recovery", markdown=report.sentence, description="补救")
