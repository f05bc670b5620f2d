"""Removes Prefect's own records of runs that ended long ago. Nothing of record is lost: the ledger keeps that.

Prefect's vacuum is left off, for it has strained big databases; this goes by the API, oldest first, a bounded number
each night.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound

from flows.schedule_check import as_prefect

AT_MOST = 1_000
PAGE = 100


async def remove(*, before_days: int, now: datetime, at_most: int = AT_MOST) -> int:
    """Delete ended flow runs older than so many days, with their artifacts; returns how many."""
    if before_days < 7:
        raise ValueError("runs of the last week are never removed")
    removed = 0
    async with get_client() as client:
        while removed < at_most:
            page = await _ended_before(client, now - timedelta(days=before_days))
            if not page:
                break
            for run_id in page:
                await _remove_one(client, run_id)
            removed += len(page)
    return removed


async def _ended_before(client: PrefectClient, moment: datetime) -> list[UUID]:
    runs = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            end_time=FlowRunFilterEndTime(before_=as_prefect(moment)),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=sorted(TERMINAL_STATES))),
        ),
        sort=FlowRunSort.END_TIME_DESC,
        limit=PAGE,
    )
    return [run.id for run in runs]


async def _remove_one(client: PrefectClient, run_id: UUID) -> None:
    artifacts = await client.read_artifacts(
        artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
    )
    for artifact in artifacts:
        await client.delete_artifact(artifact.id)
    try:
        await client.delete_flow_run(run_id)
    except ObjectNotFound:
        # Somebody removed it from Prefect's page in the meantime.
        return
