"""Weeks and their peaks."""

from __future__ import annotations

from datetime import date

from duban.editions.rules import Week, load_by_week, peak_weeks, week_of, weeks_between


def test_a_week_belongs_to_the_year_of_its_thursday() -> None:
    assert week_of(date(2026, 12, 31)) == week_of(date(2027, 1, 3)) == Week(year=2026, number=53)


def test_days_add_up_to_their_weeks_in_order() -> None:
    found = load_by_week([(date(2026, 3, 31), 2), (date(2026, 4, 1), 3), (date(2026, 1, 9), 1)])

    assert found == {Week(year=2026, number=2): 1, Week(year=2026, number=14): 5}


def test_a_quarter_has_every_week_that_touches_it() -> None:
    found = weeks_between(date(2026, 1, 1), date(2026, 3, 31))

    assert (found[0].monday, found[-1].sunday) == (date(2025, 12, 29), date(2026, 4, 5))
    assert len(found) == 14


def test_a_peak_has_twice_what_is_usual_and_a_handful_at_least() -> None:
    weeks = {Week(year=2026, number=number): count for number, count in ((1, 2), (2, 2), (3, 3), (4, 9))}

    assert peak_weeks(weeks) == {Week(year=2026, number=4)}
    assert peak_weeks({Week(year=2026, number=1): 1, Week(year=2026, number=2): 2}) == frozenset()
    assert peak_weeks({}) == frozenset()
