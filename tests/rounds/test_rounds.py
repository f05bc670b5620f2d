"""The morning round: what is owed by now becomes one reminder and one digest, however often and however late it runs."""

from __future__ import annotations

from collections import Counter
from datetime import date, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.history.tables import history
from duban.obligations import tables as obligations_tables
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from duban.rounds.service import hold_round
from duban.rounds.tables import reminder, round_
from tests.builders import a_unit, an_edition, an_obligation
from tests.letters.delivery_builders import to_files

OPENED = date(2026, 1, 5)
DUE = date(2026, 3, 31)  # a Tuesday


def hold(bureau: Bureau, day: date, hour: time = time(8, 30)):
    return hold_round(bureau, now=clock.at(day, hour))


def reminders(bureau: Bureau) -> list[Any]:
    table = reminder
    with bureau.store.reading() as connection:
        return list(connection.execute(sa.select(table).order_by(table.c.obligation_id, table.c.rung)))


def dispatches(bureau: Bureau) -> list[Any]:
    with bureau.store.reading() as connection:
        return list(connection.execute(sa.select(dispatch).order_by(dispatch.c.id)))


def planned(bureau: Bureau) -> list[str]:
    return [row.rung for row in reminders(bureau) if row.status == "planned"]


def test_a_matter_is_handed_out_on_the_day_it_is_opened(either_bureau: Bureau) -> None:
    obligation = an_obligation(either_bureau, opened_on=OPENED, due_on=DUE)

    report = hold(either_bureau, OPENED)

    (row,) = reminders(either_bureau)
    assert (row.obligation_id, row.rung, row.kind, row.status) == (obligation, "assign", "assign", "planned")
    assert (report.planned, report.superseded, report.dispatches, report.status) == (1, 0, 1, "planned")


def test_each_rung_is_planned_once_on_its_day(either_bureau: Bureau) -> None:
    an_obligation(either_bureau, opened_on=OPENED, due_on=DUE)

    days = [OPENED + timedelta(days=n) for n in range(110)]
    told = {day: report.planned for day in days if (report := hold(either_bureau, day)).planned}

    # Counted by hand in the notice of 2026: 14 and 28 February are worked, 15 to 23 February and 4 to 6 April off.
    assert list(told) == [
        OPENED,
        date(2026, 2, 11),
        date(2026, 3, 20),
        date(2026, 3, 26),
        date(2026, 3, 30),
        DUE,
        date(2026, 4, 1),
        # Nobody hands in: once a week on its first workday.
        date(2026, 4, 7),
        date(2026, 4, 13),
        date(2026, 4, 20),
    ]
    assert set(told.values()) == {1}


def test_after_a_standstill_a_unit_gets_one_current_reminder_and_the_missed_ones_are_recorded(
    either_bureau: Bureau,
) -> None:
    an_obligation(either_bureau, opened_on=OPENED, due_on=DUE)

    hold(either_bureau, date(2026, 3, 27))

    rows = {row.rung: row for row in reminders(either_bureau)}
    assert {rung for rung, row in rows.items() if row.status == "superseded"} == {"assign", "t-30", "t-7"}
    assert planned(either_bureau) == ["t-3"]
    assert "并入3月26日的提前提醒" in rows["t-30"].cause and "2月11日" in rows["t-30"].cause
    assert [(row.items, row.status) for row in dispatches(either_bureau)] == [(1, "pending")]


def test_a_second_round_of_the_day_writes_nothing(either_bureau: Bureau) -> None:
    edition = an_edition(either_bureau)
    for _ in range(3):
        an_obligation(either_bureau, edition_id=edition, opened_on=OPENED, due_on=DUE)
    hold(either_bureau, date(2026, 3, 26))
    before = _everything(either_bureau)

    report = hold(either_bureau, date(2026, 3, 26), time(10, 0))

    assert _everything(either_bureau) == before
    assert (report.planned, report.superseded, report.dispatches) == (0, 0, 0)


def test_what_is_published_after_the_round_is_found_by_a_second_one(either_bureau: Bureau) -> None:
    unit = a_unit(either_bureau)
    an_obligation(either_bureau, unit_id=unit, opened_on=OPENED, due_on=DUE)
    hold(either_bureau, date(2026, 3, 26))
    an_obligation(
        either_bureau,
        unit_id=unit,
        edition_id=an_edition(either_bureau, "second"),
        opened_on=OPENED,
        due_on=DUE,
    )

    report = hold(either_bureau, date(2026, 3, 26), time(10, 0))

    assert report.planned == 1
    assert [(row.items, row.status) for row in dispatches(either_bureau)] == [(2, "pending")]


