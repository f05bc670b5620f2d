"""Flows against a real Prefect server: names, tags, artifacts, run ids on rows, and faults that stop nobody else."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.runner import Runner
from prefect.schedules import RRule
from prefect.settings import PREFECT_API_URL, temporary_settings

from duban.bureau import Bureau
from duban.core import clock
from duban.core.errors import Fault
from duban.history.tables import history
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from duban.rounds.tables import reminder, round_
from flows.campaigns import filing
from flows.deployments import ZONE, Plan
from flows.morning import morning_round
from flows.papers import bulletin, delivery, intake
from flows.serve import register
from flows.upkeep import remove_old_runs, upkeep
from tests.builders import a_point, a_unit, an_edition, an_obligation

pytestmark = pytest.mark.prefect
TODAY = clock.civil(clock.now())


@pytest.fixture(autouse=True)
def _server(prefect_api: str) -> Iterator[None]:
    yield


def owes_today(
    bureau: Bureau,
    campaign: str = "place_name_signs",
    name: str = "地名标志巡检",
    *,
    ladder: str = "standard",
) -> int:
    """A published edition of this year with one unit's plan that is due today, workday or not."""
    edition_id = an_edition(bureau, campaign, year=TODAY.year, name=name, published_on=TODAY)
    point = a_point(bureau, edition_id, due_on=TODAY)
    unit_id = a_unit(bureau, f"{name}承办单位")
    an_obligation(
        bureau,
        unit_id=unit_id,
        edition_id=edition_id,
        point=point,
        due_on=TODAY,
        opened_on=TODAY - timedelta(days=30),
        ladder=ladder,
    )
    return edition_id


def runs(newest: int = 10) -> list[FlowRun]:
    """The newest flow runs of the server, newest first."""

    async def read() -> list[FlowRun]:
        async with get_client() as client:
            return await client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=newest)

    return asyncio.run(read())


def artifacts_of(run_id: UUID) -> dict[str, str]:
    """Keys and types of what a run left."""

    async def read() -> dict[str, str]:
        async with get_client() as client:
            wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
            found = await client.read_artifacts(artifact_filter=wanted)
            return {str(one.key): str(one.type) for one in found}

    return asyncio.run(read())


def planned(bureau: Bureau) -> int:
    with bureau.store.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(reminder)) or 0


def test_a_morning_round_plans_and_shows_each_campaign_under_its_own_name(bureau: Bureau):
    owes_today(bureau)

    asyncio.run(morning_round())

    assert planned(bureau) >= 1
    by_name = {run.name: run for run in runs()}
    own = by_name[f"地名标志巡检 {TODAY.year} · 到期 · {TODAY:%m-%d}"]
    assert {"督办", "备案", "到期", str(TODAY.year)} <= set(own.tags)
    assert artifacts_of(own.id) == {f"place-name-signs-{TODAY.year}": "table"}
    morning = by_name[f"晨间一轮 · {TODAY:%Y-%m-%d}"]
    assert artifacts_of(morning.id)["morning-round"] == "table"


def test_the_rows_of_a_round_keep_the_flow_run_that_wrote_them(bureau: Bureau):
    owes_today(bureau)

    asyncio.run(morning_round())

    morning = next(run for run in runs() if run.name.startswith("晨间一轮"))
    with bureau.store.reading() as connection:
        assert connection.scalar(sa.select(round_.c.flow_run_id)) == str(morning.id)
        kept = connection.execute(sa.select(history.c.flow_run_id)).scalars().all()
    assert set(kept) == {str(morning.id)}


def test_a_second_round_of_the_day_writes_nothing_more(bureau: Bureau):
    owes_today(bureau)
    asyncio.run(morning_round())
    before = planned(bureau)

    asyncio.run(morning_round())

    assert planned(bureau) == before


def test_an_editions_own_timeline_is_a_second_door_to_the_whole_round(bureau: Bureau):
    owes_today(bureau)
    owes_today(bureau, "rural_visits", "乡村著名行动")

    asyncio.run(filing(campaign="place_name_signs", year=TODAY.year, title="地名标志巡检"))

    with bureau.store.reading() as connection:
        held = connection.execute(sa.select(round_)).one()
        editions = connection.execute(
            sa.select(obligation.c.edition_id)
            .join_from(reminder, obligation, obligation.c.id == reminder.c.obligation_id)
            .distinct()
        ).all()
    # Had only its own edition been planned, the day would look held and the other would be forgotten.
    assert held.status == "planned"
    assert len(editions) == 2


def test_a_campaign_at_fault_fails_its_run_and_stops_nobody_else(bureau: Bureau):
    owes_today(bureau, "broken", "坏的行动", ladder="no_such_ladder")
    owes_today(bureau)

    with pytest.raises(Fault, match="坏的行动"):
        asyncio.run(morning_round())

    states = {run.name: run.state.name for run in runs() if run.state}
    assert states[f"坏的行动 {TODAY.year} · 未办成 · {TODAY:%m-%d}"] == "Failed"
    assert states[f"地名标志巡检 {TODAY.year} · 到期 · {TODAY:%m-%d}"] == "Completed"


