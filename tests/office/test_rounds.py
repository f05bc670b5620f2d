"""The morning round: what is owed by now becomes one reminder and one digest, however often and however late it runs."""

from __future__ import annotations

from collections import Counter
from datetime import date, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from office import clock
from office.actions.hold_round import hold_round
from office.actions.office import Office
from office.store import tables
from tests.builders import a_unit, an_edition, an_obligation

OPENED = date(2026, 1, 5)
DUE = date(2026, 3, 31)  # a Tuesday


@pytest.fixture(params=["office", pytest.param("pg_office", marks=pytest.mark.postgres)])
def bureau(request: pytest.FixtureRequest) -> Office:
    return request.getfixturevalue(request.param)


def hold(office: Office, day: date, hour: time = time(8, 30)):
    return hold_round(office, now=clock.at(day, hour))


def reminders(office: Office) -> list[Any]:
    table = tables.reminder
    with office.store.reading() as connection:
        return list(connection.execute(sa.select(table).order_by(table.c.obligation_id, table.c.rung)))


def dispatches(office: Office) -> list[Any]:
    with office.store.reading() as connection:
        return list(connection.execute(sa.select(tables.dispatch).order_by(tables.dispatch.c.id)))


def planned(office: Office) -> list[str]:
    return [row.rung for row in reminders(office) if row.status == "planned"]


def test_a_matter_is_handed_out_on_the_day_it_is_opened(bureau: Office) -> None:
    obligation = an_obligation(bureau, opened_on=OPENED, due_on=DUE)

    report = hold(bureau, OPENED)

    (row,) = reminders(bureau)
    assert (row.obligation_id, row.rung, row.kind, row.status) == (obligation, "assign", "assign", "planned")
    assert (report.planned, report.superseded, report.dispatches, report.status) == (1, 0, 1, "planned")


def test_each_rung_is_planned_once_on_its_day(bureau: Office) -> None:
    an_obligation(bureau, opened_on=OPENED, due_on=DUE)

    days = [OPENED + timedelta(days=n) for n in range(110)]
    told = {day: report.planned for day in days if (report := hold(bureau, day)).planned}

    # Counted by hand in the notice of 2026: 14 and 28 February are worked, 15 to 23 February and 4 to 6 April off.
    assert list(told) == [
        OPENED,
        date(2026, 2, 11),
        date(2026, 3, 20),
        date(2026, 3, 26),
        date(2026, 3, 30),
        DUE,
        date(2026, 4, 1),
        date(2026, 4, 9),
    ]
    assert set(told.values()) == {1}


def test_after_a_standstill_a_unit_gets_one_current_reminder_and_the_missed_ones_are_recorded(
    bureau: Office,
) -> None:
    an_obligation(bureau, opened_on=OPENED, due_on=DUE)

    hold(bureau, date(2026, 3, 27))

    rows = {row.rung: row for row in reminders(bureau)}
    assert {rung for rung, row in rows.items() if row.status == "superseded"} == {"assign", "t-30", "t-7"}
    assert planned(bureau) == ["t-3"]
    assert "并入3月26日的提前提醒" in rows["t-30"].cause and "2月11日" in rows["t-30"].cause
    assert [(row.items, row.status) for row in dispatches(bureau)] == [(1, "pending")]


def test_a_second_round_of_the_day_writes_nothing(bureau: Office) -> None:
    edition = an_edition(bureau)
    for _ in range(3):
        an_obligation(bureau, edition_id=edition, opened_on=OPENED, due_on=DUE)
    hold(bureau, date(2026, 3, 26))
    before = _everything(bureau)

    report = hold(bureau, date(2026, 3, 26), time(10, 0))

    assert _everything(bureau) == before
    assert (report.planned, report.superseded, report.dispatches) == (0, 0, 0)


def test_what_is_published_after_the_round_is_found_by_a_second_one(bureau: Office) -> None:
    unit = a_unit(bureau)
    an_obligation(bureau, unit_id=unit, opened_on=OPENED, due_on=DUE)
    hold(bureau, date(2026, 3, 26))
    an_obligation(bureau, unit_id=unit, edition_id=an_edition(bureau, "second"), opened_on=OPENED, due_on=DUE)

    report = hold(bureau, date(2026, 3, 26), time(10, 0))

    assert report.planned == 1
    assert [(row.items, row.status) for row in dispatches(bureau)] == [(2, "pending")]


