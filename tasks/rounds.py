"""The steps of a round as tasks: each one an action, retried on a fault and never on a refusal."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from duban.editions import queries
from duban.editions.queries import EditionName
from duban.rounds import gates
from duban.rounds import service as rounds_service
from duban.rounds.gates import EditionSummary, GateReport
from duban.rounds.service import RecoveryReport, RoundReport, StepReport
from tasks.runtime import STEP, opened_bureau


@task(name="一轮提醒", tags=["轮次"], **STEP)
def hold_round(now: datetime) -> RoundReport:
    with opened_bureau() as bureau:
        return rounds_service.hold_round(bureau, now=now)


@task(name="在办行动", tags=["轮次"], **STEP)
def list_editions() -> tuple[EditionName, ...]:
    with opened_bureau() as bureau:
        return queries.list_editions(bureau)


@task(name="关闸", tags=["轮次"], **STEP)
def close_gates(now: datetime) -> GateReport:
    with opened_bureau() as bureau:
        return gates.close_gates(bureau, now=now)


@task(name="推进一步", tags=["轮次"], **STEP)
def take_step(campaign: str, year: int, now: datetime) -> StepReport:
    with opened_bureau() as bureau:
        return rounds_service.take_step(bureau, campaign, year, now=now)


@task(name="汇总", tags=["轮次"], **STEP)
def sum_up_edition(campaign: str, year: int, now: datetime) -> EditionSummary:
    with opened_bureau() as bureau:
        return gates.sum_up_edition(bureau, campaign, year, now=now)


@task(name="核对轮次", tags=["轮次"], **STEP)
def round_owed(now: datetime) -> bool:
    with opened_bureau() as bureau:
        return rounds_service.round_owed(bureau, now=now)


@task(name="补救", tags=["轮次"], **STEP)
def recover(now: datetime) -> RecoveryReport:
    with opened_bureau() as bureau:
        return rounds_service.recover(bureau, now=now)
