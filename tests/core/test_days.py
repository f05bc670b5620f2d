"""One rule says which days a fact can have, and every door that takes one asks it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duban.core.days import FOUNDED, happened_faults, planned_faults

TODAY = date(2026, 11, 28)
DAYS = st.dates(date(1800, 1, 1), date(2200, 12, 31))


@given(on=DAYS, since=st.dates(FOUNDED, TODAY))
def test_what_happened_lies_between_its_beginning_and_today(on: date, since: date) -> None:
    assert (happened_faults("参检日期", on, TODAY, since=since) == ()) == (since <= on <= TODAY)


@given(since=st.dates(FOUNDED, TODAY), days=st.integers(-400, 5_000))
def test_what_is_planned_follows_its_beginning_within_ten_years(since: date, days: int) -> None:
    on = since + timedelta(days=days)
    within = since <= on and on.year <= since.year + 10

    assert (planned_faults("整改时限", on, since=since, since_is="发现日期") == ()) == within


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (date(2062, 3, 20), "参检日期2062-03-20还没有到（今天是2026-11-28），请核对"),
        (date(1899, 12, 31), "参检日期1899-12-31早于1949-10-01，请核对"),
        (date(2026, 11, 29), "参检日期2026-11-29还没有到（今天是2026-11-28），请核对"),
    ],
)
def test_both_dates_are_told(on: date, said: str) -> None:
    assert happened_faults("参检日期", on, TODAY) == (said,)


def test_no_day_is_no_fault() -> None:
    assert (
        happened_faults("参检日期", None, TODAY)
        == planned_faults("时限", None, since=TODAY, since_is="")
        == ()
    )
