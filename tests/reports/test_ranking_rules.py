"""Places: ties share one, the next is skipped, and who owes nothing yet has none."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from duban.reports.rules import rank_places, share_of


def test_ties_take_the_same_place_and_the_next_is_skipped() -> None:
    shares = [share_of(3, 4), share_of(2, 2), share_of(6, 8), share_of(1, 2), share_of(0, 0)]

    assert rank_places(shares) == (2, 1, 2, 4, None)


@given(st.lists(st.none() | st.fractions(0, 1)))
def test_a_place_is_one_more_than_how_many_did_better(shares: list[Fraction | None]) -> None:
    known = [one for one in shares if one is not None]

    for one, place in zip(shares, rank_places(shares), strict=True):
        better = None if one is None else 1 + sum(other > one for other in known)
        assert place == better
