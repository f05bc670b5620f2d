"""The deployments as values, their mirror in prefect.yaml, and what the module names must not shadow."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from hypothesis import given
from hypothesis import strategies as st
from prefect import Flow
from prefect.server.schemas.schedules import RRuleSchedule
from ruamel.yaml import YAML

import flows
import tasks
from calendars.model import CampaignKind
from duban.editions.pages import Timeline
from flows.campaigns import KINDS
from flows.deployments import HOUSE, RRULE_LIMIT, STEPS, ZONE, all_plans, edition_plan
from tests.flows.prefect_yaml import FILE, page

ROOT = Path(flows.__file__).parents[1]


def a_timeline(*days: date, kind: str = "filing", year: int = 2026) -> Timeline:
    return Timeline(campaign="place_name_signs", year=year, name="地名标志巡检", kind=kind, days=days)


def _modules(package: object) -> list[str]:
    return [module.name for module in iter_modules(package.__path__)]  # type: ignore[attr-defined]


def _flows() -> dict[str, Flow]:
    """Every flow that a module of flows/ defines, by its module entrypoint."""
    found = {}
    for name in _modules(flows):
        module = import_module(f"flows.{name}")
        for attribute, value in vars(module).items():
            if isinstance(value, Flow) and value.fn.__module__ == module.__name__:
                found[f"flows.{name}.{attribute}"] = value
    return found


def _moments(rule: str, *, start: datetime) -> list[datetime]:
    """When Prefect's own server reads that the rule fires."""
    return asyncio.run(RRuleSchedule(rrule=rule, timezone=ZONE).get_dates(n=500, start=start))


def test_every_flow_has_a_deployment():
    deployed = {plan.flow for plan in HOUSE} | set(STEPS.values())

    assert deployed == set(_flows())


def test_the_seven_kinds_of_campaign_each_have_their_flow():
    assert set(KINDS) == set(CampaignKind)
    assert {f"{flow.fn.__module__}.{flow.fn.__name__}" for flow in KINDS.values()} == set(STEPS.values())


def test_prefect_yaml_says_the_same_as_the_code():
    text = FILE.read_text(encoding="utf-8")

    assert text == page(), "run: python -m tests.flows.prefect_yaml"
    listed = YAML(typ="safe").load(text)["deployments"]
    assert {one["entrypoint"] for one in listed} == set(_flows())


def test_no_two_deployments_share_a_name():
    plans = all_plans(
        [a_timeline(date(2026, 3, 31)), a_timeline(date(2025, 3, 31), year=2025)], date(2026, 1, 1)
    )

    names = [(plan.flow, plan.name) for plan in plans]

    assert len(names) == len(set(names))


def test_flows_are_called_in_the_offices_words():
    for flow in _flows().values():
        assert not flow.name.isascii()
        assert flow.flow_run_name is not None


def test_every_flow_is_async_and_bounded():
    # A plain flow waits a second for its heartbeat thread at the end of every run.
    for flow in _flows().values():
        assert flow.isasync
        assert flow.timeout_seconds


def test_no_module_is_named_like_a_root_package_or_a_standard_module():
    roots = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}

    for name in [*_modules(flows), *_modules(tasks)]:
        assert name not in roots | set(sys.stdlib_module_names)


def test_every_schedule_is_in_shanghai_time():
    plans = all_plans([a_timeline(date(2026, 3, 24))], date(2026, 1, 1))

    assert {schedule.timezone for plan in plans for schedule in plan.schedules} == {"Asia/Shanghai"}


def test_an_edition_runs_at_8_40_in_shanghai_on_its_own_dates():
    plan = edition_plan(a_timeline(date(2026, 3, 24), date(2026, 3, 31)), date(2026, 1, 1))

    (schedule,) = plan.schedules
    moments = _moments(schedule.rrule, start=datetime(2026, 1, 1, tzinfo=UTC))

    assert [moment.isoformat() for moment in moments] == [
        "2026-03-24T08:40:00+08:00",
        "2026-03-31T08:40:00+08:00",
    ]


def test_a_plan_changes_only_when_the_timeline_does():
    timeline = a_timeline(date(2026, 3, 24), date(2026, 3, 31))

    assert edition_plan(timeline, date(2026, 3, 1)) == edition_plan(timeline, date(2026, 3, 31))
    assert edition_plan(timeline, date(2026, 3, 1)) != edition_plan(
        a_timeline(date(2026, 3, 30)), date(2026, 3, 1)
    )


def test_an_edition_whose_dates_are_over_keeps_a_deployment_without_a_schedule():
    plan = edition_plan(a_timeline(date(2025, 3, 31), year=2025), date(2026, 1, 1))

    assert plan.name == "地名标志巡检 2025"
    assert plan.schedules == ()


@given(st.sets(st.integers(min_value=0, max_value=1_500), min_size=1, max_size=900))
def test_a_rule_never_has_a_z_never_grows_too_long_and_loses_no_date(offsets):
    first = date(2026, 1, 1)
    days = sorted(first + timedelta(days=offset) for offset in offsets)

    schedules = edition_plan(a_timeline(*days), first).schedules

    rules = [schedule.rrule for schedule in schedules]
    assert all("Z" not in rule and len(rule) <= RRULE_LIMIT for rule in rules)
    said = [word for rule in rules for word in rule.partition("RDATE:")[2].split(",")]
    assert said == [f"{day:%Y%m%d}T084000" for day in days]