def test_delivery_writes_mail_and_a_table_of_what_became_of_it(bureau: Bureau):
    owes_today(bureau)
    asyncio.run(morning_round())

    asyncio.run(delivery())

    (run,) = [run for run in runs(3) if run.name.startswith("发送")]
    assert set(artifacts_of(run.id).values()) <= {"markdown"}
    with bureau.store.reading() as connection:
        statuses = connection.execute(sa.select(dispatch.c.status)).scalars().all()
    assert statuses and "sending" not in statuses


def test_a_bulletin_is_written_to_its_folder_and_linked(bureau: Bureau):
    asyncio.run(bulletin())

    (run,) = [run for run in runs(2) if run.name == f"简报 · 日报 · {TODAY:%m-%d}"]
    assert artifacts_of(run.id) == {"bulletin-daily": "markdown", "bulletin-daily-file": "markdown"}
    assert (bureau.settings.home / "bulletins" / f"{TODAY}-日报.md").is_file()


def test_intake_shows_what_was_refused_and_why(bureau: Bureau):
    (bureau.settings.home / "inbox" / "不是编号").mkdir(parents=True)
    long_ago = clock.now().timestamp() - 3_600
    os.utime(bureau.settings.home / "inbox" / "不是编号", (long_ago, long_ago))

    asyncio.run(intake())

    assert artifacts_of(runs(1)[0].id) == {"intake": "table"}
    assert list((bureau.settings.home / "inbox" / "refused").iterdir())


def test_upkeep_backs_up_verifies_and_fails_when_evidence_is_gone(bureau: Bureau):
    asyncio.run(upkeep())

    assert len(list((bureau.settings.home / "backups").iterdir())) == 1
    assert artifacts_of(runs(1)[0].id) == {"upkeep": "markdown"}


def test_old_runs_are_removed_with_their_artifacts_and_young_ones_kept(bureau: Bureau):
    asyncio.run(bulletin())
    (run,) = runs(1)

    kept = asyncio.run(remove_old_runs(before_days=90, now=clock.now()))
    removed = asyncio.run(remove_old_runs(before_days=90, now=clock.now() + timedelta(days=100)))

    assert kept == 0
    assert removed >= 1
    assert artifacts_of(run.id) == {}


def test_a_scheduled_run_really_appears_and_finishes(
    bureau: Bureau, prefect_server: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PREFECT_API_URL", prefect_server)
    at = clock.now().astimezone(clock.ZONE) + timedelta(seconds=12)
    rule = f"DTSTART:{at:%Y%m%dT%H%M%S}\nRDATE:{at:%Y%m%dT%H%M%S}"
    plan = Plan(
        name="试排",
        flow="flows.papers.bulletin",
        description="几秒以后运行一次。",
        schedules=(RRule(rule, timezone=ZONE, slug="soon"),),
    )

    finished = asyncio.run(_serve_until_finished(plan, within_seconds=90))

    assert finished is not None and finished.state is not None
    assert finished.auto_scheduled
    assert finished.state.is_completed(), finished.state.message
    assert finished.name == f"简报 · 日报 · {TODAY:%m-%d}"
    assert abs((finished.expected_start_time - at).total_seconds()) < 1
    assert Path(bureau.settings.home / "bulletins").is_dir()


async def _serve_until_finished(plan: Plan, *, within_seconds: int) -> FlowRun | None:
    """Serve one deployment as `duban up` does, until its scheduled run has ended."""
    runner = Runner(name="试排", query_seconds=1, pause_on_shutdown=False)
    (deployment_id,) = (await register(runner, [plan])).values()
    serving = asyncio.create_task(runner.start())
    try:
        async with get_client() as client:
            for _ in range(within_seconds * 2):
                await asyncio.sleep(0.5)
                for run in await client.read_flow_runs(limit=5, sort=FlowRunSort.EXPECTED_START_TIME_DESC):
                    if run.deployment_id == deployment_id and run.state and run.state.is_final():
                        return run
        return None
    finally:
        await runner.astop()
        await asyncio.wait({serving}, timeout=10)


def test_no_flow_runs_without_an_address(bureau: Bureau):
    with temporary_settings({PREFECT_API_URL: None}), pytest.raises(ValueError, match="No Prefect API URL"):
        asyncio.run(intake())

    assert not (bureau.settings.home / "inbox").exists()


def test_a_date_of_the_past_can_be_asked_for_again(bureau: Bureau):
    yesterday: date = TODAY - timedelta(days=1)

    asyncio.run(bulletin(on=yesterday))

    assert (bureau.settings.home / "bulletins" / f"{yesterday}-日报.md").is_file()
