"""Which deployments there are and when each runs: values only, registered by flows.serve, mirrored in prefect.yaml.

Every schedule is in Asia/Shanghai. The morning round is what guarantees the day; an edition's own deployment is a
second door to the same step, there so that its timeline can be seen, paused and run from Prefect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from prefect.schedules import Cron, Schedule

from calendars.model import KIND_NAMES, CampaignKind
from duban.editions.pages import Timeline
from flows import names

ZONE = "Asia/Shanghai"
# Ten minutes after the morning round, whose work it finds done on an ordinary day.
EDITION_HOUR = "084000"
# Prefect refuses longer rules; a year of single dates stays below it.
RRULE_LIMIT = 6_500
ANCHOR = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One deployment: its flow as `module.function`, its schedules, and what it is called."""

    name: str
    flow: str
    description: str
    schedules: tuple[Schedule, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = (names.TAG,)


def _cron(rule: str, slug: str) -> tuple[Schedule, ...]:
    return (Cron(rule, timezone=ZONE, slug=slug),)


HOUSE: tuple[Plan, ...] = (
    Plan(
        name="每日",
        flow="flows.morning.morning_round",
        description="每天 8:30 查清到今天为止应提醒、应关闸的一切，停机几天也能自己补上。",
        schedules=_cron("30 8 * * *", "morning"),
        tags=(names.TAG, "每日"),
    ),
    Plan(
        name="工作时段",
        flow="flows.papers.delivery",
        description="8 时至 20 时每十分钟发送一次待发消息。",
        schedules=_cron("5-55/10 8-19 * * *", "delivery"),
        tags=(names.TAG, "发送"),
    ),
    Plan(
        name="每半小时",
        flow="flows.morning.recovery",
        description="找出中断的发送和缺失的轮次，重新办理。",
        schedules=_cron("20,50 * * * *", "recovery"),
        tags=(names.TAG, "补救"),
    ),
    Plan(
        name="工作时段",
        flow="flows.papers.intake",
        description="每半小时收取投递文件夹里的佐证材料。",
        schedules=_cron("10,40 8-19 * * *", "intake"),
        tags=(names.TAG, "收件"),
    ),
    Plan(
        name="日报",
        flow="flows.papers.bulletin",
        description="每天 17:30 写日报。",
        schedules=_cron("30 17 * * *", "daily"),
        parameters={"period": "daily"},
        tags=(names.TAG, "简报"),
    ),
    Plan(
        name="周报",
        flow="flows.papers.bulletin",
        description="每周五 17:40 写周报。",
        schedules=_cron("40 17 * * 5", "weekly"),
        parameters={"period": "weekly"},
        tags=(names.TAG, "简报"),
    ),
    Plan(
        name="月报",
        flow="flows.papers.bulletin",
        description="每月 1 日 9:10 写上月月报。",
        schedules=_cron("10 9 1 * *", "monthly"),
        parameters={"period": "monthly"},
        tags=(names.TAG, "简报"),
    ),
    Plan(
        name="年末",
        flow="flows.papers.rollover",
        description="11 月起每周一 9:20 拟出下一年度专项行动草案，并提示下一年放假通知是否已导入。",
        schedules=_cron("20 9 * 11,12 1", "rollover"),
        tags=(names.TAG, "滚动"),
    ),
    Plan(
        name="每夜",
        flow="flows.upkeep.upkeep",
        description="每夜 2:15 备份、核验留痕与佐证、清理 Prefect 的旧运行记录。",
        schedules=_cron("15 2 * * *", "upkeep"),
        tags=(names.TAG, "维护"),
    ),
)

STEPS: Mapping[CampaignKind, str] = {kind: f"flows.campaigns.{kind.value}" for kind in CampaignKind}


def edition_plan(timeline: Timeline, today: date) -> Plan:
    """The deployment of one edition, scheduled on its own dates; without a schedule once they are all over.

    Dates that have passed stay in the rule: it would otherwise change every day, and each change makes Prefect throw
    away and make again the runs that wait.
    """
    kind = CampaignKind(timeline.kind)
    over = not timeline.days or timeline.days[-1] < today
    return Plan(
        name=f"{timeline.name} {timeline.year}",
        flow=STEPS[kind],
        description=f"{KIND_NAMES[kind]}类专项行动，按本年度时间表运行；与每日晨间一轮同一步骤，可随时手动运行。",
        schedules=() if over else _on_dates(timeline.days),
        parameters={"campaign": timeline.campaign, "year": timeline.year, "title": timeline.name},
        tags=(names.TAG, KIND_NAMES[kind], str(timeline.year)),
    )


def all_plans(timelines: Iterable[Timeline], today: date) -> tuple[Plan, ...]:
    return HOUSE + tuple(edition_plan(timeline, today) for timeline in timelines)


def _on_dates(days: Sequence[date]) -> tuple[Schedule, ...]:
    """Single dates as RDATEs without a `Z`, which Prefect would read as local time; split where too long."""
    return tuple(
        # The anchor is the present moment unless given, and two equal plans would differ.
        Schedule(rrule=_rdates(part), timezone=ZONE, slug=f"timeline-{number}", anchor_date=ANCHOR)
        for number, part in enumerate(_parts(days), start=1)
    )


def _rdates(days: Sequence[date]) -> str:
    moments = [f"{day:%Y%m%d}T{EDITION_HOUR}" for day in days]
    return f"DTSTART:{moments[0]}\nRDATE:{','.join(moments)}"


def _parts(days: Sequence[date]) -> Iterable[Sequence[date]]:
    per_rule = (RRULE_LIMIT - 100) // len("20260331T084000,")
    for start in range(0, len(days), per_rule):
        yield days[start : start + per_rule]
