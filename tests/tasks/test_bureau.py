"""What every task shares: the day it works at, and what is worth another try."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prefect.states import Failed

from duban.core import clock
from duban.core.errors import Fault, Refused
from tasks.policy import run_time, worth_retrying


def test_a_run_without_a_day_works_now():
    before = clock.now()

    assert before <= run_time(None) <= clock.now()


def test_an_earlier_day_is_worked_at_its_morning():
    yesterday = clock.civil(clock.now()) - timedelta(days=1)

    assert run_time(yesterday) == clock.at(yesterday)


def test_a_day_to_come_is_refused_with_the_next_step():
    with pytest.raises(Refused, match="duban rehearse"):
        run_time(clock.civil(clock.now()) + timedelta(days=1))


@pytest.mark.parametrize(
    ("error", "again"), [(Refused("不行。"), False), (Fault("磁盘已满。"), True), (OSError(), True)]
)
def test_a_refusal_is_never_tried_again(error: Exception, again: bool):
    assert worth_retrying(None, None, Failed(data=error)) is again  # type: ignore[arg-type]
