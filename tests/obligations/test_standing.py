"""The light of an obligation: the published default, its edges, and what holds on any day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.workdays.files import load_workdays
from duban.core.lights import LIGHT_WORDS, Light, Thresholds, worst
from duban.obligations.lights import Facts, Pace, days_left, points_behind, standing_of
from duban.obligations.states import OPEN, OUT, WAITING, State

WORKDAYS = load_workdays()
DUE = date(2026, 3, 31)
days = st.dates(date(2025, 6, 1), date(2027, 6, 30))


def stands(state: State = State.ASSIGNED, *, today: date, limits: Thresholds | None = None, **facts):
    return standing_of(Facts(state=state, due_on=DUE, **facts), today, WORKDAYS, limits or Thresholds())


@pytest.mark.parametrize(
    ("today", "light", "word", "left"),
    [
        (date(2026, 3, 23), Light.GREEN, "正常", 6),
        (date(2026, 3, 24), Light.YELLOW, "临期", 5),
        (DUE, Light.YELLOW, "临期", 0),
        (date(2026, 4, 1), Light.RED, "逾期", -1),
    ],
)
def test_five_workdays_before_the_date_is_yellow_and_the_day_after_it_red(
    today: date, light: Light, word: str, left: int
) -> None:
    found = stands(today=today)

    assert (found.light, found.word, found.days_left) == (light, word, left)
    assert found.reminds


@pytest.mark.parametrize("state", sorted({State.DRAFT, State.REGISTERED} | OUT))
def test_what_is_not_started_or_out_is_grey_and_reminds_nobody(state: State) -> None:
    found = stands(state, today=date(2026, 6, 1))

    assert (found.light, found.reminds, found.overdue) == (Light.GREY, False, False)


def test_a_returned_matter_is_yellow_until_it_is_overdue() -> None:
    assert stands(State.RETURNED, today=date(2026, 3, 2)).light is Light.YELLOW
    assert stands(State.RETURNED, today=date(2026, 4, 1)).light is Light.RED


@pytest.mark.parametrize("state", sorted(WAITING))
def test_what_was_handed_in_on_time_stays_green_while_the_reviewer_takes_his_time(state: State) -> None:
    found = stands(state, today=date(2026, 5, 8), submitted_on=DUE)

    assert (found.light, found.reminds, found.late) == (Light.GREEN, False, False)


def test_what_was_handed_in_late_stays_red_until_it_is_closed_and_keeps_its_mark() -> None:
    waiting = stands(State.SUBMITTED, today=date(2026, 4, 10), submitted_on=date(2026, 4, 2))
    closed = stands(
        State.CLOSED, today=date(2026, 5, 8), submitted_on=date(2026, 4, 2), closed_on=date(2026, 4, 9)
    )

    assert (waiting.light, waiting.late, waiting.reminds) == (Light.RED, True, False)
    assert (closed.light, closed.word, closed.late) == (Light.GREEN, "逾期办结", True)


def test_what_waits_without_a_day_of_handing_in_is_late_by_the_day_it_was_closed_before() -> None:
    found = stands(State.SUBMITTED, today=date(2026, 4, 20), closed_on=date(2026, 4, 10))

    assert (found.word, found.why) == ("逾期报送", "4月10日报送，晚于时限3月31日")


def test_what_was_handed_in_on_time_and_closed_later_is_in_time() -> None:
    found = stands(State.CLOSED, today=date(2026, 5, 8), submitted_on=DUE, closed_on=date(2026, 4, 20))

    assert (found.light, found.word, found.late) == (Light.GREEN, "按期办结", False)


@pytest.mark.parametrize(
    ("reported", "light"),
    [(41, Light.GREEN), (40, Light.YELLOW), (20, Light.YELLOW), (19, Light.RED)],
)
def test_pace_is_yellow_from_ten_points_behind_and_red_beyond_thirty(reported: int, light: Light) -> None:
    # 100 days of which 50 have passed: 50 points are due.
    pace = Pace(target=Decimal(100), reported=Decimal(reported), starts_on=date(2026, 1, 1))
    facts = Facts(state=State.IN_PROGRESS, due_on=date(2026, 4, 10), pace=pace)

    assert standing_of(facts, date(2026, 2, 19), WORKDAYS, Thresholds()).light is light


def test_forty_five_done_at_half_of_the_time_is_five_points_behind() -> None:
    pace = Pace(target=Decimal(200), reported=Decimal(90), starts_on=date(2026, 1, 1))

    assert points_behind(pace, date(2026, 4, 10), date(2026, 2, 19)) == 5


def test_a_target_without_a_figure_counts_as_nothing_done() -> None:
    pace = Pace(target=Decimal(10), reported=None, starts_on=date(2026, 1, 1))

    assert points_behind(pace, date(2026, 4, 10), date(2026, 4, 10)) == 100


def test_limits_are_the_bureaus_own() -> None:
    assert stands(today=date(2026, 3, 24), limits=Thresholds(due_soon_workdays=2)).light is Light.GREEN


def test_a_cell_shows_its_worst_light() -> None:
    assert worst({Light.GREEN, Light.RED, Light.GREY}) is Light.RED
    assert worst(set()) is Light.GREY


@given(state=st.sampled_from(sorted(OPEN)), due_on=days, today=days)
def test_an_open_matter_is_red_exactly_when_its_day_has_passed(
    state: State, due_on: date, today: date
) -> None:
    found = standing_of(Facts(state=state, due_on=due_on), today, WORKDAYS, Thresholds())

    assert (found.light is Light.RED) == (today > due_on) == found.overdue
    assert not (found.due_soon and found.overdue)


@given(state=st.sampled_from(sorted(State)), due_on=days, today=days, submitted_on=st.none() | days)
def test_every_light_has_a_word_and_a_reason_and_only_open_matters_remind(
    state: State, due_on: date, today: date, submitted_on: date | None
) -> None:
    found = standing_of(
        Facts(state=state, due_on=due_on, submitted_on=submitted_on), today, WORKDAYS, Thresholds()
    )

    assert found.light in LIGHT_WORDS
    assert found.word and found.why
    assert found.reminds == (state in OPEN)


@given(due_on=days, today=days)
def test_days_left_counts_the_workdays_that_remain(due_on: date, today: date) -> None:
    left = days_left(due_on, today, WORKDAYS)

    first, last = min(due_on, today), max(due_on, today)
    worked = sum(WORKDAYS.is_workday(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))
    assert left == (worked if today <= due_on else -worked)


def test_a_late_mark_stays_when_a_reopened_matter_is_handed_in_anew_in_time() -> None:
    facts = Facts(
        state=State.CLOSED,
        due_on=date(2026, 4, 30),
        submitted_on=date(2026, 4, 20),
        closed_on=date(2026, 4, 22),
        late=True,
    )

    now = standing_of(facts, date(2026, 5, 6), load_workdays(), Thresholds())

    assert (now.light, now.word, now.late) == (Light.GREEN, "逾期办结", True)
