"""The seven kinds of campaign: one step for all, a flow each under its Chinese name, and what each kind's people read.

What a run leaves are rows for Prefect's tables, in the office's words, made by pure functions over a summary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from prefect import Flow, flow
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

from calendars.formulas import UNKNOWN, share_shown
from calendars.model import KIND_NAMES, CampaignKind
from duban.figures.measures import left_out_words
from duban.rosters.rules import RATES
from duban.rounds.gate_queries import PointCount
from duban.rounds.gates import EditionSummary
from duban.rounds.service import StepReport
from flows import names
from tasks.policy import opened_bureau
from tasks.steps import sum_up_edition, take_step

Row = dict[str, str]


def figure(value: Decimal | None) -> str:
    return UNKNOWN if value is None else f"{value.normalize():f}"


def point_row(point: PointCount, first: str, name: str) -> Row:
    """One dated point; `first` heads the column that this kind of campaign reads first."""
    return {
        first: name,
        "事项": point.title,
        "完成时限": f"{point.due_on:%Y-%m-%d}" + ("（暂定）" if point.provisional else ""),
        "应办": str(point.tally.owed),
        "已销号": str(point.tally.done),
        "待审核": str(point.waiting),
        "逾期": str(point.overdue),
        "办结率": point.tally.rate("done").exact,
        "不计入": left_out_words(point.tally),
    }


def problem_rows(summary: EditionSummary) -> list[Row]:
    return [
        {
            "单位": unit,
            "发现问题": str(one.found),
            "未整改": str(one.open),
            "已整改": str(one.fixed),
            "其中已销号": str(one.struck_off),
            "销号率": one.striking_off.exact,
        }
        for unit, one in summary.problems
    ]


def missing_text(summary: EditionSummary) -> str:
    """The exact list of who is overdue, grouped by what is owed."""
    groups: dict[str, list[str]] = {}
    for one in summary.missing:
        label = f"（{one.label}）" if one.label else ""
        groups.setdefault(f"{one.title}{label}，时限 {one.due_on:%Y-%m-%d}", []).append(one.unit)
    lines = [f"- **{head}**：{'、'.join(units)}" for head, units in groups.items()]
    return "\n".join([f"## {summary.name} {summary.year} · 逾期未办名单", "", *lines])


# In a run's name stands the gravest thing it did.
GRAVEST_FIRST = (
    ("escalate", "督办"),
    ("chase", "催办"),
    ("due", "到期"),
    ("advance", "提前提醒"),
    ("assign", "交办"),
)
STEP_SECONDS = 1_800


async def hold_step(campaign: str, year: int, *, show: Callable[[EditionSummary], list[Row]]) -> None:
    """Plan, close gates, and leave the table that `show` makes. The run fails when the edition could not be planned."""
    with opened_bureau() as bureau:
        now = bureau.now()
        report = take_step(campaign, year, now=now)
        summary = sum_up_edition(campaign, year, now=now)
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


def filed(summary: EditionSummary) -> list[Row]:
    """Point by point, how many units have filed and how many filings are still being looked at."""
    return [point_row(point, "环节", point.label or "备案") for point in summary.points]


def stages(summary: EditionSummary) -> list[Row]:
    """Stage by stage, with whether its gate has closed."""
    return [
        {
            **point_row(point, "阶段", UNKNOWN if point.stage is None else f"第{point.stage}阶段"),
            "阶段小结": UNKNOWN if not point.gate else "已关闸" if point.gate_closed else "未到或未关",
        }
        for point in summary.points
    ]


def checked(summary: EditionSummary) -> list[Row]:
    """Unit by unit, what of the roster has taken part and with which outcome; without a roster, the dated points."""
    if not summary.subjects:
        return [point_row(point, "环节", point.label or "年检") for point in summary.points]
    return [
        {
            "单位": unit,
            "应参检": str(one.due),
            "已参检": str(one.taken_part),
            "完成年检": str(one.completed),
            "合格": str(one.passed),
            "基本合格": str(one.basically_passed),
            "不合格": str(one.failed),
            **{rate.name: rate.exact for rate in map(one.rate, RATES)},
            "不在应参检范围": str(one.left_out),
        }
        for unit, one in summary.subjects
    ]


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
            "完成率": share_shown(one.reported, one.target),
            "截至": f"{one.as_of_on:%Y-%m-%d}" if one.as_of_on else UNKNOWN,
        }
        for one in summary.targets
    ]


def periods(summary: EditionSummary) -> list[Row]:
    """Period by period, those still to come last."""
    return [point_row(point, "周期", point.label or "全年") for point in summary.points]


def around_the_day(summary: EditionSummary) -> list[Row]:
    """In order of time, each marked by whether its day has passed."""
    return [point_row(point, "时点", _when(point, summary.today)) for point in summary.points]


def _when(point: PointCount, today: date) -> str:
    if point.due_on == today:
        return "今天"
    return "已过" if point.due_on < today else f"还有 {(point.due_on - today).days} 天"


def quarters(summary: EditionSummary) -> list[Row]:
    """Step by step under its quarter."""
    return [point_row(point, "季度", f"{(point.due_on.month + 2) // 3}季度") for point in summary.points]


def _flow(kind: CampaignKind, show: Callable[[EditionSummary], list[Row]]) -> Flow[..., Any]:
    async def step(campaign: str, year: int, title: str = "") -> None:
        await hold_step(campaign, year, show=show)

    # Prefect finds a flow by its module and the name of its function.
    step.__name__ = step.__qualname__ = kind.value
    step.__doc__ = (
        f"{KIND_NAMES[kind]}类专项行动的一步：排出到今天为止应发的提醒，到日子的阶段关闸，留下一览表。"
    )
    made: Flow[..., Any] = flow(
        name=KIND_NAMES[kind], flow_run_name=names.step_name, timeout_seconds=STEP_SECONDS
    )(step)
    return made


filing = _flow(CampaignKind.FILING, filed)
rectification = _flow(CampaignKind.RECTIFICATION, stages)
annual_check = _flow(CampaignKind.ANNUAL_CHECK, checked)
quota = _flow(CampaignKind.QUOTA, reached)
standing = _flow(CampaignKind.STANDING, periods)
event = _flow(CampaignKind.EVENT, around_the_day)
reform = _flow(CampaignKind.REFORM, quarters)

KINDS: Mapping[CampaignKind, Flow[..., Any]] = {
    CampaignKind(one.fn.__name__): one
    for one in (filing, rectification, annual_check, quota, standing, event, reform)
}
