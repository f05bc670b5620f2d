"""Delivery as a task: the channels that the settings name are open while it runs."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from office.actions import deliver as delivering
from office.actions.deliver import DeliveryReport
from office.wiring import open_channels
from tasks.bureau import STEP, bureau

# A round's mail may take an hour; what a killed run left in doubt is settled by recovery, not by this limit.
WITHIN_SECONDS = 3_300


@task(name="发送", tags=["发送"], **STEP | {"timeout_seconds": WITHIN_SECONDS})
def deliver(now: datetime, limit: int | None) -> DeliveryReport:
    with bureau() as office, open_channels(office.settings) as channels:
        return delivering.deliver(office, channels=channels, now=now, worker="flow", limit=limit)
