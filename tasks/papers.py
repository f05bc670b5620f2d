"""Intake, bulletins and the roll-over as tasks."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from office.actions import bulletin as bulletins
from office.actions import propose_year as proposing
from office.actions import take_in as intake
from office.actions.bulletin import Bulletin, Period
from office.actions.propose_year import Proposal
from office.actions.take_in import IntakeReport
from office.wiring import calendars_folder
from tasks.bureau import STEP, bureau


@task(name="收取佐证", tags=["收件"], **STEP)
def take_in(now: datetime) -> IntakeReport:
    with bureau() as office:
        return intake.take_in(office, now=now)


@task(name="写简报", tags=["简报"], **STEP)
def write_bulletin(period: Period, now: datetime) -> Bulletin:
    with bureau() as office:
        return bulletins.write_bulletin(office, period, now=now)


@task(name="拟下一年度", tags=["滚动"], **STEP)
def propose_year(now: datetime) -> Proposal:
    with bureau() as office:
        return proposing.propose_year(office, calendars_folder(office.settings), now=now)
