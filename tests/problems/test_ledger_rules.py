"""What a problem ledger lets be handed in and closed, whatever stands on it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from duban.problems.rules import (
    LEDGER_FIGURES,
    LedgerStanding,
    ProblemState,
    closing_refusals,
    ledger_figure_refusals,
    reporting_refusals,
)

STAGE, TODAY = date(2026, 6, 30), date(2026, 7, 2)
DAYS = st.dates(STAGE - timedelta(days=20), STAGE + timedelta(days=20))
PROBLEMS = st.lists(st.tuples(st.text("ABC", min_size=1), st.sampled_from(ProblemState), st.none() | DAYS))


def standing(problems, zero: bool) -> LedgerStanding:
    return LedgerStanding.of(problems, stage_due_on=STAGE, zero_reported=zero)


@given(PROBLEMS, st.booleans())
def test_found_is_fixed_plus_open_and_every_unclosed_problem_is_carried_or_unsettled(problems, zero) -> None:
    seen = standing(problems, zero)

    assert seen.found == seen.fixed + seen.open == len(problems)
    closed = sum(state is ProblemState.CLOSED for _, state, _ in problems)
    assert closed + len(seen.unsettled) + len(seen.carried) == seen.found


@given(PROBLEMS, st.booleans())
def test_it_is_closed_exactly_when_every_problem_is_struck_off_or_carried_on_to_a_coming_day(
    problems, zero
) -> None:
    settled = all(
        state is ProblemState.CLOSED or (day is not None and day > STAGE and day >= TODAY)
        for _, state, day in problems
    )

    refused = list(closing_refusals(standing(problems, zero), TODAY))

    assert (not refused) == (settled and zero != bool(problems))


@given(PROBLEMS, st.booleans())
def test_it_is_handed_in_with_problems_or_a_zero_report_and_never_with_both(problems, zero) -> None:
    refused = list(reporting_refusals(standing(problems, False), zero_report=zero))

    assert (not refused) == (bool(problems) != zero)


@given(PROBLEMS, st.sampled_from(LEDGER_FIGURES), st.integers(0, 9))
def test_a_figure_that_differs_is_refused_with_both_numbers(problems, key, value) -> None:
    seen = standing(problems, False)

    refused = list(ledger_figure_refusals(seen, key, "数", Decimal(value)))

    assert bool(refused) == (value != getattr(seen, key))
    assert all(f"填报{value}" in one and f"台账是{getattr(seen, key)}" in one for one in refused)
