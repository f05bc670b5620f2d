"""The step that the seven kinds of campaign share; each kind adds what its people want to read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

from duban.rounds.gates import EditionSummary
from duban.rounds.service import StepReport
from flows import names
from flows.tables import Row, missing_text, problem_rows
from tasks.rounds import sum_up_edition, take_step
from tasks.runtime import opened_bureau, run_time

# In a run's name stands the gravest thing it did.
GRAVEST_FIRST = (
    ("escalate", "督办"),
    ("chase", "催办"),
    ("due", "到期"),
    ("advance", "提前提醒"),
    ("assign", "交办"),
)
STEP_SECONDS = 1_800


async def hold_step(
    campaign: str, year: int, on: date | None, *, show: Callable[[EditionSummary], list[Row]]
) -> None:
    """Plan, close gates, and leave the table that `show` makes. The run fails when the edition could not be planned."""
    now = run_time(on)
    with opened_bureau():
        report = take_step(campaign, year, now)
        summary = sum_up_edition(campaign, year, now)
    await _name(summary, report)
    await _leave(summary, show(summary))
    report.require_done()


def doing(summary: EditionSummary, report: StepReport) -> str:
    """What the run did, in one word."""
    if report.faults:
        return "未办成"
    if report.gates and report.gates.closed:
        return "阶段小结"
    return next((word for kind, word in GRAVEST_FIRST if kind in summary.planned), "无新增")


async def _name(summary: EditionSummary, report: StepReport) -> None:
    """Rename the run once it is known what there was to do."""
    word = doing(summary, report)
    name = names.run_name(f"{summary.name} {summary.year}", word, summary.today)
    async with get_client() as client:
        tags = sorted({*flow_run.tags, names.TAG, flow_run.flow_name, str(summary.year), word})
        await client.update_flow_run(flow_run.id, name=name, tags=tags)


async def _leave(summary: EditionSummary, rows: list[Row]) -> None:
    key = f"{summary.campaign}-{summary.year}".replace("_", "-")
    title = f"{summary.name} {summary.year} · {summary.today:%Y-%m-%d}"
    if rows:
        await acreate_table_artifact(key=key, table=rows, description=title)
    if problems := problem_rows(summary):
        await acreate_table_artifact(key=f"{key}-problems", table=problems, description=f"{title} · 问题台账")
    if summary.missing:
        await acreate_markdown_artifact(
            key=f"{key}-overdue", markdown=missing_text(summary), description=f"{title} · 逾期名单"
        )
