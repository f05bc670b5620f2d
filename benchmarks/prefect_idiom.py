"""Cost per reminder: the plain Prefect idiom of one task run per obligation, against the morning round's flow.

Each runs in a process of its own against the same real server, and its cost ends when the process has handed its
last event to the server and is gone; what starting Python and importing cost is taken off. The idiom's task does
nothing at all, so that only what Prefect charges for it is counted; ours is the whole flow, runs and artifacts too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path

from prefect import flow, task

from benchmarks.figure import Figure
from duban.core import clock
from duban.core.db import open_store
from duban.core.settings import Settings, load
from duban.editions.tables import edition, milestone, point
from duban.obligations.tables import obligation
from duban.ops import up
from duban.rounds.tables import round_
from duban.schema.migrate import migrate
from duban.units.tables import contact, unit

OBLIGATIONS = 1_000_000
UNITS = 10_000
IDIOM = 500
REPEATS = 2
CHUNK = 50_000
IMPORTS = "import asyncio; from flows.morning import morning_round; from benchmarks.prefect_idiom import remind_each"


def measure(small: bool = False) -> Iterator[Figure]:
    """How many times less a reminder costs than a task run."""
    idiom, ours = _measured(IDIOM // (5 if small else 1), OBLIGATIONS // (10 if small else 1))
    yield Figure(
        name="a task run per obligation, against the round, per reminder",
        ratio=idiom / ours,
        at_least=500,
        detail=f"{idiom * 1e3:.2f} ms against {ours * 1e6:.1f} µs",
    )


def _measured(tasks: int, obligations: int) -> tuple[float, float]:
    """Seconds per reminder of both ways; the idiom by its best turn, so that chance is in its favour."""
    with tempfile.TemporaryDirectory(prefix="duban-bench-") as folder, _a_server(Path(folder)) as server:
        settings, environment = server
        _fill(settings, obligations)
        bare = min(_seconds("pass", environment) for _ in range(REPEATS))
        ours = _seconds("asyncio.run(morning_round())", environment) - bare
        idiom = min(_seconds(f"remind_each({tasks})", environment) for _ in range(REPEATS)) - bare
        return idiom / tasks, ours / _planned(settings)


@task
def remind(number: int) -> int:
    return number


@flow(name="idiom")
def remind_each(number: int) -> None:
    # The plain form of Prefect's own examples. Mapping from an asynchronous flow came out many times slower.
    remind.map(range(number)).wait()


@contextmanager
def _a_server(folder: Path) -> Iterator[tuple[Settings, dict[str, str]]]:
    """A bureau's settings and the environment that leads to its server."""
    settings = load(folder)
    port = up.choose_port(0)
    server = up.start_server(settings, port, folder / "server.log")
    api_url = f"http://127.0.0.1:{port}/api"
    try:
        up.wait_until_healthy(server, api_url, folder / "server.log")
        quiet = {"PREFECT_LOGGING_LEVEL": "ERROR", "PYTHONPATH": str(Path(__file__).parents[1])}
        yield settings, {**os.environ, **up.environment(settings, api_url), **quiet}
    finally:
        up.stop(server)


def _seconds(work: str, environment: dict[str, str]) -> float:
    """From the start of a process that does this work to its end."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", f"{IMPORTS}; {work}"], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - started


def _planned(settings: Settings) -> int:
    store = open_store(settings.store_url)
    with store.reading() as connection:
        planned = connection.execute(round_.select()).one().planned
    store.close()
    return int(planned)


def _fill(settings: Settings, obligations: int) -> None:
    """One edition that is due today, owed by many units."""
    store = open_store(settings.store_url)
    migrate(store)
    now = clock.now()
    today = clock.civil(now)
    with store.writing() as connection:
        units = [{"id": n, "code": f"u{n}", "name": f"单位{n}", "kind": "town"} for n in range(1, UNITS + 1)]
        connection.execute(unit.insert(), units)
        contacts = [
            {
                "unit_id": n,
                "name": "王科长",
                "duty": "handler",
                "channel": "mail",
                "address": f"u{n}@unit.example",
                "rank": 1,
            }
            for n in range(1, UNITS + 1)
        ]
        connection.execute(contact.insert(), contacts)
        connection.execute(edition.insert(), _edition(today))
        connection.execute(milestone.insert(), _milestone())
        connection.execute(point.insert(), _point(today))
        rows = (
            {**_OWED, "unit_id": n % UNITS + 1, "subject_id": n, "opened_on": today, "due_on": today}
            for n in range(obligations)
        )
        while some := list(islice(rows, CHUNK)):
            connection.execute(obligation.insert(), some)
    store.close()


_OWED = {
    "edition_id": 1,
    "milestone_id": 1,
    "point_id": 1,
    "ladder": "standard",
    "state": "assigned",
}


def _edition(today: date) -> dict[str, object]:
    return {
        "id": 1,
        "campaign": "bench",
        "year": today.year,
        "name": "量测",
        "kind": "annual_check",
        "coordinator_unit_id": 1,
        "ladder": "standard",
        "state": "published",
        "published_on": today,
        "content_hash": "0",
        "body": {},
        "updated_at": clock.now(),
    }


def _milestone() -> dict[str, object]:
    return {
        "id": 1,
        "edition_id": 1,
        "key": "m1",
        "position": 1,
        "title": "参检",
        "source_document": "—",
        "source_item": "1",
        "due_phrase": "今天",
        "rule": "",
        "body": {},
    }


def _point(today: date) -> dict[str, object]:
    return {
        "id": 1,
        "milestone_id": 1,
        "edition_id": 1,
        "due_on": today,
        "last_workday": today,
        "assumptions": [],
    }
