"""Delivery as a task: the channels that the settings name are open while it runs."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from duban.letters import delivery
from duban.letters.delivery import DeliveryReport
from duban.wiring import open_channels
from tasks.runtime import STEP, opened_bureau

# A round's mail may take an hour; what a killed run left in doubt is settled by recovery, not by this limit.
WITHIN_SECONDS = 3_300


@task(name="发送", tags=["发送"], **STEP | {"timeout_seconds": WITHIN_SECONDS})
def deliver(now: datetime, limit: int | None) -> DeliveryReport:
    with opened_bureau() as bureau, open_channels(bureau.settings) as channels:
        return delivery.deliver(bureau, channels=channels, now=now, worker="flow", limit=limit)