def test_what_comes_after_a_units_digest_has_left_waits_for_the_next_round(bureau: Office) -> None:
    unit = a_unit(bureau)
    an_obligation(bureau, unit_id=unit, opened_on=OPENED, due_on=DUE)
    hold(bureau, date(2026, 3, 26))
    _set_dispatches(bureau, status="accepted")
    late = an_obligation(bureau, unit_id=unit, edition_id=an_edition(bureau, "second"), due_on=DUE)

    same_day = hold(bureau, date(2026, 3, 26), time(10, 0))
    next_day = hold(bureau, date(2026, 3, 27))

    assert (same_day.planned, next_day.planned) == (0, 1)
    assert [row.rung for row in reminders(bureau) if row.obligation_id == late and row.cause is None] == [
        "t-3"
    ]
    assert len(dispatches(bureau)) == 2


@pytest.mark.parametrize(
    "state", ["draft", "submitted", "accepted", "closed", "suspended", "waived", "cancelled"]
)
def test_a_unit_that_has_nothing_to_do_is_not_reminded(office: Office, state: str) -> None:
    an_obligation(office, state=state, opened_on=OPENED, due_on=DUE)

    assert hold(office, date(2026, 4, 1)).planned == 0


@pytest.mark.parametrize("state", ["draft", "paused", "withdrawn"])
def test_an_edition_that_is_not_published_reminds_nobody(office: Office, state: str) -> None:
    an_obligation(office, edition_id=an_edition(office, state=state), due_on=DUE)

    assert hold(office, date(2026, 4, 1)).planned == 0


def test_an_escalation_goes_to_the_superior_and_not_to_the_unit(bureau: Office) -> None:
    city = a_unit(bureau, "市民政局", leader_address="li@city.example")
    unit = a_unit(bureau, parent=city)
    an_obligation(bureau, unit_id=unit, opened_on=OPENED, due_on=DUE)
    hold(bureau, date(2026, 4, 1))

    hold(bureau, date(2026, 4, 9))

    (row,) = [row for row in reminders(bureau) if row.kind == "escalate"]
    last = dispatches(bureau)[-1]
    assert row.target_unit_id == city
    assert (last.unit_id, last.address) == (city, "li@city.example")


def test_an_escalation_of_a_unit_without_superior_goes_to_the_coordinator(office: Office) -> None:
    coordinator = a_unit(office, "市民政局", leader_address="li@city.example")
    edition = an_edition(office, coordinator_unit_id=coordinator)
    an_obligation(office, edition_id=edition, opened_on=OPENED, due_on=DUE)

    hold(office, date(2026, 4, 9))

    assert dispatches(office)[-1].unit_id == coordinator


def test_a_chase_is_copied_to_the_deputy_leader(bureau: Office) -> None:
    unit = a_unit(bureau, address="wang@unit.example", leader_address="li@unit.example")
    an_obligation(bureau, unit_id=unit, opened_on=OPENED, due_on=DUE)

    hold(bureau, DUE)
    hold(bureau, date(2026, 4, 1))

    assert {(row.day, row.address) for row in dispatches(bureau)} == {
        (DUE, "wang@unit.example"),
        (date(2026, 4, 1), "wang@unit.example"),
        (date(2026, 4, 1), "li@unit.example"),
    }


def test_all_that_a_unit_is_owed_becomes_one_digest_per_address(bureau: Office) -> None:
    unit = a_unit(bureau)
    for campaign in ("first", "second", "third"):
        edition = an_edition(bureau, campaign)
        for due_on in (DUE, date(2026, 4, 30)):
            an_obligation(bureau, edition_id=edition, unit_id=unit, opened_on=OPENED, due_on=due_on)

    hold(bureau, OPENED)

    assert [row.items for row in dispatches(bureau)] == [6]


def test_a_unit_without_contact_is_recorded_with_the_reason(bureau: Office) -> None:
    unit = a_unit(bureau, address=None)
    an_obligation(bureau, unit_id=unit, opened_on=OPENED, due_on=DUE)

    hold(bureau, OPENED)

    (row,) = dispatches(bureau)
    assert (row.unit_id, row.status, row.items) == (unit, "failed", 1)
    assert "没有联系人" in row.reason


