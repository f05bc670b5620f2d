"""Who an urgent message is written to, and that it is written once."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.outbox.queries import Part, enqueue_urgent
from duban.outbox.tables import dispatch
from duban.units.tables import contact
from tests.builders import a_unit

MONDAY = date(2026, 3, 23)
MORNING = clock.at(MONDAY)


def enqueue(bureau: Bureau, unit_id: int, *, ref: str = "obligation:1", now=MORNING, part=Part.OWN) -> int:
    with bureau.store.writing() as connection:
        return enqueue_urgent(
            connection,
            kind="send_back",
            unit_id=unit_id,
            ref=ref,
            payload={"reason": "缺附件"},
            now=now,
            settings=bureau.settings,
            part=part,
        )


def rows(bureau: Bureau) -> list[Any]:
    with bureau.store.reading() as connection:
        return list(connection.execute(sa.select(dispatch).order_by(dispatch.c.id)))


def a_contact(
    bureau: Bureau, unit_id: int, address: str, *, duty: str = "handler", rank: int = 1, active=True
):
    with bureau.store.writing() as connection:
        connection.execute(
            sa.insert(contact).values(
                unit_id=unit_id,
                name="赵科员",
                duty=duty,
                channel="mail",
                address=address,
                rank=rank,
                active=active,
            )
        )


def test_every_contact_of_the_first_rank_is_told_and_nobody_else(either_bureau: Bureau) -> None:
    unit = a_unit(either_bureau, address="wang@unit.example", leader_address="li@unit.example")
    a_contact(either_bureau, unit, "zhao@unit.example", duty="backup", rank=1)
    a_contact(either_bureau, unit, "later@unit.example", duty="backup", rank=2)
    a_contact(either_bureau, unit, "gone@unit.example", active=False)

    written = enqueue(either_bureau, unit)

    assert written == 2
    assert {row.address for row in rows(either_bureau)} == {"wang@unit.example", "zhao@unit.example"}


def test_the_second_rank_stands_in_when_the_first_is_gone(bureau: Bureau) -> None:
    unit = a_unit(bureau, address=None)
    a_contact(bureau, unit, "gone@unit.example", active=False)
    a_contact(bureau, unit, "later@unit.example", rank=2)

    enqueue(bureau, unit)

    assert [row.address for row in rows(bureau)] == ["later@unit.example"]


def test_leaders_get_what_is_meant_for_the_superior(either_bureau: Bureau) -> None:
    unit = a_unit(either_bureau, address="wang@unit.example", leader_address="li@unit.example")

    enqueue(either_bureau, unit, part=Part.SUPERIOR)

    assert [row.address for row in rows(either_bureau)] == ["li@unit.example"]


def test_the_handler_gets_what_is_meant_for_the_superior_where_no_leader_is_known(bureau: Bureau) -> None:
    unit = a_unit(bureau, address="wang@unit.example")

    enqueue(bureau, unit, part=Part.SUPERIOR)

    assert [row.address for row in rows(bureau)] == ["wang@unit.example"]


def test_the_same_message_is_written_once_and_another_beside_it(either_bureau: Bureau) -> None:
    unit = a_unit(either_bureau)

    assert [
        enqueue(either_bureau, unit),
        enqueue(either_bureau, unit),
        enqueue(either_bureau, unit, ref="obligation:2"),
    ] == [
        1,
        0,
        1,
    ]
    assert len(rows(either_bureau)) == 2


def test_a_unit_without_contact_leaves_a_row_that_says_so(either_bureau: Bureau) -> None:
    unit = a_unit(either_bureau, address=None)

    written = [enqueue(either_bureau, unit), enqueue(either_bureau, unit)]

    (row,) = rows(either_bureau)
    assert written == [0, 0]
    assert (row.status, row.unit_id) == ("failed", unit)
    assert "没有联系人" in row.reason


def test_quiet_hours_put_a_message_off_until_they_end(bureau: Bureau) -> None:
    enqueue(bureau, a_unit(bureau), now=clock.at(MONDAY, time(21, 15)))

    (row,) = rows(bureau)
    assert row.not_before == clock.at(date(2026, 3, 24), time(8, 0))
    assert row.day == MONDAY
