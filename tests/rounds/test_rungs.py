"""Which rung a group is owed by a day: dates counted by hand, and what holds for every ladder and every day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from calendars.ladders import Ladder, Rung, RungKind
from calendars.reader import load_ladders
from calendars.workdays.files import load_workdays
from duban.rounds.schedule import due_reminders, next_reminder, scheduled_reminders

WORKDAYS = load_workdays()
STANDARD = load_ladders()["standard"]
OPENED, DUE = date(2026, 1, 5), date(2026, 3, 31)

days = st.dates(date(2025, 1, 1), date(2027, 6, 30))
ladders = st.builds(
    lambda offsets: Ladder(
        key="any",
        name="任意",
        rungs=(
            Rung(key="assign", kind=RungKind.ASSIGN),
            *(Rung(key=f"t{n:+}", kind=_kind(n), workdays=n) for n in sorted(offsets)),
        ),
    ),
    st.sets(st.integers(-60, 10), max_size=8),
)


def _kind(offset: int) -> RungKind:
    if offset < 0:
        return RungKind.ADVANCE
    return RungKind.DUE if offset == 0 else RungKind.CHASE


def test_rungs_count_workdays_from_the_due_date() -> None:
    found = scheduled_reminders(STANDARD, opened_on=OPENED, due_on=DUE, workdays=WORKDAYS)

    # By hand from the notice of 2026: 14 and 28 February are worked, 15 to 23 February and 4 to 6 April are off.
    assert [(fire.rung.key, fire.on) for fire in found] == [
        ("assign", OPENED),
        ("t-30", date(2026, 2, 11)),
        ("t-7", date(2026, 3, 20)),
        ("t-3", date(2026, 3, 26)),
        ("t-1", date(2026, 3, 30)),
        ("t0", DUE),
        ("t+1", date(2026, 4, 1)),
        ("t+6", date(2026, 4, 9)),
    ]


def test_a_due_date_on_a_day_off_is_counted_from_the_last_workday_before() -> None:
    sunday = date(2026, 5, 31)

    found = {
        fire.rung.key: fire.on
        for fire in scheduled_reminders(STANDARD, opened_on=OPENED, due_on=sunday, workdays=WORKDAYS)
    }

    assert found["t0"] == date(2026, 5, 29)
    assert found["t-1"] == date(2026, 5, 28)
    assert found["t+1"] == date(2026, 6, 1)


def test_advance_rungs_before_the_opening_never_applied() -> None:
    found = scheduled_reminders(STANDARD, opened_on=date(2026, 3, 23), due_on=DUE, workdays=WORKDAYS)

    assert [fire.rung.key for fire in found] == ["assign", "t-3", "t-1", "t0", "t+1", "t+6"]


def test_a_standstill_leaves_one_current_rung_and_says_why_of_the_others() -> None:
    now = due_reminders(STANDARD, opened_on=OPENED, due_on=DUE, today=date(2026, 3, 27), workdays=WORKDAYS)

    assert now.current is not None
    assert now.current.rung.key == "t-3"
    assert [passed.rung.key for passed in now.superseded] == ["assign", "t-30", "t-7"]
    assert all("并入3月26日的提前提醒" in now.cause_of(passed) for passed in now.superseded)


def test_nothing_is_owed_before_the_opening() -> None:
    before = due_reminders(STANDARD, opened_on=OPENED, due_on=DUE, today=date(2026, 1, 4), workdays=WORKDAYS)

    assert before.current is None and before.superseded == ()


def test_a_rung_counted_in_a_year_without_notice_says_that_it_is_provisional() -> None:
    found = {
        fire.rung.key: fire.provisional
        for fire in scheduled_reminders(
            STANDARD, opened_on=OPENED, due_on=date(2027, 1, 15), workdays=WORKDAYS
        )
    }

    assert not found["assign"]
    assert found["t-3"] and found["t+1"]


@given(ladder=ladders, opened_on=days, due_on=days, today=days)
def test_the_current_rung_has_come_and_no_later_one_has(
    ladder: Ladder, opened_on: date, due_on: date, today: date
) -> None:
    every = scheduled_reminders(ladder, opened_on=opened_on, due_on=due_on, workdays=WORKDAYS)

    now = due_reminders(ladder, opened_on=opened_on, due_on=due_on, today=today, workdays=WORKDAYS)

    come = [fire for fire in every if fire.on <= today]
    assert [*now.superseded, *([now.current] if now.current else [])] == come
    assert (now.current is None) == (today < opened_on)


@given(ladder=ladders, opened_on=days, due_on=days)
def test_rungs_fire_in_order_none_before_the_opening_and_counted_ones_on_workdays(
    ladder: Ladder, opened_on: date, due_on: date
) -> None:
    every = scheduled_reminders(ladder, opened_on=opened_on, due_on=due_on, workdays=WORKDAYS)

    assert [fire.on for fire in every] == sorted(fire.on for fire in every)
    assert all(fire.on >= opened_on for fire in every)
    assert all(WORKDAYS.is_workday(fire.on) for fire in every if fire.rung.kind is not RungKind.ASSIGN)


@given(ladder=ladders, opened_on=days, due_on=days, skipped=st.sets(st.integers(0, 40)))
def test_whichever_days_have_a_round_each_rung_is_current_or_superseded_once_at_most(
    ladder: Ladder, opened_on: date, due_on: date, skipped: set[int]
) -> None:
    assume(due_on <= opened_on + timedelta(days=40))
    planned: dict[str, str] = {}

    for number in range(41):
        if number in skipped:
            continue
        today = opened_on + timedelta(days=number)
        now = due_reminders(ladder, opened_on=opened_on, due_on=due_on, today=today, workdays=WORKDAYS)
        assert now.current is not None
        if now.current.rung.key in planned:
            continue
        planned[now.current.rung.key] = "planned"
        for passed in now.superseded:
            planned.setdefault(passed.rung.key, "superseded")

    last = opened_on + timedelta(days=max({*range(41)} - skipped, default=-1))
    come = {
        fire.rung.key
        for fire in scheduled_reminders(ladder, opened_on=opened_on, due_on=due_on, workdays=WORKDAYS)
        if fire.on <= last
    }
    assert set(planned) == come


@given(ladder=ladders, due_on=days, opened_on=days, today=days)
def test_only_what_is_overdue_is_chased(ladder: Ladder, due_on: date, opened_on: date, today: date) -> None:
    now = due_reminders(ladder, opened_on=opened_on, due_on=due_on, today=today, workdays=WORKDAYS)

    if now.current and now.current.rung.kind is RungKind.CHASE:
        assert today > WORKDAYS.on_or_before(due_on)


@given(ladder=ladders, due_on=days, opened_on=days, today=days)
def test_what_comes_next_is_the_first_of_all_that_come(ladder, due_on, opened_on, today) -> None:
    assume(abs((due_on - opened_on).days) < 200)
    group = {"opened_on": opened_on, "due_on": due_on, "workdays": WORKDAYS}

    coming = [fire for fire in scheduled_reminders(ladder, **group) if fire.on > today]

    assert next_reminder(ladder, today=today, **group) == next(iter(coming), None)
