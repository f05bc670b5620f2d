"""Planning a morning round against the bare statements that write the same rows, on SQLite and PostgreSQL.

Both write into fresh copies of one ledger, in turn, in the same tables with the same indexes; the rows are compared.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from benchmarks.figure import Figure
from calendars.reader import load_ladders
from calendars.workdays.files import load_workdays
from duban.bureau import Bureau
from duban.core import clock
from duban.core.db import Store, open_store
from duban.core.settings import Settings
from duban.core.vault import Vault
from duban.editions import tables as editions_tables
from duban.outbox import tables as outbox_tables
from duban.rounds import tables as rounds_tables
from duban.rounds.service import hold_round
from duban.rounds.tables import round_
from duban.schema.migrate import migrate

TODAY = date(2026, 3, 31)
NOW = clock.at(TODAY)
OPENED, NOT_YET = date(2026, 3, 2), date(2026, 6, 1)
# One matter far off, some coming near, one due today, some overdue: from one to seven rungs have passed. What was due on
# the 20th would be escalated, had it been chased before.
DUE = tuple(
    date(2026, month, day)
    for month, day in (
        (12, 31),
        (9, 30),
        (8, 31),
        (6, 30),
        (5, 29),
        (4, 9),
        (4, 3),
        (3, 31),
        (3, 30),
        (3, 20),
    )
)
TURNS = 3
# The first so many units support each milestone, which all lead.
SUPPORTERS = 40


def measure(small: bool = False) -> Iterator[Figure]:
    """Ratios for 1,000,000 open obligations of 100,000 units, two thirds of them owed; a tenth of it when small."""
    units = 10_000 if small else 100_000
    with tempfile.TemporaryDirectory() as folder:
        yield from _figures("SQLite", Files(Path(folder)), units)
    from tests.postgres import running_postgres

    with running_postgres() as server:
        yield from _figures("PostgreSQL", Databases(server), units)


class Files:
    """Ledgers as SQLite files: a copy is a copy of the file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, name: str) -> str:
        return f"sqlite:///{self._folder / name}.db"

    def copy(self, name: str, to: str) -> str:
        self.drop(to)
        shutil.copy(self._folder / f"{name}.db", self._folder / f"{to}.db")
        return self.make(to)

    def drop(self, name: str) -> None:
        for path in self._folder.glob(f"{name}.db*"):
            path.unlink()


