"""How tests travel in time, the one way: the product's clock stands where the test put it, for every door at once.

A test that starts processes of its own gives their home a trial clock instead: `duban setup --trial --begin DATE`, then
`duban clock set DATE`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time

import pytest

from duban.core import clock

_machine = clock.now


@dataclass(slots=True)
class Clock:
    """The machine's own time until somebody travels; then it stands still."""

    moment: datetime | None = None

    def now(self) -> datetime:
        return self.moment or _machine()


_clock = Clock()


def travel(day: date | str, at: str = "08:30") -> datetime:
    """Stand at a moment, Beijing time, by default at the hour of the round; gives the moment."""
    _clock.moment = clock.at(date.fromisoformat(day) if isinstance(day, str) else day, time.fromisoformat(at))
    return _clock.moment


@contextmanager
def travelling() -> Iterator[None]:
    """Within it `travel` works; afterwards the machine's time is back. Every test is inside one."""
    before = _clock.moment
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", _clock.now)
        try:
            yield
        finally:
            _clock.moment = before
