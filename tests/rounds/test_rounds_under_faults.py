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

from duban.bureau import Bureau
from duban.core import clock
from duban.core.settings import load
from duban.editions.tables import edition
from duban.outbox.tables import dispatch
from duban.rounds.service import begin_round, finish_round, hold_round, plan_edition
from duban.rounds.tables import reminder, round_
from tests.builders import a_unit, an_edition, an_obligation
from tests.ledgers import fresh_office
from tests.letters.delivery_builders import to_files

TODAY = date(2026, 4, 1)
NOW = clock.at(TODAY)
EARLIER = date(2026, 3, 24)


class Killed(BaseException):
    """Stands for the process dying: nothing of ours catches it."""


def a_ledger(bureau: Bureau) -> None:
    """Two editions, units with a leader, without a contact, and a superior; rungs of every kind."""
    city = a_unit(bureau, "市民政局", kind="bureau", leader_address="li@city.example")
    units = [
        a_unit(bureau, "天宁区民政局", parent=city, leader_address="zhou@tn.example"),
        a_unit(bureau, "钟楼区民政局", parent=city),
        a_unit(bureau, "无人单位", parent=city, address=None),
    ]
    for campaign in ("first", "second"):
        edition = an_edition(bureau, campaign, coordinator_unit_id=city)
        for unit in units:
            for due_on in (date(2026, 3, 20), date(2026, 3, 31), date(2026, 6, 30)):
                an_obligation(bureau, edition_id=edition, unit_id=unit, due_on=due_on)
    a_week_before(bureau)


def a_week_before(bureau: Bureau) -> None:
    """A round whose letters have left: what it chased is escalated today."""
    hold_round(bureau, now=clock.at(EARLIER))
    to_files(bureau, EARLIER)


def rows(bureau: Bureau) -> dict[str, list[Any]]:
    """What a round leaves behind, without numbers that only say in which order it was written."""
    r, d = reminder.c, dispatch.c
    statements = {
        "reminders": sa.select(r.obligation_id, r.rung, r.due_on, r.target_unit_id, r.status, r.cause),
        "dispatches": sa.select(d.day, d.kind, d.unit_id, d.address, d.parts, d.status, d["items"]),
        "rounds": sa.select(
            round_.c.held_on,
            round_.c.status,
            round_.c.planned,
            round_.c.superseded,
            round_.c.dispatches,
        ),
    }
    with bureau.store.reading() as connection:
        return {
            name: sorted(map(tuple, connection.execute(one)), key=repr) for name, one in statements.items()
        }


@contextmanager
def killed_at(bureau: Bureau, number: int) -> Iterator[Callable[[], bool]]:
    """Die at the n-th statement or commit sent to the database; the value tells whether it came to that."""
    numbers, died = count(1), []

    def step(*_: Any) -> None:
        if next(numbers) == number:
            died.append(True)
            raise Killed

    engine = bureau.store.engine
    hooks = (("before_cursor_execute", step), ("commit", step))
    for name, hook in hooks:
        sa.event.listen(engine, name, hook)
    try:
        yield lambda: bool(died)
    finally:
        for name, hook in hooks:
            sa.event.remove(engine, name, hook)


def test_a_round_killed_at_any_statement_is_completed_by_the_next(
    either_bureau: Bureau, undisturbed: dict[str, list[Any]]
) -> None:
    a_ledger(either_bureau)
    kills = 0
    for number in count(1):
        with killed_at(either_bureau, number) as died:
            try:
                hold_round(either_bureau, now=NOW)
            except Killed:
                kills += 1
        if not died():
            break
        if number % 5 == 0:
            hold_round(either_bureau, now=NOW)
            assert _without_ids(rows(either_bureau)) == undisturbed
            _start_again(either_bureau)

    hold_round(either_bureau, now=NOW)

    assert kills > 20
    assert _without_ids(rows(either_bureau)) == undisturbed


def test_a_round_killed_between_its_steps_is_completed_by_the_next(
    either_bureau: Bureau, undisturbed: dict[str, list[Any]]
) -> None:
    a_ledger(either_bureau)
    with either_bureau.store.reading() as connection:
        first, second = connection.scalars(sa.select(edition.c.id).order_by(edition.c.id))

    begin_round(either_bureau, now=NOW)
    begin_round(either_bureau, now=NOW)
    plan_edition(either_bureau, first, now=NOW)
    hold_round(either_bureau, now=NOW)
    plan_edition(either_bureau, second, now=NOW)
    finish_round(either_bureau, now=NOW)

    assert _without_ids(rows(either_bureau)) == undisturbed


def test_two_rounds_at_once_write_what_one_would(
    either_bureau: Bureau, undisturbed: dict[str, list[Any]]
) -> None:
    a_ledger(either_bureau)

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: hold_round(either_bureau, now=NOW), range(4)))

    assert _without_ids(rows(either_bureau)) == undisturbed
    assert sum(report.planned for report in reports) == undisturbed["rounds"][1][2]
    assert {report.status for report in reports} == {"planned"}


@pytest.fixture
def undisturbed(tmp_path_factory: pytest.TempPathFactory, migrated_ledger: Path) -> dict[str, list[Any]]:
    """The rows of a round in peace, from a ledger of its own."""
    with fresh_office(load(tmp_path_factory.mktemp("peace")), migrated_ledger) as bureau:
        a_ledger(bureau)
        hold_round(bureau, now=NOW)
        found = _without_ids(rows(bureau))
    assert found["rounds"][1][2] > 0 and any(row[4] & 2 for row in found["dispatches"])
    return found


def _without_ids(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Both ledgers number from 1 in the same order; addresses made up by the builders differ by their number only."""
    hidden = [
        tuple("made up" if str(value).endswith("@unit.example") else value for value in row)
        for row in found["dispatches"]
    ]
    return {**found, "dispatches": sorted(hidden, key=repr)}


def _start_again(bureau: Bureau) -> None:
    with bureau.store.writing() as connection:
        for table in (dispatch, reminder, round_):
            connection.execute(sa.delete(table))
        connection.execute(sa.update(edition).values(planned_signature=None, planned_on=None))
    a_week_before(bureau)
