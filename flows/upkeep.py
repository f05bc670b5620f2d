"""每夜维护: backup, verification of history and evidence, and Prefect's own old runs."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

from duban.core import clock
from flows import names, old_runs
from tasks.housekeeping import back_up, clear_uploads, trim_logs, verify_records
from tasks.runtime import opened_bureau


@flow(name="夜间维护", flow_run_name=lambda: names.dated(names.UPKEEP), timeout_seconds=7_200)
async def upkeep(keep_backups: int = 7, keep_run_days: int = 90) -> None:
    """Back up first; a verification that fails makes the run fail, after everything else was done."""
    now = clock.now()
    with opened_bureau():
        saved = back_up(now, keep_backups)
        verified = verify_records()
        trim_logs()
        swept = clear_uploads(now)
    removed = await old_runs.remove(before_days=keep_run_days, now=now)
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
