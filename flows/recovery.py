"""补救: finds sends that broke off and rounds that are missing, and does them again."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

from duban.core import clock
from duban.rounds.service import RecoveryReport
from flows import names
from tasks.rounds import close_gates, hold_round, recover, round_owed
from tasks.runtime import opened_bureau


@flow(name="补救", flow_run_name=lambda: names.timed(names.RECOVERY), timeout_seconds=3_600)
async def recovery() -> None:
    """Compare what should exist with what does; on an ordinary day there is nothing to do."""
    now = clock.now()
    said = []
    with opened_bureau():
        report = recover(now)
        if report != RecoveryReport():
            said.append(report.sentence)
        if round_owed(now):
            # One round of today covers every day that was missed: what is owed by now includes them.
            said.append(hold_round(now).sentence)
            close_gates(now)
    if said:
        await acreate_markdown_artifact(key="recovery", markdown="\n\n".join(said), description="补救")
