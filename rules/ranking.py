"""Places in a ranking of outcomes: ties take the same place and the next is skipped; an empty whole takes none. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def share(part: int, whole: int) -> Fraction | None:
    """The exact share; None for an empty whole, which is neither the best nor the worst."""
    return Fraction(part, whole) if whole else None


def places(shares: Sequence[Fraction | None]) -> tuple[int | None, ...]:
    """The place of each share among all, the greatest first."""
    ranked = sorted((one for one in shares if one is not None), reverse=True)
    first: dict[Fraction, int] = {}
    for place, one in enumerate(ranked, start=1):
        first.setdefault(one, place)
    return tuple(None if one is None else first[one] for one in shares)
