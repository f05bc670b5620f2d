"""Several workers at once, over real connections: they split what waits, and every letter is sent once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core.db import open_store
from duban.letters.delivery import DeliveryReport, deliver
from duban.obligations.tables import obligation
from duban.outbox.queries import (
    ClaimedDispatch,
    DispatchOutcome,
    claim_dispatches,
    mark_sending,
    record_outcomes,
)
from duban.outbox.tables import dispatch
from duban.rounds.service import hold_round
from duban.units.tables import contact, unit
from notifications.channels.eml import open_eml
from tests.builders import a_unit
from tests.letters.delivery_builders import THREE_BEFORE, District, a_district, a_mail_server, at, hold, rows
from tests.notifications.mail_builders import Mailbox

UNITS = 60
NOW = at(THREE_BEFORE)


@pytest.fixture
def crowded(either_bureau: Bureau) -> District:
    settings = either_bureau.settings.model_copy(update={"delivery_batch": 7})
    made = a_district(replace(either_bureau, settings=settings))
    with made.bureau.store.writing() as connection:
        units = [
            {"id": 1000 + n, "code": f"T{n}", "name": f"第{n}街道", "kind": "town", "active": True}
            for n in range(UNITS)
        ]
        connection.execute(sa.insert(unit), units)
        contacts = [
            {
                "unit_id": one["id"],
                "name": "王科长",
                "duty": "handler",
                "channel": "mail",
                "address": f"t{one['id']}@town.example",
                "rank": 1,
                "active": True,
            }
            for one in units
        ]
        connection.execute(sa.insert(contact), contacts)
    first = made.owes(unit_id=1000)
    _the_same_for_the_others(made, first)
    hold_round(made.bureau, now=NOW)
    return made


def _the_same_for_the_others(made: District, first: int) -> None:
    table = obligation
    with made.bureau.store.writing() as connection:
        like = connection.execute(sa.select(table).where(table.c.id == first)).one()._asdict()
        del like["id"]
        connection.execute(sa.insert(table), [like | {"unit_id": 1000 + n} for n in range(1, UNITS)])


def test_three_workers_send_each_letter_once(crowded: District) -> None:
    box = Mailbox()
    with a_mail_server(box, connections=3) as channel, ThreadPoolExecutor(3) as pool:

        def work(name: str) -> DeliveryReport:
            store = open_store(str(crowded.bureau.store.engine.url.render_as_string(hide_password=False)))
            try:
                bureau = replace(crowded.bureau, store=store)
                return deliver(bureau, channels={"mail": channel}, now=NOW, worker=name)
            finally:
                store.close()

        reports = list(pool.map(work, ("worker-1", "worker-2", "worker-3")))

    taken = Counter(address for address, _ in box.taken)
    assert len(taken) == UNITS and set(taken.values()) == {1}
    assert sum(report.accepted for report in reports) == UNITS
    assert {row.status for row in rows(crowded.bureau)} == {"accepted"}


def test_what_one_worker_holds_another_does_not_get(crowded: District) -> None:
    with crowded.bureau.store.writing() as connection:
        first = _claim(connection, "worker-1", 40)
    with crowded.bureau.store.writing() as connection:
        second = _claim(connection, "worker-2", 40)

    assert (len(first), len(second)) == (40, 20)
    assert not {one.id for one in first} & {one.id for one in second}


@pytest.mark.postgres
def test_on_postgresql_a_worker_passes_over_rows_that_another_is_just_claiming(pg_bureau: Bureau) -> None:
    made = a_district(pg_bureau)
    for n in range(4):
        made.owes(unit_id=a_unit(pg_bureau, f"第{n}区民政局"))
    hold(pg_bureau, THREE_BEFORE)

    with pg_bureau.store.writing() as one, pg_bureau.store.writing() as other:
        first = _claim(one, "worker-1", 2)
        second = _claim(other, "worker-2", 10)  # would wait for the first without SKIP LOCKED

    assert (len(first), len(second)) == (2, 2)


def test_a_worker_whose_lease_was_taken_away_neither_sends_nor_records(crowded: District, tmp_path) -> None:
    with crowded.bureau.store.writing() as connection:
        (mine, *_) = _claim(connection, "slow", 1)
        connection.execute(sa.update(dispatch).values(lease_by="other"))

    with crowded.bureau.store.writing() as connection:
        held = mark_sending(
            connection, [mine.id], lease_by="slow", now=NOW, lease_until=NOW + timedelta(seconds=300)
        )
        outcome = DispatchOutcome(
            id=mine.id, counted_as="accepted", status="accepted", attempts=1, not_before=NOW
        )
        record_outcomes(connection, [outcome], lease_by="slow")

    assert held == frozenset()
    assert next(row.status for row in rows(crowded.bureau) if row.id == mine.id) == "sending"
    with open_eml(tmp_path / "outbox", durable=False) as channel:
        report = deliver(crowded.bureau, channels={"mail": channel}, now=NOW, worker="other")
    assert report.accepted == UNITS - 1


def _claim(connection: sa.Connection, worker: str, limit: int) -> tuple[ClaimedDispatch, ...]:
    return claim_dispatches(
        connection,
        now=NOW,
        lease_by=worker,
        lease_until=NOW + timedelta(seconds=300),
        limit=limit,
        flow_run_id=None,
    )
