"""What a measurement returns: one ratio with what was asked of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured ratio. `at_most` or `at_least` is what was asked for; both None: only reported."""

    name: str
    ratio: float
    at_most: float | None = None
    at_least: float | None = None
    detail: str = ""

    @property
    def reached(self) -> bool:
        above = self.at_least is None or self.ratio >= self.at_least
        return above and (self.at_most is None or self.ratio <= self.at_most)
