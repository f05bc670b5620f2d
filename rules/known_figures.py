"""Figures that were given before: a fact is asked once, and the form says where it knows it from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from rules.campaign import EvidenceType, ExpectedEvidence, Quota

# What the formulas call a quota's progress, and so the files' expected evidence.
DONE = "done"


class Origin(StrEnum):
    """Where a figure was given."""

    SUBMISSION = "submission"
    PROGRESS = "progress"
    FIGURE = "figure"


ORIGIN_WORDS: dict[Origin, str] = {
    Origin.SUBMISSION: "上次报送",
    Origin.PROGRESS: "进度填报",
    Origin.FIGURE: "数据登记",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFigure:
    """One figure of this unit that is known already; `key` is what expected evidence is called."""

    key: str
    value: Decimal
    unit_of_measure: str
    origin: Origin
    on: date  # the day it stands for, or was handed in
    at: datetime  # when it was given: the newest counts
    by: str

    @property
    def words(self) -> str:
        """Where it comes from, for the form."""
        return f"{self.on.year}年{self.on.month}月{self.on.day}日{self.by}{ORIGIN_WORDS[self.origin]}时填的"


def known_for(
    expected: Sequence[ExpectedEvidence], candidates: Iterable[KnownFigure]
) -> dict[str, KnownFigure]:
    """Of each expected figure the newest one known in the same unit of measure."""
    wanted = {item.key: item.unit_of_measure for item in expected if item.type is EvidenceType.FIGURE}
    fitting = [
        one for one in candidates if one.key in wanted and wanted[one.key] in (None, one.unit_of_measure)
    ]
    return {one.key: one for one in sorted(fitting, key=lambda one: one.at)}


def known_progress(quota: Quota | None, candidates: Iterable[KnownFigure]) -> KnownFigure | None:
    """The newest figure that says how far the unit has come towards its target."""
    if quota is None:
        return None
    fitting = [one for one in candidates if one.key == DONE and one.unit_of_measure == quota.unit_of_measure]
    return max(fitting, key=lambda one: one.at, default=None)