def test_what_comes_after_a_units_digest_has_left_waits_for_the_next_round(either_bureau: Bureau) -> None:
    unit = a_unit(either_bureau)
    an_obligation(either_bureau, unit_id=unit, opened_on=OPENED, due_on=DUE)
    hold(either_bureau, date(2026, 3, 26))
    _set_dispatches(either_bureau, status="accepted")
    late = an_obligation(
        either_bureau, unit_id=unit, edition_id=an_edition(either_bureau, "second"), due_on=DUE
    )

    same_day = hold(either_bureau, date(2026, 3, 26), time(10, 0))
    next_day = hold(either_bureau, date(2026, 3, 27))

    assert (same_day.planned, next_day.planned) == (0, 1)
    assert [
        row.rung for row in reminders(either_bureau) if row.obligation_id == late and row.cause is None
    ] == ["t-3"]
    assert len(dispatches(either_bureau)) == 2


@pytest.mark.parametrize(
    "state", ["draft", "submitted", "accepted", "closed", "suspended", "waived", "cancelled"]
)
def test_a_unit_that_has_nothing_to_do_is_not_reminded(bureau: Bureau, state: str) -> None:
    an_obligation(bureau, state=state, opened_on=OPENED, due_on=DUE)

    assert hold(bureau, date(2026, 4, 1)).planned == 0


@pytest.mark.parametrize("state", ["draft", "paused", "withdrawn"])
def test_an_edition_that_is_not_published_reminds_nobody(bureau: Bureau, state: str) -> None:
    an_obligation(bureau, edition_id=an_edition(bureau, state=state), due_on=DUE)

    assert hold(bureau, date(2026, 4, 1)).planned == 0


def test_an_escalation_goes_to_the_superior_and_not_to_the_unit(either_bureau: Bureau) -> None:
    city = a_unit(either_bureau, "市民政局", leader_address="li@city.example")
    unit = a_unit(either_bureau, parent=city)
    an_obligation(either_bureau, unit_id=unit, opened_on=OPENED, due_on=DUE)
    hold(either_bureau, date(2026, 4, 1))
    to_files(either_bureau, date(2026, 4, 1))

    hold(either_bureau, date(2026, 4, 9))

    (row,) = [row for row in reminders(either_bureau) if row.kind == "escalate"]
    assert row.target_unit_id == city
    above = [one.address for one in dispatches(either_bureau) if one.unit_id == city]
    assert above == ["li@city.example"]


def test_an_escalation_of_a_unit_without_superior_goes_to_the_coordinator(bureau: Bureau) -> None:
    coordinator = a_unit(bureau, "市民政局", leader_address="li@city.example")
    edition = an_edition(bureau, coordinator_unit_id=coordinator)
    an_obligation(bureau, edition_id=edition, opened_on=OPENED, due_on=DUE)
    hold(bureau, date(2026, 4, 1))
    to_files(bureau, date(2026, 4, 1))

    hold(bureau, date(2026, 4, 9))

    assert [one.address for one in dispatches(bureau) if one.unit_id == coordinator] == ["li@city.example"]


def test_a_chase_is_copied_to_the_deputy_leader(either_bureau: Bureau) -> None:
    unit = a_unit(either_bureau, address="wang@unit.example", leader_address="li@unit.example")
    an_obligation(either_bureau, unit_id=unit, opened_on=OPENED, due_on=DUE)

    hold(either_bureau, DUE)
    hold(either_bureau, date(2026, 4, 1))

    assert {(row.day, row.address) for row in dispatches(either_bureau)} == {
        (DUE, "wang@unit.example"),
        (date(2026, 4, 1), "wang@unit.example"),
        (date(2026, 4, 1), "li@unit.example"),
    }


def test_all_that_a_unit_is_owed_becomes_one_digest_per_address(either_bureau: Bureau) -> None:
    unit = a_unit(either_bureau)
    for campaign in ("first", "second", "third"):
        edition = an_edition(either_bureau, campaign)
        for due_on in (DUE, date(2026, 4, 30)):
            an_obligation(either_bureau, edition_id=edition, unit_id=unit, opened_on=OPENED, due_on=due_on)

    hold(either_bureau, OPENED)

    assert [row.items for row in dispatches(either_bureau)] == [6]


