"""The machine's time is asked for in few places: a home's present is Bureau.now(), which a trial home has of its own."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MACHINE = {
    "duban/bureau.py": "Bureau.now() itself",
    "duban/wiring.py": "the present of a home that is not opened",
    "duban/ops/setup.py": "before the home is there",
    "duban/ops/doctor.py": "the stamps of backups' files",
    "duban/cli/dates.py": "a date phrase read without any home",
    "duban/trial/service.py": "how far the trial clock is ahead of the machine",
    "duban/portal/access.py": "how often somebody tried",
    "flows/schedule_check.py": "Prefect's own schedules",
    "flows/upkeep.py": "Prefect's own runs",
}


def test_nobody_else_asks_the_machine_what_time_it_is() -> None:
    asking = {
        path.relative_to(ROOT).as_posix()
        for room in ("duban", "flows", "tasks", "calendars", "notifications")
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"\bclock\.now\(\)|\bclock import .*\bnow\b", path.read_text(encoding="utf-8"))
    }

    assert asking == set(MACHINE)


def test_services_are_handed_the_moment() -> None:
    """A service that asked the bureau would date a rehearsed year by today."""
    doors = (
        "duban/portal/",
        "duban/cli/",
        "duban/ops/",
        "duban/wiring.py",
        "duban/bureau.py",
        "duban/trial/",
    )
    asking = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "duban").rglob("*.py")
        if re.search(r"\b(bureau|house\.bureau)\.now\(\)", path.read_text(encoding="utf-8"))
    }

    assert {name for name in asking if not name.startswith(doors)} == set()