class Databases:
    """Ledgers as databases of one PostgreSQL server: a copy is made from a template."""

    def __init__(self, server: str) -> None:
        self._server = server

    def make(self, name: str) -> str:
        self._run(f"CREATE DATABASE {name}")
        return self._url(name)

    def copy(self, name: str, to: str) -> str:
        self.drop(to)
        self._run(f"CREATE DATABASE {to} TEMPLATE {name}", "CHECKPOINT")
        return self._url(to)

    def drop(self, name: str) -> None:
        self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return sa.make_url(self._server).set(database=name).render_as_string(hide_password=False)

    def _run(self, *statements: str) -> None:
        engine = sa.create_engine(self._server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()


def _figures(database: str, place: Files | Databases, units: int) -> Iterator[Figure]:
    for name, size in (("whole", units), ("tenth", units // 10)):
        with a_store(place.make(name)) as store:
            fill(store, size)
    ours, again, bare, rows = _in_turn(place)
    size = f"{units * len(DUE):,} obligations, {rows:,} rows"
    yield Figure(
        name=f"morning round ÷ bare statements, {database}",
        ratio=ours / bare,
        at_most=2.0,
        detail=f"{ours:.2f} s ÷ {bare:.2f} s; {size}",
    )
    yield Figure(
        name=f"second round of the day ÷ first, {database}",
        ratio=again / ours,
        at_most=0.5,
        detail=f"{again:.2f} s ÷ {ours:.2f} s; wrote nothing",
    )
    (tenth_seconds, tenth_bytes), (seconds, peak_bytes) = _alone(place)
    yield Figure(
        name=f"time for ten times the obligations, {database}",
        ratio=seconds / tenth_seconds,
        at_most=11.0,
        detail=f"{seconds:.2f} s ÷ {tenth_seconds:.2f} s",
    )
    yield Figure(
        name=f"peak memory for ten times the obligations, {database}",
        ratio=peak_bytes / tenth_bytes,
        at_most=1.1,
        detail=f"{peak_bytes / 2**20:.0f} MiB ÷ {tenth_bytes / 2**20:.0f} MiB",
    )


def _in_turn(place: Files | Databases) -> tuple[float, float, float, int]:
    """Median seconds of a round, of a second one and of the bare statements, and how many rows each wrote."""
    rounds, seconds, bares, written = [], [], [], set()
    statements: list[str] = []
    for _ in range(TURNS):
        with a_store(place.copy("whole", "ours")) as store:
            bureau = an_office(store)
            rounds.append(_timed(partial(hold_round, bureau, now=NOW)))
            before = _written(store)
            seconds.append(_timed(partial(hold_round, bureau, now=NOW)))
            assert _written(store) == before, "the second round wrote something"
            written.add(before)
            statements = statements or bare_statements(store)
        with a_store(place.copy("whole", "bare")) as store:
            bares.append(_timed(partial(_run_bare, store, statements)))
            written.add(_written(store))
    assert len(written) == 1, f"the bare statements write other rows: {written}"
    middle = statistics.median
    return middle(rounds), middle(seconds), middle(bares), sum(next(iter(written))[:2])


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _written(store: Store) -> tuple[int, ...]:
    """Counts and sums that two ledgers share only if the same reminders and digests stand in them."""
    reminder, dispatch = rounds_tables.reminder.c, outbox_tables.dispatch.c
    support = rounds_tables.support_reminder.c
    with store.reading() as connection:
        return (
            *connection.execute(sa.select(sa.func.count()).select_from(rounds_tables.reminder)).one(),
            *connection.execute(sa.select(sa.func.count()).select_from(outbox_tables.dispatch)).one(),
            *connection.execute(
                sa.select(sa.func.sum(reminder.obligation_id + reminder.target_unit_id))
            ).one(),
            *connection.execute(sa.select(sa.func.sum(support.duty_id + support.target_unit_id))).one(),
            *connection.execute(sa.select(sa.func.sum(dispatch["items"] + dispatch.unit_id))).one(),
        )


def bare_statements(store: Store) -> list[str]:
    """The statements someone would write by hand who already knew what is owed: one per group and rung."""
    tables = (rounds_tables.reminder, rounds_tables.support_reminder)
    with store.reading() as connection:
        told, supported = (
            connection.execute(
                sa.select(table.c.rung, table.c.kind, table.c.status, table.c.cause, table.c.due_on)
                .distinct()
                .order_by(table.c.due_on, table.c.status, table.c.rung)
            ).all()
            for table in tables
        )
    return [
        *(_bare_reminders(*row) for row in told),
        *(_bare_support(*row) for row in supported),
        _BARE_DIGESTS,
    ]


def _bare_reminders(rung: str, kind: str, status: str, cause: str | None, due_on: date) -> str:
    escalates = kind == "escalate"
    return f"""
        INSERT INTO reminder (obligation_id, rung, due_on, kind, round_id, target_unit_id, status, cause)
        SELECT o.id, '{rung}', o.due_on, '{kind}', 1, {"u.parent_id" if escalates else "o.unit_id"}, '{status}',
            {f"'{cause}'" if cause else "NULL"}
        FROM obligation AS o {"JOIN unit AS u ON u.id = o.unit_id" if escalates else ""}
        WHERE o.edition_id = 1 AND o.state = 'assigned' AND o.due_on = '{due_on}' AND o.opened_on <= '{TODAY}'
    """


def _bare_support(rung: str, kind: str, status: str, cause: str | None, due_on: date) -> str:
    return f"""
        INSERT INTO support_reminder (duty_id, rung, due_on, kind, round_id, target_unit_id, status, cause)
        SELECT d.id, '{rung}', p.due_on, '{kind}', 1, d.unit_id, '{status}', {f"'{cause}'" if cause else "NULL"}
        FROM support_duty AS d JOIN point AS p ON p.id = d.point_id WHERE p.due_on = '{due_on}'
    """


_BARE_DIGESTS = f"""
    INSERT INTO dispatch (
        day, kind, ref, round_id, since_round_id, unit_id, contact_id, parts, channel, address, status, not_before, items
    )
    SELECT '{TODAY}', 'digest', CAST(r.unit_id AS VARCHAR(64)), 1, 1, r.unit_id, c.id, 3, c.channel, c.address,
        'pending', '{TODAY} 00:30:00', r.items
    FROM (
        SELECT unit_id, CAST(sum(items) AS INTEGER) AS items FROM (
            SELECT target_unit_id AS unit_id, count(*) AS items FROM reminder
            WHERE round_id = 1 AND status = 'planned' GROUP BY target_unit_id
            UNION ALL
            SELECT target_unit_id, count(*) FROM support_reminder
            WHERE round_id = 1 AND status = 'planned' GROUP BY target_unit_id
        ) AS counted GROUP BY unit_id
    ) AS r JOIN contact AS c ON c.unit_id = r.unit_id AND c.active AND c.rank = 1
"""


def _run_bare(store: Store, statements: list[str]) -> None:
    with store.writing() as connection:
        row = {
            "id": 1,
            "kind": "morning",
            "held_on": TODAY,
            "status": "planned",
            "started_at": NOW,
            "detail": {},
        }
        connection.execute(sa.insert(round_).values(row))
        for statement in statements:
            connection.exec_driver_sql(statement)


def fill(store: Store, units: int, due: Sequence[date] = DUE) -> None:
    """A ledger of one edition with a milestone for each due date, for two thirds of the units opened, the rest later."""
    migrate(store)
    with store.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO unit (id, code, name, kind, active) VALUES (1, 'city', '市民政局', 'bureau', true)"
        )
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= {units})"
        for statement in (
            f"INSERT INTO unit (id, code, name, kind, parent_id, active) {numbers}"
            " SELECT i, 'u' || i, '第' || i || '街道', 'town', 1, true FROM n",
            "INSERT INTO contact (id, unit_id, name, duty, channel, address, rank, active)"
            " SELECT id, id, '王科长', 'handler', 'mail', 'u' || id || '@unit.example', 1, true FROM unit",
        ):
            connection.exec_driver_sql(statement)
        _an_edition(connection, due)
        for number, due_on in enumerate(due, start=1):
            connection.exec_driver_sql(
                "INSERT INTO obligation (edition_id, milestone_id, point_id, unit_id, ladder, opened_on, due_on, state)"
                f" SELECT 1, {number}, {number}, id, 'standard',"
                f" CAST(CASE WHEN id - id / 3 * 3 = 0 THEN '{NOT_YET}' ELSE '{OPENED}' END AS {_date(store)}),"
                f" CAST('{due_on}' AS {_date(store)}), 'assigned' FROM unit WHERE id > 1 ORDER BY id"
            )
            connection.exec_driver_sql(
                "INSERT INTO support_duty (edition_id, point_id, unit_id, opened_on, state)"
                f" SELECT 1, {number}, id, CAST('{OPENED}' AS {_date(store)}), 'pending' FROM unit"
                f" WHERE id BETWEEN 2 AND {SUPPORTERS + 1} ORDER BY id"
            )
    if not store.is_sqlite:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _date(store: Store) -> str:
    # SQLite keeps dates as text and would read a cast to DATE as one to a number.
    return "TEXT" if store.is_sqlite else "DATE"


def _an_edition(connection: sa.Connection, due: Sequence[date]) -> None:
    edition = {
        "id": 1,
        "campaign": "visits",
        "year": 2026,
        "name": "月度走访",
        "kind": "standing",
        "ladder": "standard",
    }
    state = {
        "coordinator_unit_id": 1,
        "state": "published",
        "content_hash": "0" * 64,
        "body": {},
        "updated_at": NOW,
    }
    connection.execute(sa.insert(editions_tables.edition).values(**edition, **state))
    source = {"source_document": "要点", "source_item": "1", "due_phrase": "3月底前", "rule": "", "body": {}}
    for number, due_on in enumerate(due, start=1):
        milestone = {"id": number, "edition_id": 1, "key": f"m{number}", "position": number, "title": "走访"}
        connection.execute(sa.insert(editions_tables.milestone).values(**milestone, **source))
        point = {
            "id": number,
            "milestone_id": number,
            "edition_id": 1,
            "due_on": due_on,
            "last_workday": due_on,
        }
        connection.execute(sa.insert(editions_tables.point).values(**point, label="", assumptions=[]))


@contextmanager
def a_store(url: str) -> Iterator[Store]:
    store = open_store(url)
    try:
        yield store
    finally:
        store.close()


def an_office(store: Store) -> Bureau:
    home = Path(tempfile.gettempdir()) / "duban-benchmark"
    return Bureau(
        settings=Settings(home=home),
        store=store,
        vault=Vault(str(home / "evidence")),
        workdays=load_workdays(),
        ladders=load_ladders(),
    )


def _alone(place: Files | Databases) -> list[tuple[float, int]]:
    """Best seconds and peak bytes of a round in a process of its own, on a tenth and on the whole, in turn."""
    runs: dict[str, list[tuple[float, int]]] = {"tenth": [], "whole": []}
    for _ in range(TURNS):
        for name, found in runs.items():
            command = [sys.executable, "-m", "benchmarks.rounds", "--once", place.copy(name, "alone")]
            seconds, peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            found.append((float(seconds), int(peak)))
    # The best of each: what else the machine does only ever adds.
    return [(min(run[0] for run in found), max(run[1] for run in found)) for found in runs.values()]


def _once(url: str) -> None:
    with a_store(url) as store:
        bureau = an_office(store)
        seconds = _timed(partial(hold_round, bureau, now=NOW))
    # Kilobytes on Linux.
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--once", metavar="URL", required=True)
    _once(parser.parse_args().once)