def test_a_unit_without_contact_is_recorded_with_the_reason(either_bureau: Bureau) -> None:
    unit = a_unit(either_bureau, address=None)
    an_obligation(either_bureau, unit_id=unit, opened_on=OPENED, due_on=DUE)

    hold(either_bureau, OPENED)

    (row,) = dispatches(either_bureau)
    assert (row.unit_id, row.status, row.items) == (unit, "failed", 1)
    assert "没有联系人" in row.reason


def test_a_day_off_puts_the_digest_off_and_the_next_workday_takes_it_along(either_bureau: Bureau) -> None:
    unit = a_unit(either_bureau)
    saturday, monday = date(2026, 3, 21), date(2026, 3, 23)
    edition = an_edition(either_bureau)
    for day in (saturday, monday):
        an_obligation(
            either_bureau, edition_id=edition, unit_id=unit, opened_on=day, due_on=date(2026, 6, 30)
        )

    report = hold(either_bureau, saturday)
    waiting = dispatches(either_bureau)
    hold(either_bureau, monday)

    assert clock.civil(report.leaves_at) == monday
    assert [clock.civil(row.not_before) for row in waiting] == [monday]
    assert [(row.day, row.status) for row in dispatches(either_bureau)] == [
        (saturday, "withdrawn"),
        (monday, "pending"),
    ]
    assert dispatches(either_bureau)[-1].since_round_id == dispatches(either_bureau)[0].round_id


def test_a_fault_in_one_edition_does_not_stop_the_others(either_bureau: Bureau) -> None:
    an_obligation(
        either_bureau, edition_id=an_edition(either_bureau, "broken", name="坏的"), ladder="no_such_ladder"
    )
    an_obligation(either_bureau, edition_id=an_edition(either_bureau, "whole"), opened_on=OPENED, due_on=DUE)

    report = hold(either_bureau, OPENED)

    assert (report.planned, report.status) == (1, "failed")
    assert [note.name for note in report.faults] == ["坏的"]
    assert "no_such_ladder" in (report.faults[0].error or "")
    assert len(dispatches(either_bureau)) == 1


def test_a_date_beyond_the_known_years_is_reported_and_the_rest_is_planned(bureau: Bureau) -> None:
    edition = an_edition(bureau)
    beyond = an_obligation(bureau, edition_id=edition, opened_on=OPENED, due_on=DUE)
    _set(bureau, obligation, beyond, due_on=date(2040, 3, 31))
    an_obligation(bureau, edition_id=edition, opened_on=OPENED, due_on=DUE)

    report = hold(bureau, OPENED)

    assert report.planned == 1
    assert "2040" in (report.faults[0].error or "")


def test_planning_goes_on_in_a_provisional_year_and_says_so(bureau: Bureau) -> None:
    an_obligation(bureau, opened_on=date(2026, 11, 2), due_on=date(2027, 1, 15))

    report = hold(bureau, date(2027, 1, 8))

    assert report.planned == 1
    assert report.editions[0].provisional


def test_a_clock_set_back_plans_nothing_and_says_so(either_bureau: Bureau) -> None:
    an_obligation(either_bureau, opened_on=OPENED, due_on=DUE)
    hold(either_bureau, date(2026, 3, 26))
    before = _everything(either_bureau)

    report = hold(either_bureau, date(2026, 3, 20))

    assert report.newer == date(2026, 3, 26)
    assert "时钟" in report.sentence
    assert _everything(either_bureau) == before


def test_a_later_due_date_starts_its_own_reminders_but_does_not_hand_out_again(either_bureau: Bureau) -> None:
    obligation = an_obligation(either_bureau, opened_on=OPENED, due_on=DUE)
    hold(either_bureau, OPENED)
    _set(either_bureau, obligations_tables.obligation, obligation, due_on=date(2026, 9, 30))

    same_rung = hold(either_bureau, date(2026, 1, 6))
    advance = hold(either_bureau, date(2026, 8, 20))

    assert (same_rung.planned, advance.planned) == (0, 1)
    assert Counter(planned(either_bureau)) == {"assign": 1, "t-30": 1}


def _everything(bureau: Bureau) -> list[Any]:
    with bureau.store.reading() as connection:
        return [
            list(connection.execute(sa.select(table).order_by(*table.primary_key)))
            for table in (round_, reminder, dispatch, history)
        ]


def _set(bureau: Bureau, table: sa.Table, row_id: int, **values: Any) -> None:
    with bureau.store.writing() as connection:
        connection.execute(sa.update(table).where(table.c.id == row_id).values(**values))


def _set_dispatches(bureau: Bureau, **values: Any) -> None:
    with bureau.store.writing() as connection:
        connection.execute(sa.update(dispatch).values(**values))
