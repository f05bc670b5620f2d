"""Applying an edition of a million obligations, against one bare INSERT … SELECT of the same rows.

Each round has a fresh database and takes the two in turn. Beside the obligations, applying binds a hundred
thousand unit names, writes the edition and its history, and stages the fan-out; all of that is inside its time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from benchmarks.figure import Figure
from benchmarks.ledgers import LEDGERS
from calendars.model import CampaignKind, Edition, Milestone, Point, Source
from duban.bureau import Bureau
from duban.core.access import SYSTEM
from duban.editions.service import apply_edition
from duban.obligations.tables import obligation
from duban.units.tables import unit

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
UNITS, POINTS, ROUNDS = 100_000, 10, 2


def measure(*, small: bool = False) -> Iterator[Figure]:
    """One figure for each database: the median ratio of the rounds."""
    units = UNITS // 10 if small else UNITS
    for name, ledgers in LEDGERS.items():
        with ledgers() as fresh:
            pairs = []
            for _ in range(ROUNDS):
                with fresh() as bureau:
                    pairs.append((_applied(bureau, units), _bare(bureau, units * POINTS)))
        yield Figure(
            name=f"apply an edition of {units * POINTS:,} obligations, {name}",
            ratio=statistics.median(applied / bare for applied, bare in pairs),
            at_most=3.0,
            detail=", ".join(f"{applied:.1f} s / {bare:.1f} s" for applied, bare in pairs),
        )


def _applied(bureau: Bureau, units: int) -> float:
    _units(bureau, units)
    edition = _edition(units)
    started = time.perf_counter()
    done = apply_edition(bureau, edition, by=SYSTEM, now=NOW)
    taken = time.perf_counter() - started
    assert done.obligations_new == units * POINTS
    return taken


def _rows(bureau: Bureau) -> int:
    with bureau.store.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(obligation)).scalar_one())


def _bare(bureau: Bureau, rows: int) -> float:
    """The same rows into the emptied table, from one that holds them already, in one transaction.

    It comes second, on warm caches; whatever that is worth counts against us.
    """
    names = [column.name for column in obligation.columns if column.name != "id"]
    listed = ", ".join(names)
    with bureau.store.writing() as connection:
        connection.exec_driver_sql(f"CREATE TABLE bare AS SELECT {listed} FROM obligation")
        # One by one PostgreSQL would ask ten empty tables about each of a million rows.
        emptied = "DELETE FROM obligation" if bureau.store.is_sqlite else "TRUNCATE obligation CASCADE"
        connection.exec_driver_sql(emptied)
    _settled(bureau)
    started = time.perf_counter()
    with bureau.store.writing() as connection:
        connection.exec_driver_sql(f"INSERT INTO obligation ({listed}) SELECT {listed} FROM bare")
    taken = time.perf_counter() - started
    assert _rows(bureau) == rows
    return taken


def _settled(bureau: Bureau) -> None:
    """What the deletion left behind must not slow the measurement that follows."""
    with bureau.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        raw: Any = connection.connection.dbapi_connection
        if bureau.store.is_sqlite:
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _units(bureau: Bureau, count: int) -> None:
    home = {"code": "home", "name": "市民政局", "kind": "bureau"}
    rows = [{"code": f"u{n}", "name": f"第{n}号单位", "kind": "town"} for n in range(count)]
    with bureau.store.writing() as connection:
        connection.execute(sa.insert(unit), [home, *rows])


def _edition(units: int) -> Edition:
    days = [date(2026, 2, 27) + timedelta(days=28 * n) for n in range(POINTS)]
    return Edition(
        campaign="monthly_visits",
        name="月度走访",
        kind=CampaignKind.STANDING,
        year=2026,
        milestones=(
            Milestone(
                key="visit",
                title="走访",
                source=Source(document="d", item="i"),
                due_phrase="每月",
                leads=tuple(f"第{n}号单位" for n in range(units)),
                points=tuple(Point(label=f"{day:%Y-%m-%d}", due_on=day, last_workday=day) for day in days),
            ),
        ),
    )
