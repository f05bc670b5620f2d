"""每夜维护: backup, verification of history and evidence, and Prefect's own old runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
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

from duban.core import clock
from flows import names
from flows.schedule_check import as_prefect
from tasks.policy import opened_bureau
from tasks.steps import back_up, clear_uploads, trim_logs, verify_records

AT_MOST = 1_000
PAGE = 100


@flow(name="夜间维护", flow_run_name=lambda: names.dated(names.UPKEEP), timeout_seconds=7_200)
async def upkeep(keep_backups: int = 7, keep_run_days: int = 90) -> None:
    """Back up first; a verification that fails makes the run fail, after everything else was done."""
    with opened_bureau() as bureau:
        now = bureau.now()
        saved = back_up(now=now, keep=keep_backups)
        verified = verify_records()
        trim_logs()
        swept = clear_uploads(now=now)
    # Prefect's runs have the machine's time.
    removed = await remove_old_runs(before_days=keep_run_days, now=clock.now())
    lines = [
        f"- 备份：{saved.folder}（{saved.files} 个文件，{saved.size_bytes:,} 字节）",
        f"- 留痕：{verified.entries} 条，{'完好' if verified.history_fault is None else verified.history_fault}",
        f"- 佐证：核验 {verified.evidence_checked} 件，{'完好' if not verified.evidence_faults else '；'.join(verified.evidence_faults)}",
        f"- 清理未报送的上传：{swept.uploads} 个，中断的存放：{swept.stages} 个",
        f"- 清理 Prefect 旧运行记录：{removed} 条",
    ]
    await acreate_markdown_artifact(
        key="upkeep",
        markdown="\n".join(["## 夜间维护", *lines]),
        description=f"夜间维护 {clock.civil(now):%Y-%m-%d}",
    )
    verified.require_sound()


async def remove_old_runs(*, before_days: int, now: datetime, at_most: int = AT_MOST) -> int:
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
