"""What reminders lie ahead, and what a moved date does to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from calendars.ladders import RungKind
from calendars.reader import load_ladders
from calendars.workdays.files import load_workdays
from duban.editions.rules import (
    ForecastOwing,
    ForecastWindow,
    MessageCount,
    RungDays,
    UpcomingReminder,
    count_messages,
    letter_cost,
    message_counts,
    message_days,
    rung_shifts,
    upcoming_reminders,
)

LADDERS, WORKDAYS = load_ladders(), load_workdays()
TODAY = date(2026, 3, 9)
WINDOW = ForecastWindow.of(TODAY, 90)
UNIT, SUPERIOR = 7, 1


def an_owing(due_on: date = date(2026, 3, 31), **more: object) -> ForecastOwing:
    values: dict[str, object] = {
        "campaign": "地名标志巡检",
        "point_id": 3,
        "title": "计划报备案",
        "label": "",
        "unit_id": UNIT,
        "superior_id": SUPERIOR,
        "ladder": "standard",
        "opened_on": date(2026, 1, 5),
        "due_on": due_on,
        "obligations": 1,
    }
    return ForecastOwing(**(values | more))  # type: ignore[arg-type]


def plan(*owings: ForecastOwing, stood: tuple[ForecastOwing, ...] | None = None) -> list[UpcomingReminder]:
    return list(upcoming_reminders(owings, RungDays(LADDERS, WORKDAYS, WINDOW), stood=stood))


def days(some: list[UpcomingReminder]) -> list[tuple[str, str]]:
    return [(one.rung.key, one.on.isoformat()[5:]) for one in some]


def test_only_the_rungs_still_to_come_are_ahead() -> None:
    assert days(plan(an_owing()))[:8] == [
        ("t-7", "03-20"),
        ("t-3", "03-26"),
        ("t-1", "03-30"),
        ("t0", "03-31"),
        ("t+1", "04-01"),
        ("t+1/1", "04-07"),
        ("t+6", "04-09"),
        ("t+1/2", "04-13"),
    ]


def test_an_escalation_goes_to_the_superior() -> None:
    told = {one.rung.kind: one.target_id for one in plan(an_owing())}

    assert told[RungKind.ESCALATE] == SUPERIOR
    assert told[RungKind.CHASE] == UNIT
    assert RungKind.BULLETIN not in told


@pytest.mark.parametrize(("setting", "targets"), [("own", {UNIT}), ("both", {UNIT, SUPERIOR})])
def test_the_forecast_follows_the_setting_of_who_is_told(setting: str, targets: set[int]) -> None:
    found = upcoming_reminders([an_owing()], RungDays(LADDERS, WORKDAYS, WINDOW, setting))

    assert {one.target_id for one in found if one.rung.kind is RungKind.ESCALATE} == targets


def test_what_did_not_move_is_not_caught_up_again() -> None:
    stands = an_owing(date(2026, 3, 13))

    assert days(plan(stands, stood=(stands,)))[0] == ("t-3", "03-10")


def test_a_date_moved_so_near_that_rungs_have_passed_is_reminded_of_at_once() -> None:
    before = an_owing()

    caught_up, *_ = plan(replace(before, due_on=date(2026, 3, 13)), stood=(before,))

    assert (caught_up.rung.key, caught_up.on) == ("t-7", TODAY)


def test_what_is_new_is_handed_out_and_what_moved_is_not_handed_out_again() -> None:
    far = date(2026, 8, 31)
    opened = date(2026, 3, 6)

    new = plan(an_owing(far, opened_on=opened), stood=())
    moved = plan(an_owing(far, opened_on=opened), stood=(an_owing(date(2026, 8, 30), opened_on=opened),))

    assert days(new)[0] == ("assign", "03-09")
    assert moved == []


def test_a_moved_date_shows_each_rung_on_both_its_days() -> None:
    before, after = an_owing(obligations=4), an_owing(date(2026, 4, 10), obligations=4)

    found = {
        one.kind: (one.before, one.after) for one in rung_shifts(plan(before), plan(after, stood=(before,)))
    }

    assert found[RungKind.DUE] == (((date(2026, 3, 31), 4),), ((date(2026, 4, 10), 4),))
    assert found[RungKind.ESCALATE] == (((date(2026, 4, 9), 4),), ((date(2026, 4, 20), 4),))


def test_units_that_keep_their_dates_are_left_out_of_a_shift() -> None:
    stays, moves = an_owing(unit_id=8), an_owing()

    found = rung_shifts(plan(stays, moves), plan(stays, replace(moves, due_on=date(2026, 4, 10))))

    assert {one.before for one in found if one.kind is RungKind.DUE} == {((date(2026, 3, 31), 1),)}


def test_nothing_moves_when_nothing_changed() -> None:
    assert rung_shifts(plan(an_owing()), plan(an_owing())) == ()


def test_all_that_a_unit_is_told_on_a_day_is_one_message() -> None:
    two = plan(an_owing(), an_owing(point_id=4))

    assert len(two) == 2 * len(plan(an_owing()))
    assert len(count_messages(two)) == len(count_messages(plan(an_owing())))


def test_days_alone_are_the_days_of_the_messages() -> None:
    owings = [an_owing(), an_owing(date(2026, 4, 10), unit_id=8), an_owing(date(2090, 3, 31))]
    some = [(one.unit_id, one.superior_id, one.ladder, one.opened_on, one.due_on) for one in owings]

    found = message_days(some, RungDays(LADDERS, WORKDAYS, WINDOW))

    assert found == count_messages(plan(*owings))


def test_messages_are_counted_by_day_and_by_unit() -> None:
    before, after = count_messages(plan(an_owing())), count_messages(plan(an_owing(), an_owing(unit_id=8)))

    days = message_counts((on for on, _ in before), (on for on, _ in after))
    units = message_counts((unit for _, unit in before), (unit for _, unit in after))

    assert days[date(2026, 3, 31)] == MessageCount(before=1, after=2)
    assert units == {
        # Of 90 days: once, and again after four weeks.
        SUPERIOR: MessageCount(before=2, after=2),
        # Five around the date, then every Monday.
        UNIT: MessageCount(before=14, after=14),
        8: MessageCount(before=0, after=14),
    }


def test_dates_beyond_the_known_years_give_no_reminder() -> None:
    assert plan(an_owing(date(2090, 3, 31))) == []


@pytest.mark.parametrize("days_ahead", [1, 90])
def test_the_window_has_so_many_days_with_its_first(days_ahead: int) -> None:
    window = ForecastWindow.of(TODAY, days_ahead)

    assert (window.last - window.first).days == days_ahead - 1


def test_the_preview_says_what_a_campaign_costs_a_unit_in_a_month() -> None:
    """Twelve weekly reports of two units: a word on Monday, and where nothing is handed in a chase on Wednesday."""
    due = [date(2026, 3, 10) + timedelta(days=7 * n) for n in range(12)]
    weekly = [
        an_owing(on, ladder="brief@5", opened_on=TODAY - timedelta(days=60), unit_id=unit)
        for on in due
        for unit in (UNIT, 8)
    ]

    found = letter_cost(plan(*weekly))

    assert found is not None
    # Twelve words in three months. On 29 April the chase of one and the word for the next, whose date falls into the
    # days off, are one letter: twenty-three where all is chased, nine of them in April.
    assert (found.units, found.months, found.in_time, found.never) == (2, 3, Decimal("4.0"), Decimal("7.7"))
    assert found.most == 9 and "平均每月4.0封（都按时办）到7.7封（一直不办）" in found.sentence
    assert letter_cost([]) is None
