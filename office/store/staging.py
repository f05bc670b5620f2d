"""Temporary tables in which an edition is staged: its points, the sets of units that lead them, their targets.

Milestones that share their leads share one set, so that a hundred thousand units are written once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Date, Integer, MetaData, String, Table

from office.store.types import Amount, Id

_temporary = MetaData()
staged_point = Table(
    "staged_point",
    _temporary,
    Column("point_id", Id, primary_key=True, autoincrement=False),
    Column("milestone_id", Id, nullable=False),
    Column("set_no", Integer, nullable=False),
    Column("added_set_no", Integer),
    Column("per_subject", Boolean, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("hard_due_on", Date),
    Column("moved", Boolean, nullable=False),
    Column("shifted", Boolean, nullable=False),
    Column("previous_due_on", Date),
    Column("previous_last_workday", Date),
    Column("previous_provisional", Boolean),
    prefixes=["TEMPORARY"],
)
staged_lead = Table(
    "staged_lead",
    _temporary,
    Column("set_no", Integer, primary_key=True, autoincrement=False),
    Column("unit_id", Id, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)
staged_target = Table(
    "staged_target",
    _temporary,
    Column("milestone_id", Id, primary_key=True, autoincrement=False),
    Column("unit_id", Id, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("value", Amount),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedPoint:
    """One point in force. `set_no` names its leads, `added_set_no` those of them that are newly its leads.

    `moved`: its due date or its wall changed; `shifted`: its due date or the last workday before it.
    """

    point_id: int
    milestone_id: int
    set_no: int
    added_set_no: int | None
    per_subject: bool
    opened_on: date
    due_on: date
    hard_due_on: date | None
    moved: bool = False
    shifted: bool = False
    previous_due_on: date | None = None
    previous_last_workday: date | None = None
    previous_provisional: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedTarget:
    """The target of one unit in one milestone; `value` is exact text."""

    milestone_id: int
    unit_id: int
    state: str
    value: str | None


@contextmanager
def staged(
    connection: Connection,
    points: Sequence[StagedPoint],
    leads: Sequence[Sequence[int]],
    targets: Sequence[StagedTarget],
) -> Iterator[None]:
    """Stage an edition; `leads[n]` are the units of set number n."""
    _temporary.create_all(connection, checkfirst=False)
    names = staged_point.c.keys()
    _many(connection, staged_point, [{name: getattr(one, name) for name in names} for one in points])
    _many(connection, staged_lead, [{"set_no": n, "unit_id": u} for n, s in enumerate(leads) for u in s])
    names = staged_target.c.keys()
    _many(connection, staged_target, [{name: getattr(one, name) for name in names} for one in targets])
    yield
    # After a failure the transaction is taken back, and these tables with it.
    _temporary.drop_all(connection, checkfirst=False)


def _many(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(table.insert(), rows)
