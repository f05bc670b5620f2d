"""A bureau that starts in mid-year: what was overdue before it was handed out is chased and escalated all the same."""

from __future__ import annotations

from datetime import date

from calendars.ladders import Ladder, Rung, RungKind
from calendars.workdays.files import load_workdays
from duban.rounds.schedule import due_reminders

WORKDAYS = load_workdays()
LADDER = Ladder(
    key="standard",
    name="常规",
    rungs=(
        Rung(key="assign", kind=RungKind.ASSIGN),
        Rung(key="t-3", kind=RungKind.ADVANCE, workdays=-3),
        Rung(key="t0", kind=RungKind.DUE),
        Rung(key="t+1", kind=RungKind.CHASE, workdays=1),
        Rung(key="t+6", kind=RungKind.ESCALATE, workdays=6),
    ),
)
DUE = date(2026, 3, 31)
STARTED = date(2026, 6, 1)  # a Monday


def _owed_on(today: date) -> str:
    owed = due_reminders(LADDER, opened_on=STARTED, due_on=DUE, today=today, workdays=WORKDAYS)
    return " ".join(one.current.rung.key for one in owed)


def test_on_the_first_day_it_is_handed_out_and_not_chased_before_the_unit_has_heard_of_it() -> None:
    assert _owed_on(STARTED) == "assign"


def test_the_next_workday_it_is_chased() -> None:
    assert _owed_on(date(2026, 6, 2)) == "t+1"


def test_after_six_workdays_it_goes_to_the_superior() -> None:
    assert _owed_on(date(2026, 6, 8)) == "t+1"
    assert _owed_on(date(2026, 6, 9)) == "t+1 t+6"
