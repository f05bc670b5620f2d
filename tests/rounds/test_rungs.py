"""Which rung a group is owed by a day: dates counted by hand, and what holds for every ladder and every day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from calendars.ladders import Audience, Ladder, Rung, RungKind, find_ladder, ladder_key
from calendars.reader import load_ladders
from calendars.workdays.files import load_workdays
from duban.rounds.schedule import DueReminders, due_reminders, next_reminder, scheduled_reminders

WORKDAYS = load_workdays()
STANDARD = load_ladders()["standard"]
OPENED, DUE = date(2026, 1, 5), date(2026, 3, 31)

days = st.dates(date(2025, 1, 1), date(2027, 6, 30))
KINDS = st.sampled_from([RungKind.CHASE, RungKind.ESCALATE, RungKind.BULLETIN])


@st.composite
def a_ladder(draw: st.DrawFn) -> Ladder:
    """Any ladder the reader would take: late rungs of three audiences, some of which come again."""
    rungs = [Rung(key="assign", kind=RungKind.ASSIGN)]
    chased = False
    for n in sorted(draw(st.sets(st.integers(-60, 10), max_size=8))):
        kind = RungKind.ADVANCE if n < 0 else RungKind.DUE if n == 0 else draw(KINDS)
        if chased or kind not in (RungKind.ESCALATE, RungKind.BULLETIN):
            repeat = draw(st.sampled_from([None, 1, 3, 5, 10, 20])) if n > 0 else None
            rungs.append(Rung(key=f"t{n:+}", kind=kind, workdays=n, repeat=repeat))
        chased = chased or kind is RungKind.CHASE
    return Ladder(key="any", name="任意", rungs=tuple(rungs), repeats=draw(st.integers(0, 9)))


ladders = a_ladder()


def owed_to(audience: Audience, owed: Sequence[DueReminders]) -> DueReminders | None:
    """What one audience is owed; each stands at most once."""
    (found,) = [one for one in owed if one.current.rung.audience is audience] or [None]
    return found


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
        ("t+11", date(2026, 4, 16)),
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

    assert [fire.rung.key for fire in found] == ["assign", "t-3", "t-1", "t0", "t+1", "t+6", "t+11"]


def test_a_standstill_leaves_one_current_rung_and_says_why_of_the_others() -> None:
    (now,) = due_reminders(STANDARD, opened_on=OPENED, due_on=DUE, today=date(2026, 3, 27), workdays=WORKDAYS)

    assert now.current.rung.key == "t-3"
    assert [passed.rung.key for passed in now.superseded] == ["assign", "t-30", "t-7"]
    assert all("并入3月26日的提前提醒" in now.cause_of(passed) for passed in now.superseded)


def test_nothing_is_owed_before_the_opening() -> None:
    before = due_reminders(STANDARD, opened_on=OPENED, due_on=DUE, today=date(2026, 1, 4), workdays=WORKDAYS)

    assert before == ()


def test_what_the_leader_is_owed_takes_nothing_from_the_unit() -> None:
    owed = due_reminders(STANDARD, opened_on=OPENED, due_on=DUE, today=date(2026, 6, 1), workdays=WORKDAYS)

    assert [(one.current.rung.key, one.current.on) for one in owed] == [
        ("t+1/9", date(2026, 6, 1)),
        ("t+6/1", date(2026, 5, 11)),
        ("t+11/1", date(2026, 5, 18)),
    ]
    assert [one.rung.key for one in owed[0].superseded] == [
        "assign",
        "t-30",
        "t-7",
        "t-3",
        "t-1",
        "t0",
        "t+1",
    ]
    assert [one.chased_by for one in owed] == [None, date(2026, 5, 25), date(2026, 5, 18)]


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
def test_of_each_audience_the_current_rung_is_the_last_that_has_come(
    ladder: Ladder, opened_on: date, due_on: date, today: date
) -> None:
    group: Any = {"opened_on": opened_on, "due_on": due_on, "workdays": WORKDAYS}
    come = [one for one in scheduled_reminders(ladder, **group, until=today) if one.on <= today]

    owed = due_reminders(ladder, **group, today=today)

    for audience in Audience:
        own = [one for one in come if one.rung.audience is audience] if today >= opened_on else []
        found = owed_to(audience, owed)
        assert (found.current if found else None) == (own[-1] if own else None)
        if found:
            assert list(found.superseded) == [one for one in own[:-1] if not one.rung.number]
    assert (owed_to(Audience.UNIT, owed) is None) == (today < opened_on)


@given(ladder=ladders, opened_on=days, due_on=days, gap=st.integers(0, 90))
def test_a_unit_that_is_overdue_is_owed_its_chase_and_no_advance_word(
    ladder: Ladder, opened_on: date, due_on: date, gap: int
) -> None:
    chases = [rung.workdays for rung in ladder.rungs if rung.kind is RungKind.CHASE] or [1]
    chased_on = WORKDAYS.shift(max(opened_on, WORKDAYS.on_or_before(due_on)), max(chases))

    now = owed_to(
        Audience.UNIT,
        due_reminders(
            ladder,
            opened_on=opened_on,
            due_on=due_on,
            today=chased_on + timedelta(days=gap),
            workdays=WORKDAYS,
        ),
    )

    assert now is not None
    if any(rung.kind is RungKind.CHASE for rung in ladder.rungs):
        assert now.current.rung.kind is RungKind.CHASE


@given(ladder=ladders, opened_on=days, due_on=days, today=days)
def test_others_hear_only_what_was_chased_as_long_before_as_the_ladder_leaves_between(
    ladder: Ladder, opened_on: date, due_on: date, today: date
) -> None:
    owed = due_reminders(ladder, opened_on=opened_on, due_on=due_on, today=today, workdays=WORKDAYS)

    for one in owed:
        if one.current.rung.audience is Audience.UNIT:
            assert one.chased_by is None
        else:
            assert one.chased_by is not None and one.chased_by < today
            gap = WORKDAYS.between(one.chased_by + timedelta(days=1), today)
            chases = [rung.workdays for rung in ladder.rungs if rung.kind is RungKind.CHASE]
            between = one.current.rung.workdays - max(
                days for days in chases if days < one.current.rung.workdays
            )
            assert gap >= between or not WORKDAYS.is_workday(today)


@given(ladder=ladders, opened_on=days, due_on=days)
def test_rungs_fire_in_order_none_before_the_opening_and_counted_ones_on_workdays(
    ladder: Ladder, opened_on: date, due_on: date
) -> None:
    every = scheduled_reminders(
        ladder, opened_on=opened_on, due_on=due_on, workdays=WORKDAYS, until=date(2027, 12, 31)
    )

    assert [fire.on for fire in every] == sorted(fire.on for fire in every)
    assert all(fire.on >= opened_on for fire in every)
    assert all(WORKDAYS.is_workday(fire.on) for fire in every if fire.rung.kind is not RungKind.ASSIGN)
    keys = [fire.rung.key for fire in every]
    assert len(set(keys)) == len(keys) and max(map(len, keys)) <= 16


@given(ladder=ladders, opened_on=days, due_on=days)
def test_what_repeats_goes_on_and_never_more_often_than_it_may(
    ladder: Ladder, opened_on: date, due_on: date
) -> None:
    until = date(2028, 6, 30)
    every = scheduled_reminders(ladder, opened_on=opened_on, due_on=due_on, workdays=WORKDAYS, until=until)

    for rung in ladder.rungs:
        if rung.repeat:
            days_on = [one.on for one in every if one.rung.key.partition("/")[0] == rung.key]
            assert (until - days_on[-1]).days < 60
            gaps = [WORKDAYS.between(a, b) - 1 for a, b in pairwise(days_on)]
            if rung.repeat % 5:
                assert all(gap >= rung.repeat for gap in gaps)
            else:
                # The first may come sooner, into the week's one letter; a week off brings two onto one day.
                assert gaps[0] >= 3
                assert (days_on[-1] - days_on[1]).days >= 7 * (rung.repeat // 5) * (len(gaps) - 1) - 8
            if ladder.repeats == len(gaps):
                assert all(gap <= 2 * rung.repeat for gap in gaps)


@given(ladder=ladders, opened_on=days, due_on=days, skipped=st.sets(st.integers(0, 40)))
def test_whichever_days_have_a_round_each_rung_is_current_or_superseded_once_at_most(
    ladder: Ladder, opened_on: date, due_on: date, skipped: set[int]
) -> None:
    assume(due_on <= opened_on + timedelta(days=40))
    group: Any = {"opened_on": opened_on, "due_on": due_on, "workdays": WORKDAYS}
    planned: dict[str, str] = {}

    for number in sorted({*range(41)} - skipped):
        for now in due_reminders(ladder, **group, today=opened_on + timedelta(days=number)):
            if now.current.rung.key in planned:
                continue
            planned[now.current.rung.key] = "planned"
            for passed in now.superseded:
                planned.setdefault(passed.rung.key, "superseded")

    last = opened_on + timedelta(days=max({*range(41)} - skipped, default=-1))
    come = {fire.rung.key for fire in scheduled_reminders(ladder, **group) if fire.on <= last}
    # Of what repeats only what was sent is kept.
    assert {key for key in planned if "/" not in key} == come


@given(ladder=ladders, due_on=days, opened_on=days, today=days)
def test_only_what_is_overdue_is_chased(ladder: Ladder, due_on: date, opened_on: date, today: date) -> None:
    owed = due_reminders(ladder, opened_on=opened_on, due_on=due_on, today=today, workdays=WORKDAYS)

    if any(one.current.rung.workdays > 0 for one in owed):
        assert today > WORKDAYS.on_or_before(due_on)


@given(ladder=ladders, due_on=days, opened_on=days, today=days)
def test_what_comes_next_is_the_first_of_all_that_come(
    ladder: Ladder, due_on: date, opened_on: date, today: date
) -> None:
    assume(abs((due_on - opened_on).days) < 200)
    group: Any = {"opened_on": opened_on, "due_on": due_on, "workdays": WORKDAYS}

    every = scheduled_reminders(ladder, **group, until=today + timedelta(days=100))

    found = next_reminder(ladder, today=today, **group)
    coming = [one.on for one in every if one.on > today]
    assert (found.on if found else None) == next(iter(coming), found and found.on)


@given(
    ladder=ladders,
    first=st.dates(date(2026, 1, 5), date(2026, 6, 1)),
    every=st.sampled_from([1, 2, 3, 7]),
    opened=st.sampled_from(["with the file", "as it begins"]),
)
def test_of_what_comes_every_week_each_occurrence_costs_one_advance_one_due_and_one_chase_at_most(
    ladder: Ladder, first: date, every: int, opened: str
) -> None:
    due = [first + timedelta(days=every * n) for n in range(8)]
    short = find_ladder({"any": ladder}, ladder_key("any", due))
    assert short is not None
    for due_on in due:
        opened_on = due_on if opened == "as it begins" else first - timedelta(days=30)
        sent = Counter(
            one.rung.kind
            for one in scheduled_reminders(
                short, opened_on=opened_on, due_on=due_on, workdays=WORKDAYS, until=date(2027, 6, 1)
            )
        )
        assert max(sent.values(), default=0) <= 1
        assert opened == "with the file" or RungKind.ASSIGN not in sent


def test_what_comes_every_month_keeps_its_ladder() -> None:
    due = [date(2026, month, 25) for month in range(1, 13)]

    assert ladder_key("light", due) == "light"
    assert ladder_key("light", [DUE]) == "light"
    assert ladder_key("light", [DUE + timedelta(days=7 * n) for n in range(3)]) == "light@5"
    assert find_ladder({}, "light@5") is None
