"""Every service that a flow calls, as a task under its Chinese name."""

from __future__ import annotations

from datetime import datetime

import duban.editions.files
import duban.editions.queries
import duban.evidence.intake
import duban.evidence.uploads
import duban.letters.delivery
import duban.reports.bulletins
import duban.rounds.gates
import duban.rounds.service
import duban.upkeep.service
from duban.bureau import Bureau
from duban.editions.files import Proposal
from duban.letters.delivery import DeliveryReport
from duban.upkeep.service import BackupReport, backup, backups_folder, prune
from duban.wiring import calendars_folder, open_channels
from tasks.policy import as_task

LOG_BYTES = 20 * 1024 * 1024

hold_round = as_task("一轮提醒", "轮次")(duban.rounds.service.hold_round)
list_editions = as_task("在办行动", "轮次")(duban.editions.queries.list_editions)
close_gates = as_task("关闸", "轮次")(duban.rounds.gates.close_gates)
take_step = as_task("推进一步", "轮次")(duban.rounds.service.take_step)
sum_up_edition = as_task("汇总", "轮次")(duban.rounds.gates.sum_up_edition)
round_owed = as_task("核对轮次", "轮次")(duban.rounds.service.round_owed)
recover = as_task("补救", "轮次")(duban.rounds.service.recover)
collect_inbox = as_task("收取佐证", "收件")(duban.evidence.intake.collect_inbox)
write_bulletin = as_task("写简报", "简报")(duban.reports.bulletins.write_bulletin)
verify_records = as_task("核验", "维护")(duban.upkeep.service.verify)
clear_uploads = as_task("清理上传", "维护")(duban.evidence.uploads.sweep_uploads)


# A round's mail may take an hour; what a killed run left in doubt is settled by recovery, not by this limit.
@as_task("发送", "发送", timeout_seconds=3_300)
def deliver(bureau: Bureau, *, now: datetime, limit: int | None) -> DeliveryReport:
    with open_channels(bureau.settings) as channels:
        return duban.letters.delivery.deliver(bureau, channels=channels, now=now, worker="flow", limit=limit)


@as_task("拟下一年度", "滚动")
def propose_year(bureau: Bureau, *, now: datetime) -> Proposal:
    return duban.editions.files.propose_year(bureau, calendars_folder(bureau.settings), now=now)


@as_task("备份", "维护")
def back_up(bureau: Bureau, *, now: datetime, keep: int) -> BackupReport:
    saved = backup(bureau, now=now)
    prune(backups_folder(bureau), keep=keep)
    return saved


@as_task("整理日志", "维护")
def trim_logs(bureau: Bureau) -> None:
    """Put the beginning of a log that has grown too large aside; its writers append, so they go on undisturbed."""
    for log in (bureau.settings.home / "logs").glob("*.log"):
        if log.stat().st_size > LOG_BYTES:
            log.with_suffix(".log.1").write_bytes(log.read_bytes())
            with log.open("r+b") as file:
                file.truncate(0)
