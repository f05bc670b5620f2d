"""Backup, verification and logs as tasks."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from office.actions import backup as backups
from office.actions import verify as verifying
from office.actions.backup import BackupReport
from office.actions.sweep_uploads import Swept, sweep_uploads
from office.actions.verify import VerifyReport
from tasks.bureau import STEP, bureau

LOG_BYTES = 20 * 1024 * 1024


@task(name="备份", tags=["维护"], **STEP)
def back_up(now: datetime, keep: int) -> BackupReport:
    with bureau() as office:
        saved = backups.backup(office, now=now)
        backups.prune(backups.backups_folder(office), keep=keep)
        return saved


@task(name="核验", tags=["维护"], **STEP)
def verify_records() -> VerifyReport:
    with bureau() as office:
        return verifying.verify(office)


@task(name="清理上传", tags=["维护"], **STEP)
def clear_uploads(now: datetime) -> Swept:
    with bureau() as office:
        return sweep_uploads(office, now=now)


@task(name="整理日志", tags=["维护"], **STEP)
def trim_logs() -> None:
    """Put the beginning of a log that has grown too large aside; its writers append, so they go on undisturbed."""
    with bureau() as office:
        for log in (office.settings.home / "logs").glob("*.log"):
            if log.stat().st_size > LOG_BYTES:
                log.with_suffix(".log.1").write_bytes(log.read_bytes())
                with log.open("r+b") as file:
                    file.truncate(0)
