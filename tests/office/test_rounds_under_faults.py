"""A round that is killed anywhere, or held twice at once, ends with the same rows as one that ran in peace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from office import clock
from office.actions.hold_round import finish_round, hold_round, open_round, plan_edition
from office.actions.office import Office
from office.settings import load
from office.store import tables
from tests.builders import a_unit, an_edition, an_obligation
from tests.ledgers import fresh_office

TODAY = date(2026, 4, 1)
NOW = clock.at(TODAY)


class Killed(BaseException):
    """Stands for the process dying: nothing of ours catches it."""


@pytest.fixture(params=["office", pytest.param("pg_office", marks=pytest.mark.postgres)])
def bureau(request: pytest.FixtureRequest) -> Office:
    return request.getfixturevalue(request.param)


def a_ledger(office: Office) -> None:
    """Two editions, units with a leader, without a contact, and a superior; rungs of every kind."""
    city = a_unit(office, "市民政局", kind="bureau", leader_address="li@city.example")
    units = [
        a_unit(office, "天宁区民政局", parent=city, leader_address="zhou@tn.example"),
        a_unit(office, "钟楼区民政局", parent=city),
        a_unit(office, "无人单位", parent=city, address=None),
    ]
    for campaign in ("first", "second"):
        edition = an_edition(office, campaign, coordinator_unit_id=city)
        for unit in units:
            for due_on in (date(2026, 3, 20), date(2026, 3, 31), date(2026, 6, 30)):
                an_obligation(office, edition_id=edition, unit_id=unit, due_on=due_on)


def rows(office: Office) -> dict[str, list[Any]]:
    """What a round leaves behind, without numbers that only say in which order it was written."""
    r, d = tables.reminder.c, tables.dispatch.c
    statements = {
        "reminders": sa.select(r.obligation_id, r.rung, r.due_on, r.target_unit_id, r.status, r.cause),
        "dispatches": sa.select(d.day, d.kind, d.unit_id, d.address, d.parts, d.status, d["items"]),
        "rounds": sa.select(
            tables.round_.c.held_on,
            tables.round_.c.status,
            tables.round_.c.planned,
            tables.round_.c.superseded,
            tables.round_.c.dispatches,
        ),
    }
    with office.store.reading() as connection:
        return {
            name: sorted(map(tuple, connection.execute(one)), key=repr) for name, one in statements.items()
        }


@contextmanager
def killed_at(office: Office, number: int) -> Iterator[Callable[[], bool]]:
    """Die at the n-th statement or commit sent to the database; the value tells whether it came to that."""
    numbers, died = count(1), []

    def step(*_: Any) -> None:
        if next(numbers) == number:
            died.append(True)
            raise Killed

    engine = office.store.engine
    hooks = (("before_cursor_execute", step), ("commit", step))
    for name, hook in hooks:
        sa.event.listen(engine, name, hook)
    try:
        yield lambda: bool(died)
    finally:
        for name, hook in hooks:
            sa.event.remove(engine, name, hook)


def test_a_round_killed_at_any_statement_is_completed_by_the_next(
    bureau: Office, undisturbed: dict[str, list[Any]]
) -> None:
    a_ledger(bureau)
    kills = 0
    for number in count(1):
        with killed_at(bureau, number) as died:
            try:
                hold_round(bureau, now=NOW)
            except Killed:
                kills += 1
        if not died():
            break
        if number % 5 == 0:
            hold_round(bureau, now=NOW)
            assert _without_ids(rows(bureau)) == undisturbed
            _start_again(bureau)

    hold_round(bureau, now=NOW)

    assert kills > 20
    assert _without_ids(rows(bureau)) == undisturbed


def test_a_round_killed_between_its_steps_is_completed_by_the_next(
    bureau: Office, undisturbed: dict[str, list[Any]]
) -> None:
    a_ledger(bureau)
    with bureau.store.reading() as connection:
        first, second = connection.scalars(sa.select(tables.edition.c.id).order_by(tables.edition.c.id))

    open_round(bureau, now=NOW)
    open_round(bureau, now=NOW)
    plan_edition(bureau, first, now=NOW)
    hold_round(bureau, now=NOW)
    plan_edition(bureau, second, now=NOW)
    finish_round(bureau, now=NOW)

    assert _without_ids(rows(bureau)) == undisturbed


def test_two_rounds_at_once_write_what_one_would(bureau: Office, undisturbed: dict[str, list[Any]]) -> None:
    a_ledger(bureau)

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: hold_round(bureau, now=NOW), range(4)))

    assert _without_ids(rows(bureau)) == undisturbed
    assert sum(report.planned for report in reports) == undisturbed["rounds"][0][2]
    assert {report.status for report in reports} == {"planned"}


@pytest.fixture
def undisturbed(tmp_path_factory: pytest.TempPathFactory, migrated_ledger: Path) -> dict[str, list[Any]]:
    """The rows of a round in peace, from a ledger of its own."""
    with fresh_office(load(tmp_path_factory.mktemp("peace")), migrated_ledger) as office:
        a_ledger(office)
        hold_round(office, now=NOW)
        found = _without_ids(rows(office))
    assert found["rounds"][0][2] > 0 and len(found["dispatches"]) > 4
    return found


def _without_ids(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Both ledgers number from 1 in the same order; addresses made up by the builders differ by their number only."""
    hidden = [
        tuple("made up" if str(value).endswith("@unit.example") else value for value in row)
        for row in found["dispatches"]
    ]
    return {**found, "dispatches": sorted(hidden, key=repr)}


def _start_again(office: Office) -> None:
    with office.store.writing() as connection:
        for table in (tables.dispatch, tables.reminder, tables.round_):
            connection.execute(sa.delete(table))
        connection.execute(sa.update(tables.edition).values(planned_signature=None, planned_on=None))
