"""Several workers at once, over real connections: they split what waits, and every letter is sent once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from notifications.channels import eml
from office.actions.deliver import DeliveryReport, deliver
from office.actions.hold_round import hold_round
from office.actions.office import Office
from office.store import deliveries, tables
from office.store.engine import open_store
from tests.builders import a_unit
from tests.notifications.mail_builders import Mailbox
from tests.office.delivery_builders import THREE_BEFORE, Bureau, a_bureau, a_mail_server, at, hold, rows

UNITS = 60
NOW = at(THREE_BEFORE)


@pytest.fixture(params=["office", pytest.param("pg_office", marks=pytest.mark.postgres)])
def bureau(request: pytest.FixtureRequest) -> Bureau:
    office: Office = request.getfixturevalue(request.param)
    made = a_bureau(replace(office, settings=office.settings.model_copy(update={"delivery_batch": 7})))
    with made.office.store.writing() as connection:
        units = [
            {"id": 1000 + n, "code": f"T{n}", "name": f"第{n}街道", "kind": "town", "active": True}
            for n in range(UNITS)
        ]
        connection.execute(sa.insert(tables.unit), units)
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
        connection.execute(sa.insert(tables.contact), contacts)
    first = made.owes(unit_id=1000)
    _the_same_for_the_others(made, first)
    hold_round(made.office, now=NOW)
    return made


def _the_same_for_the_others(made: Bureau, first: int) -> None:
    table = tables.obligation
    with made.office.store.writing() as connection:
        like = connection.execute(sa.select(table).where(table.c.id == first)).one()._asdict()
        del like["id"]
        connection.execute(sa.insert(table), [like | {"unit_id": 1000 + n} for n in range(1, UNITS)])


def test_three_workers_send_each_letter_once(bureau: Bureau) -> None:
    box = Mailbox()
    with a_mail_server(box, connections=3) as channel, ThreadPoolExecutor(3) as pool:

        def work(name: str) -> DeliveryReport:
            store = open_store(str(bureau.office.store.engine.url.render_as_string(hide_password=False)))
            try:
                office = replace(bureau.office, store=store)
                return deliver(office, channels={"mail": channel}, now=NOW, worker=name)
            finally:
                store.close()

        reports = list(pool.map(work, ("worker-1", "worker-2", "worker-3")))

    taken = Counter(address for address, _ in box.taken)
    assert len(taken) == UNITS and set(taken.values()) == {1}
    assert sum(report.accepted for report in reports) == UNITS
    assert {row.status for row in rows(bureau.office)} == {"accepted"}


def test_what_one_worker_holds_another_does_not_get(bureau: Bureau) -> None:
    with bureau.office.store.writing() as connection:
        first = _claim(connection, "worker-1", 40)
    with bureau.office.store.writing() as connection:
        second = _claim(connection, "worker-2", 40)

    assert (len(first), len(second)) == (40, 20)
    assert not {one.id for one in first} & {one.id for one in second}


@pytest.mark.postgres
def test_on_postgresql_a_worker_passes_over_rows_that_another_is_just_claiming(pg_office: Office) -> None:
    made = a_bureau(pg_office)
    for n in range(4):
        made.owes(unit_id=a_unit(pg_office, f"第{n}区民政局"))
    hold(pg_office, THREE_BEFORE)

    with pg_office.store.writing() as one, pg_office.store.writing() as other:
        first = _claim(one, "worker-1", 2)
        second = _claim(other, "worker-2", 10)  # would wait for the first without SKIP LOCKED

    assert (len(first), len(second)) == (2, 2)


def test_a_worker_whose_lease_was_taken_away_neither_sends_nor_records(bureau: Bureau, tmp_path) -> None:
    with bureau.office.store.writing() as connection:
        (mine, *_) = _claim(connection, "slow", 1)
        connection.execute(sa.update(tables.dispatch).values(lease_by="other"))

    with bureau.office.store.writing() as connection:
        held = deliveries.hand_over(
            connection, [mine.id], lease_by="slow", now=NOW, lease_until=NOW + timedelta(seconds=300)
        )
        outcome = deliveries.Outcome(id=mine.id, status="accepted", attempts=1, not_before=NOW)
        deliveries.record(connection, [outcome], lease_by="slow")

    assert held == frozenset()
    assert next(row.status for row in rows(bureau.office) if row.id == mine.id) == "sending"
    with eml.open_channel(tmp_path / "outbox", durable=False) as channel:
        report = deliver(bureau.office, channels={"mail": channel}, now=NOW, worker="other")
    assert report.accepted == UNITS - 1


def _claim(connection: sa.Connection, worker: str, limit: int) -> tuple[deliveries.Claimed, ...]:
    return deliveries.claim(
        connection,
        now=NOW,
        lease_by=worker,
        lease_until=NOW + timedelta(seconds=300),
        limit=limit,
        flow_run_id=None,
    )
