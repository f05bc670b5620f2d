"""What every task shares: the day it works at, and what is worth another try."""

from __future__ import annotations

from datetime import date

import pytest
from prefect.states import Failed

from duban.core import clock
from duban.core.errors import Fault, Refused
from tasks.policy import looked_at, worth_retrying
from tests.travel import travel


def test_a_paper_without_a_day_is_of_the_present():
    now = travel("2026-03-24", "17:30")

    assert looked_at(None, now) == looked_at(date(2026, 3, 24), now) == now


def test_a_paper_of_an_earlier_day_looks_at_its_morning():
    now = travel("2026-03-24", "17:30")

    assert looked_at(date(2026, 3, 23), now) == clock.at(date(2026, 3, 23))


def test_a_day_to_come_is_refused_with_the_next_step():
    now = travel("2026-03-24", "17:30")

    with pytest.raises(Refused, match="duban rehearse"):
        looked_at(date(2026, 3, 25), now)


@pytest.mark.parametrize(
    ("error", "again"), [(Refused("不行。"), False), (Fault("磁盘已满。"), True), (OSError(), True)]
)
def test_a_refusal_is_never_tried_again(error: Exception, again: bool):
    assert worth_retrying(None, None, Failed(data=error)) is again  # type: ignore[arg-type]
