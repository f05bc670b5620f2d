"""Rates are exact, carry their definition, and leave out what nobody had to do."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duban.figures.measures import MEASURES, MeasureRate, rate_tally
from duban.obligations.lights import Facts
from duban.obligations.states import DONE, NOT_STARTED, OUT, State

DUE = date(2026, 3, 31)
_days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
_facts = st.builds(
    Facts,
    state=st.sampled_from(State),
    due_on=_days,
    submitted_on=st.none() | _days,
    closed_on=st.none() | _days,
)


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (371, 600, "61.8 %"),
        (425, 600, "70.8 %"),
        (106, 110, "96.4 %"),
        (20, 41, "48.8 %"),
        (0, 0, "—"),
        (3, 0, "—"),
    ],
)
def test_a_rate_is_printed_from_its_exact_share(part: int, whole: int, shown: str) -> None:
    assert MeasureRate(key="in_time", name="按时办结率", part=part, whole=whole, definition="").shown == shown


def test_an_extension_counts_by_its_new_date() -> None:
    extended = Facts(
        state=State.CLOSED, due_on=DUE + timedelta(days=30), submitted_on=DUE + timedelta(days=9)
    )

    before, after = (
        rate_tally(extended, day, late=False, returned=False) for day in (DUE, DUE + timedelta(days=30))
    )

    assert (before.due, before.done_in_time) == (0, 0)
    assert (after.due, after.done_in_time) == (1, 1)


def test_what_was_once_handed_in_late_is_never_in_time_again() -> None:
    reopened = Facts(state=State.CLOSED, due_on=DUE, submitted_on=DUE)

    assert rate_tally(reopened, DUE, late=True, returned=False).done_in_time == 0


@given(facts=_facts, today=_days, late=st.booleans(), returned=st.booleans())
def test_every_part_lies_within_its_whole(facts, today, late, returned) -> None:
    one = rate_tally(facts, today, late=late, returned=returned)

    assert one.owed + one.out == 1
    assert (one.out == 1) == (facts.state in OUT | NOT_STARTED)
    assert one.done_in_time <= one.done_due <= one.due <= one.owed
    assert one.done == int(facts.state in DONE)
    assert all(rate.part <= rate.whole for rate in one.rates)
    assert [(rate.key, rate.name) for rate in one.rates] == [(key, one.name) for key, one in MEASURES.items()]
