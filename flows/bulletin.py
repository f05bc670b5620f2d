"""简报: the day's, week's or month's text for leaders, in a folder and on the run."""

from __future__ import annotations

from datetime import date

from prefect import flow
from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact
from prefect.runtime import flow_run

from duban.reports.bulletins import PERIOD_NAMES, Period
from flows import names
from tasks.papers import write_bulletin
from tasks.runtime import run_time


def _name() -> str:
    period = Period(flow_run.parameters.get("period", Period.DAILY))
    return names.run_name(names.BULLETIN, PERIOD_NAMES[period], names.asked_day())


@flow(name="简报", flow_run_name=_name, timeout_seconds=1_800)
async def bulletin(period: Period = Period.DAILY, on: date | None = None) -> None:
    """Write the bulletin of a period that ends on the day asked for."""
    written = write_bulletin(period, run_time(on))
    await acreate_markdown_artifact(
        key=f"bulletin-{period.value}", markdown=written.text, description=written.title
    )
    await acreate_link_artifact(
        key=f"bulletin-{period.value}-file",
        link=written.path.as_uri(),
        link_text=written.path.name,
        description=f"{written.title}的文件",
    )
