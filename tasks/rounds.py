"""The steps of a round as tasks: each one an action, retried on a fault and never on a refusal."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from office.actions import close_gates as closing
from office.actions import hold_round as holding
from office.actions import list_timelines as timelines
from office.actions import recover as recovering
from office.actions import round_owed as owing
from office.actions import sum_up_edition as summing
from office.actions import take_step as stepping
from office.actions.close_gates import GateReport
from office.actions.hold_round import RoundReport
from office.actions.list_timelines import EditionName
from office.actions.recover import RecoveryReport
from office.actions.sum_up_edition import EditionSummary
from office.actions.take_step import StepReport
from tasks.bureau import STEP, bureau


@task(name="一轮提醒", tags=["轮次"], **STEP)
def hold_round(now: datetime) -> RoundReport:
    with bureau() as office:
        return holding.hold_round(office, now=now)


@task(name="在办行动", tags=["轮次"], **STEP)
def list_editions() -> tuple[EditionName, ...]:
    with bureau() as office:
        return timelines.list_editions(office)


@task(name="关闸", tags=["轮次"], **STEP)
def close_gates(now: datetime) -> GateReport:
    with bureau() as office:
        return closing.close_gates(office, now=now)


@task(name="推进一步", tags=["轮次"], **STEP)
def take_step(campaign: str, year: int, now: datetime) -> StepReport:
    with bureau() as office:
        return stepping.take_step(office, campaign, year, now=now)


@task(name="汇总", tags=["轮次"], **STEP)
def sum_up_edition(campaign: str, year: int, now: datetime) -> EditionSummary:
    with bureau() as office:
        return summing.sum_up_edition(office, campaign, year, now=now)


@task(name="核对轮次", tags=["轮次"], **STEP)
def round_owed(now: datetime) -> bool:
    with bureau() as office:
        return owing.round_owed(office, now=now)


@task(name="补救", tags=["轮次"], **STEP)
def recover(now: datetime) -> RecoveryReport:
    with bureau() as office:
        return recovering.recover(office, now=now)