def test_a_day_off_puts_the_digest_off_and_the_next_workday_takes_it_along(bureau: Office) -> None:
    unit = a_unit(bureau)
    saturday, monday = date(2026, 3, 21), date(2026, 3, 23)
    edition = an_edition(bureau)
    for day in (saturday, monday):
        an_obligation(bureau, edition_id=edition, unit_id=unit, opened_on=day, due_on=date(2026, 6, 30))

    report = hold(bureau, saturday)
    waiting = dispatches(bureau)
    hold(bureau, monday)

    assert clock.civil(report.leaves_at) == monday
    assert [clock.civil(row.not_before) for row in waiting] == [monday]
    assert [(row.day, row.status) for row in dispatches(bureau)] == [
        (saturday, "withdrawn"),
        (monday, "pending"),
    ]
    assert dispatches(bureau)[-1].since_round_id == dispatches(bureau)[0].round_id


def test_a_fault_in_one_edition_does_not_stop_the_others(bureau: Office) -> None:
    an_obligation(bureau, edition_id=an_edition(bureau, "broken", name="坏的"), ladder="no_such_ladder")
    an_obligation(bureau, edition_id=an_edition(bureau, "whole"), opened_on=OPENED, due_on=DUE)

    report = hold(bureau, OPENED)

    assert (report.planned, report.status) == (1, "failed")
    assert [note.name for note in report.faults] == ["坏的"]
    assert "no_such_ladder" in (report.faults[0].error or "")
    assert len(dispatches(bureau)) == 1


def test_a_date_beyond_the_known_years_is_reported_and_the_rest_is_planned(office: Office) -> None:
    edition = an_edition(office)
    beyond = an_obligation(office, edition_id=edition, opened_on=OPENED, due_on=DUE)
    _set(office, tables.obligation, beyond, due_on=date(2040, 3, 31))
    an_obligation(office, edition_id=edition, opened_on=OPENED, due_on=DUE)

    report = hold(office, OPENED)

    assert report.planned == 1
    assert "2040" in (report.faults[0].error or "")


def test_planning_goes_on_in_a_provisional_year_and_says_so(office: Office) -> None:
    an_obligation(office, opened_on=date(2026, 11, 2), due_on=date(2027, 1, 15))

    report = hold(office, date(2027, 1, 8))

    assert report.planned == 1
    assert report.editions[0].provisional


def test_a_clock_set_back_plans_nothing_and_says_so(bureau: Office) -> None:
    an_obligation(bureau, opened_on=OPENED, due_on=DUE)
    hold(bureau, date(2026, 3, 26))
    before = _everything(bureau)

    report = hold(bureau, date(2026, 3, 20))

    assert report.newer == date(2026, 3, 26)
    assert "时钟" in report.sentence
    assert _everything(bureau) == before


def test_a_later_due_date_starts_its_own_reminders_but_does_not_hand_out_again(bureau: Office) -> None:
    obligation = an_obligation(bureau, opened_on=OPENED, due_on=DUE)
    hold(bureau, OPENED)
    _set(bureau, tables.obligation, obligation, due_on=date(2026, 9, 30))

    same_rung = hold(bureau, date(2026, 1, 6))
    advance = hold(bureau, date(2026, 8, 20))

    assert (same_rung.planned, advance.planned) == (0, 1)
    assert Counter(planned(bureau)) == {"assign": 1, "t-30": 1}


def _everything(office: Office) -> list[Any]:
    with office.store.reading() as connection:
        return [
            list(connection.execute(sa.select(table).order_by(*table.primary_key)))
            for table in (tables.round_, tables.reminder, tables.dispatch, tables.history)
        ]


def _set(office: Office, table: sa.Table, row_id: int, **values: Any) -> None:
    with office.store.writing() as connection:
        connection.execute(sa.update(table).where(table.c.id == row_id).values(**values))


def _set_dispatches(office: Office, **values: Any) -> None:
    with office.store.writing() as connection:
        connection.execute(sa.update(tables.dispatch).values(**values))
