"""Intake, bulletins and the roll-over as tasks."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from duban.editions import files
from duban.editions.files import Proposal
from duban.evidence.intake import IntakeReport, collect_inbox
from duban.reports import bulletins
from duban.reports.bulletins import Bulletin, Period
from duban.wiring import calendars_folder
from tasks.runtime import STEP, opened_bureau


@task(name="收取佐证", tags=["收件"], **STEP)
def take_in(now: datetime) -> IntakeReport:
    with opened_bureau() as bureau:
        return collect_inbox(bureau, now=now)


@task(name="写简报", tags=["简报"], **STEP)
def write_bulletin(period: Period, now: datetime) -> Bulletin:
    with opened_bureau() as bureau:
        return bulletins.write_bulletin(bureau, period, now=now)


@task(name="拟下一年度", tags=["滚动"], **STEP)
def propose_year(now: datetime) -> Proposal:
    with opened_bureau() as bureau:
        return files.propose_year(bureau, calendars_folder(bureau.settings), now=now)
