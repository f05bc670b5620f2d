"""Nothing that people decide moves a date past the superior's wall, and only what was asked in time moves at all."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duban.core.access import Actor, Role
from duban.obligations.rules import (
    Clocks,
    asking_refusals,
    deciding_refusals,
    resumed_due_on,
    returned_due_on,
    returning_refusals,
)
from duban.obligations.states import ObligationFacts, State

HANDLER = Actor(name="王科长", person_id=1, unit_id=7, roles=frozenset({Role.HANDLER}))
LEADER = Actor(name="李局长", person_id=2, unit_id=9, roles=frozenset({Role.LEADER}))
BOTH = Actor(name="钱兼任", person_id=1, unit_id=7, roles=frozenset({Role.HANDLER, Role.COORDINATOR}))
MATTER = ObligationFacts(state=State.IN_PROGRESS, unit_id=7)
DUE = date(2026, 3, 31)

days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
walls = st.none() | days


def asked(clocks: Clocks, wanted_on: date, *, reason="会商未完", progress="七成", pending=False):
    return asking_refusals(
        MATTER, HANDLER, clocks, wanted_on=wanted_on, reason=reason, progress=progress, pending=pending
    )


def decided(clocks: Clocks, granted_on: date | None, *, by=LEADER, asked_by: int | None = 1, reply="同意"):
    return deciding_refusals(MATTER, by, clocks, asked_by=asked_by, granted_on=granted_on, reply=reply)


@given(due_on=days, wall=walls, today=days, wanted_on=days)
def test_what_is_asked_or_granted_lies_after_the_date_and_inside_the_wall(
    due_on, wall, today, wanted_on
) -> None:
    clocks = Clocks(due_on=due_on, hard_due_on=wall, today=today)
    fits = wanted_on > due_on and wanted_on >= today and (wall is None or wanted_on <= wall)

    assert (not asked(clocks, wanted_on)) == (fits and today <= due_on)
    assert (not decided(clocks, wanted_on)) == fits


def test_it_is_asked_on_the_last_day_but_not_after() -> None:
    on_the_day = Clocks(due_on=DUE, hard_due_on=None, today=DUE)
    too_late = Clocks(due_on=DUE, hard_due_on=None, today=DUE + timedelta(days=1))

    assert asked(on_the_day, date(2026, 4, 10)) == ()
    assert asked(too_late, date(2026, 4, 10)) == (
        "任务已于2026年3月31日到期，到期后不能申请延期，请抓紧报送并说明情况。",
    )


def test_every_fault_of_a_request_is_told_at_once() -> None:
    clocks = Clocks(due_on=DUE, hard_due_on=date(2026, 4, 15), today=DUE)

    assert len(asked(clocks, date(2026, 5, 1), reason=" ", progress="", pending=True)) == 4


def test_nobody_decides_his_own_request_and_nothing_is_decided_unasked() -> None:
    clocks = Clocks(due_on=DUE, hard_due_on=None, today=DUE)

    assert any("不能批复自己的延期申请" in reason for reason in decided(clocks, date(2026, 4, 10), by=BOTH))
    assert any("没有等待批复" in reason for reason in decided(clocks, date(2026, 4, 10), asked_by=None))
    assert decided(clocks, None, reply="不同意") == ()
    assert decided(clocks, None, reply=" ")


@given(due_on=days, wall=walls, today=days, length=st.integers(0, 400))
def test_a_suspension_gives_its_days_back_but_never_breaks_the_wall(due_on, wall, today, length) -> None:
    suspended_on = today - timedelta(days=length)

    new = resumed_due_on(Clocks(due_on=due_on, hard_due_on=wall, today=today), suspended_on)

    assert new >= due_on
    assert wall is None or new <= max(wall, due_on)
    if suspended_on > due_on:
        assert new == due_on
    elif wall is None:
        assert (new - due_on).days == length


@given(due_on=days, wall=walls, today=days, resubmit_by_on=st.none() | days)
def test_a_send_back_never_shortens_the_date_nor_breaks_the_wall(due_on, wall, today, resubmit_by_on) -> None:
    clocks = Clocks(due_on=due_on, hard_due_on=wall, today=today)

    new = returned_due_on(due_on, resubmit_by_on)

    assert new >= due_on
    if not returning_refusals(clocks, resubmit_by_on):
        assert wall is None or new <= max(wall, due_on)
        assert resubmit_by_on is None or resubmit_by_on >= today


@pytest.mark.parametrize("state", [State.SUBMITTED, State.CLOSED, State.SUSPENDED, State.WAIVED])
def test_time_is_asked_for_what_is_owed_only(state: State) -> None:
    clocks = Clocks(due_on=DUE, hard_due_on=None, today=DUE)
    wanted = {"wanted_on": date(2026, 4, 10), "reason": "会商", "progress": "七成", "pending": False}

    assert asking_refusals(ObligationFacts(state=state, unit_id=7), HANDLER, clocks, **wanted)
