"""A short rehearsal of the small bureau in tests/simulation/bureau: what a planted fault is held against.

`python -m tests.simulation.scenario` plays it calm, then under faults, and prints the violations as JSON; it stops at
the first play that finds one.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from duban.core.settings import Settings, load
from duban.rehearse.play import rehearse

BUREAU = Path(__file__).parent / "bureau"
YEAR, UNTIL = 2026, date(2026, 3, 6)
CALM, FAULTS = None, 4


def small(home: Path) -> Settings:
    """Settings whose calendars are the small bureau's."""
    return load(home).model_copy(update={"calendars": BUREAU})


def found(seeds: tuple[int | None, ...] = (CALM, FAULTS), until: date = UNTIL) -> list[str]:
    """The violations of the first play that has any."""
    with TemporaryDirectory() as home:
        for seed in seeds:
            done = rehearse(YEAR, settings=small(Path(home)), seed=seed, until=until, impatient=True)
            if done.violations:
                return list(done.violations)
    return []


if __name__ == "__main__":
    json.dump(found(), sys.stdout, ensure_ascii=False)
