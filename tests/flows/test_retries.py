"""How often Prefect really tries a step that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from prefect import flow, task

from duban.core.errors import Fault, Refused
from tasks.policy import POLICY


def _asked_for(error: Callable[[], Exception]) -> int:
    """How often a step that always fails is tried under an async flow."""
    tries = []

    @task(**POLICY | {"retry_delay_seconds": 0})
    def step() -> None:
        tries.append(1)
        raise error()

    @flow
    async def work() -> None:
        step()

    with pytest.raises((Refused, Fault)):
        asyncio.run(work())
    return len(tries)


@pytest.mark.prefect
@pytest.mark.usefixtures("prefect_api")
def test_prefect_tries_a_fault_three_times_and_a_refusal_once():
    assert _asked_for(lambda: Fault("台账数据库正被其他程序占用。")) == 3
    assert _asked_for(lambda: Refused("不行。")) == 1
