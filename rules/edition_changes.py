"""What applying an edition changes, as values for people: by milestone and by date. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class PointChange:
    """One date of a milestone before and after; None where there is none."""

    label: str
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneChange:
    """`change` is new, changed, withdrawn or returned; `points` only those whose dates differ."""

    key: str
    title: str
    change: str
    points: tuple[PointChange, ...] = ()
    fields: tuple[str, ...] = ()
