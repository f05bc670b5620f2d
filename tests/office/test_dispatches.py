"""Who an urgent message is written to, and that it is written once."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
import sqlalchemy as sa

from office import clock
from office.actions.office import Office
from office.store import tables
from office.store.audience import Part
from office.store.dispatches import enqueue_urgent
from tests.builders import a_unit

MONDAY = date(2026, 3, 23)
MORNING = clock.at(MONDAY)


def enqueue(office: Office, unit_id: int, *, ref: str = "obligation:1", now=MORNING, part=Part.OWN) -> int:
    with office.store.writing() as connection:
        return enqueue_urgent(
            connection,
            kind="send_back",
            unit_id=unit_id,
            ref=ref,
            payload={"reason": "缺附件"},
            now=now,
            settings=office.settings,
            part=part,
        )


def rows(office: Office) -> list[Any]:
    with office.store.reading() as connection:
        return list(connection.execute(sa.select(tables.dispatch).order_by(tables.dispatch.c.id)))


def a_contact(
    office: Office, unit_id: int, address: str, *, duty: str = "handler", rank: int = 1, active=True
):
    with office.store.writing() as connection:
        connection.execute(
            sa.insert(tables.contact).values(
                unit_id=unit_id,
                name="赵科员",
                duty=duty,
                channel="mail",
                address=address,
                rank=rank,
                active=active,
            )
        )


@pytest.fixture(params=["office", pytest.param("pg_office", marks=pytest.mark.postgres)])
def bureau(request: pytest.FixtureRequest) -> Office:
    return request.getfixturevalue(request.param)


def test_every_contact_of_the_first_rank_is_told_and_nobody_else(bureau: Office) -> None:
    unit = a_unit(bureau, address="wang@unit.example", leader_address="li@unit.example")
    a_contact(bureau, unit, "zhao@unit.example", duty="backup", rank=1)
    a_contact(bureau, unit, "later@unit.example", duty="backup", rank=2)
    a_contact(bureau, unit, "gone@unit.example", active=False)

    written = enqueue(bureau, unit)

    assert written == 2
    assert {row.address for row in rows(bureau)} == {"wang@unit.example", "zhao@unit.example"}


def test_the_second_rank_stands_in_when_the_first_is_gone(office: Office) -> None:
    unit = a_unit(office, address=None)
    a_contact(office, unit, "gone@unit.example", active=False)
    a_contact(office, unit, "later@unit.example", rank=2)

    enqueue(office, unit)

    assert [row.address for row in rows(office)] == ["later@unit.example"]


def test_leaders_get_what_is_meant_for_the_superior(bureau: Office) -> None:
    unit = a_unit(bureau, address="wang@unit.example", leader_address="li@unit.example")

    enqueue(bureau, unit, part=Part.SUPERIOR)

    assert [row.address for row in rows(bureau)] == ["li@unit.example"]


def test_the_handler_gets_what_is_meant_for_the_superior_where_no_leader_is_known(office: Office) -> None:
    unit = a_unit(office, address="wang@unit.example")

    enqueue(office, unit, part=Part.SUPERIOR)

    assert [row.address for row in rows(office)] == ["wang@unit.example"]


def test_the_same_message_is_written_once_and_another_beside_it(bureau: Office) -> None:
    unit = a_unit(bureau)

    assert [enqueue(bureau, unit), enqueue(bureau, unit), enqueue(bureau, unit, ref="obligation:2")] == [
        1,
        0,
        1,
    ]
    assert len(rows(bureau)) == 2


def test_a_unit_without_contact_leaves_a_row_that_says_so(bureau: Office) -> None:
    unit = a_unit(bureau, address=None)

    written = [enqueue(bureau, unit), enqueue(bureau, unit)]

    (row,) = rows(bureau)
    assert written == [0, 0]
    assert (row.status, row.unit_id) == ("failed", unit)
    assert "没有联系人" in row.reason


def test_quiet_hours_put_a_message_off_until_they_end(office: Office) -> None:
    enqueue(office, a_unit(office), now=clock.at(MONDAY, time(21, 15)))

    (row,) = rows(office)
    assert row.not_before == clock.at(date(2026, 3, 24), time(8, 0))
    assert row.day == MONDAY
