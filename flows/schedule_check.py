"""Do Prefect's schedules really fire? Asked at start, because a server can look healthy and schedule nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled, Crashed, State
from prefect.types import DateTime
from pydantic import TypeAdapter

from duban.core import clock

APPEAR_WITHIN_SECONDS = 90
PAGE = 200
AWAITED = "预定"


async def check(served: Mapping[str, UUID]) -> tuple[str, ...]:
    """Sentences for the operator: which deployments are paused, and whether scheduled runs appear at all."""
    async with get_client() as client:
        paused = await _paused(client, served)
        appeared = await _scheduled_appear(client, [served[name] for name in served if name not in paused])
    return (*_paused_sentences(paused), *(() if appeared else (SILENT,)))


SILENT = (
    "警告：Prefect 没有排出任何计划运行，定时不会触发；请核对 prefect 与 sqlalchemy 的版本（duban doctor），"
    "在此之前每天手动运行 duban round run。"
)


def _paused_sentences(paused: Iterable[str]) -> tuple[str, ...]:
    return tuple(
        f"注意：“{name}”在 Prefect 中处于暂停，不会按时运行；如非有意，请在 Prefect 页面恢复。"
        for name in paused
    )


async def _paused(client: PrefectClient, served: Mapping[str, UUID]) -> tuple[str, ...]:
    found = []
    for name, deployment_id in served.items():
        deployment = await client.read_deployment(deployment_id)
        if deployment.paused or any(not schedule.active for schedule in deployment.schedules):
            found.append(name)
    return tuple(found)


async def _scheduled_appear(client: PrefectClient, deployment_ids: list[UUID]) -> bool:
    for _ in range(APPEAR_WITHIN_SECONDS):
        if await scheduled_runs(client, deployment_ids):
            return True
        await asyncio.sleep(1)
    return not deployment_ids


async def scheduled_runs(client: PrefectClient, deployment_ids: list[UUID]) -> list[FlowRun]:
    """Runs that the scheduler has created for these deployments and that have not begun."""
    return await client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=deployment_ids)),
        flow_run_filter=FlowRunFilter(state=_types(StateType.SCHEDULED)),
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
    )


async def name_upcoming(served: Mapping[str, UUID]) -> int:
    """Give runs that wait for their hour a name people can read; Prefect gives them two random words.

    Once begun, a run takes the name its flow gives it.
    """
    titles = {deployment_id: name.replace("/", " · ") for name, deployment_id in served.items()}
    renamed = 0
    async with get_client() as client:
        for run in await _all(client, FlowRunFilter(state=_types(StateType.SCHEDULED))):
            title = titles.get(run.deployment_id) if run.deployment_id else None
            if title and run.expected_start_time and AWAITED not in run.name:
                at = run.expected_start_time.astimezone(clock.ZONE)
                await client.update_flow_run(run.id, name=f"{title} · {AWAITED} {at:%m-%d %H:%M}")
                renamed += 1
    return renamed


async def settle_after_stop(*, alone: bool) -> None:
    """Put in order what an earlier stop left: runs that nobody runs any more, and runs that piled up.

    `alone` says that no other runner shares the server, so whatever it believes to be running is not.
    """
    async with get_client() as client:
        if alone:
            await _end_abandoned(client)
        await _collapse_late(client)


async def _end_abandoned(client: PrefectClient) -> None:
    """A killed process leaves its run in Running for ever; the step it took is caught up by the next round."""
    for run in await _all(
        client, FlowRunFilter(state=_types(StateType.PENDING, StateType.RUNNING, StateType.CANCELLING))
    ):
        await client.set_flow_run_state(
            run.id, Crashed(message="上次停机时中断，由后一次运行补办。"), force=True
        )


async def _collapse_late(client: PrefectClient) -> None:
    """Cancel what piled up while nobody was serving, but for the newest of each deployment.

    One run catches up on everything, so the older ones would only cost a process each.
    """
    late = FlowRunFilter(
        state=_types(StateType.SCHEDULED),
        expected_start_time=FlowRunFilterExpectedStartTime(
            before_=as_prefect(clock.now() - timedelta(minutes=1))
        ),
    )
    seen: set[UUID | None] = set()
    for run in await _all(client, late):
        if run.auto_scheduled and run.deployment_id in seen:
            state: State[None] = Cancelled(message="停机期间积压，由后一次运行一并补办。")
            await client.set_flow_run_state(run.id, state, force=True)
        seen.add(run.deployment_id)


async def _all(client: PrefectClient, wanted: FlowRunFilter) -> list[FlowRun]:
    """Every run that matches, newest first; the server answers two hundred at a time."""
    found: list[FlowRun] = []
    while True:
        page = await client.read_flow_runs(
            flow_run_filter=wanted,
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=PAGE,
            offset=len(found),
        )
        found += page
        if len(page) < PAGE:
            return found


def _types(*types: StateType) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types)))


def as_prefect(moment: datetime) -> DateTime:
    """A moment in the type Prefect's filters are declared with."""
    return TypeAdapter(DateTime).validate_python(moment)


async def silence(names: Iterable[str]) -> None:
    """Remove deployments whose edition was withdrawn, so that they are not scheduled for ever."""
    async with get_client() as client:
        for name in names:
            deployment = await client.read_deployment_by_name(name)
            await client.delete_deployment(deployment.id)


async def wait_for_runs(deployment_ids: list[UUID], *, within_seconds: int) -> bool:
    """Wait until nothing of ours is pending or running; False when time ran out first."""
    under_way = FlowRunFilter(state=_types(StateType.PENDING, StateType.RUNNING))
    ours = DeploymentFilter(id=DeploymentFilterId(any_=deployment_ids))
    async with get_client() as client:
        for _ in range(within_seconds * 2):
            if not await client.read_flow_runs(deployment_filter=ours, flow_run_filter=under_way, limit=1):
                return True
            await asyncio.sleep(0.5)
    return False
