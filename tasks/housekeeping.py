"""Backup, verification and logs as tasks."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from duban.evidence.uploads import Swept, sweep_uploads
from duban.upkeep.service import BackupReport, VerifyReport, backup, backups_folder, prune, verify
from tasks.runtime import STEP, opened_bureau

LOG_BYTES = 20 * 1024 * 1024


@task(name="备份", tags=["维护"], **STEP)
def back_up(now: datetime, keep: int) -> BackupReport:
    with opened_bureau() as bureau:
        saved = backup(bureau, now=now)
        prune(backups_folder(bureau), keep=keep)
        return saved


@task(name="核验", tags=["维护"], **STEP)
def verify_records() -> VerifyReport:
    with opened_bureau() as bureau:
        return verify(bureau)


@task(name="清理上传", tags=["维护"], **STEP)
def clear_uploads(now: datetime) -> Swept:
    with opened_bureau() as bureau:
        return sweep_uploads(bureau, now=now)


@task(name="整理日志", tags=["维护"], **STEP)
def trim_logs() -> None:
    """Put the beginning of a log that has grown too large aside; its writers append, so they go on undisturbed."""
    with opened_bureau() as bureau:
        for log in (bureau.settings.home / "logs").glob("*.log"):
            if log.stat().st_size > LOG_BYTES:
                log.with_suffix(".log.1").write_bytes(log.read_bytes())
                with log.open("r+b") as file:
                    file.truncate(0)
