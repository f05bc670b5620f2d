"""What flows, runs and tags are called: the office's words, so that a coordinator can read Prefect's pages."""

from __future__ import annotations

from datetime import date

from prefect.runtime import flow_run

from duban.core import clock
from duban.core.settings import load
from duban.wiring import present

TAG = "督办"
MORNING = "晨间一轮"
DELIVERY = "发送"
RECOVERY = "补救"
INTAKE = "收件"
BULLETIN = "简报"
ROLLOVER = "滚动下一年度"
UPKEEP = "夜间维护"


def run_name(title: str, doing: str, day: date) -> str:
    """e.g. 地名标志巡检 2026 · 催办 · 03-24."""
    return f"{title} · {doing} · {day:%m-%d}"


def step_name() -> str:
    """The name an edition's run has until it is known what there was to do."""
    given = flow_run.parameters
    return run_name(f"{given.get('title') or given['campaign']} {given['year']}", "推进", asked_day())


def dated(title: str) -> str:
    return f"{title} · {asked_day():%Y-%m-%d}"


def timed(title: str) -> str:
    """For what runs many times a day."""
    return f"{title} · {present(load()).astimezone(clock.ZONE):%m-%d %H:%M}"


def asked_day() -> date:
    """The day the run was asked to work for; today when it was not told."""
    on = flow_run.parameters.get("on")
    if not on:
        return clock.civil(present(load()))
    return on if isinstance(on, date) else date.fromisoformat(str(on)[:10])
