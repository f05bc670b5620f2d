"""What the bureau's own people find in the morning: one letter each, of what waits for them, as it stands when it leaves."""

from __future__ import annotations

from datetime import date, time

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core.access import Role
from duban.obligations.tables import obligation
from duban.units.tables import contact
from tests.builders import a_person, a_unit, an_obligation
from tests.letters.delivery_builders import (
    LI,
    WANG,
    District,
    Read,
    a_contact,
    a_district,
    hold,
    letters,
    rows,
    set_dispatch,
    set_obligation,
    to_files,
)

ZHOU, CHEN = "zhou@mzj.example", "chen@mzj.example"
MONDAY, TUESDAY = date(2026, 3, 23), date(2026, 3, 24)


@pytest.fixture
def office(either_bureau: Bureau) -> District:
    """周处长 coordinates and 陈科长 reviews, each with an address of his own."""
    district = a_district(either_bureau)
    for name, address, role in (("周处长", ZHOU, Role.COORDINATOR), ("陈科长", CHEN, Role.REVIEWER)):
        a_person(either_bureau, name, district.home, role)
        a_contact(either_bureau, district.home, address, name=name, duty="officer", rank=1)
    return district


def submitted(office: District, number: int = 1) -> list[int]:
    """Matters that wait for a reviewer since Friday."""
    matters = [office.owes(due_on=date(2026, 12, 31), state="submitted") for _ in range(number)]
    with office.bureau.store.writing() as connection:
        connection.execute(sa.update(obligation).values(submitted_on=date(2026, 3, 20)))
    return matters


def told(office: District, address: str, day: date = MONDAY) -> list[Read]:
    """What this address found on the day."""
    before = len(letters(office.bureau))
    hold(office.bureau, day)
    to_files(office.bureau, day)
    return [one for one in letters(office.bureau)[before:] if address in one.to]


@pytest.mark.parametrize("number", [1, 24, 300])
def test_a_queue_of_any_length_is_counted_and_its_first_are_named(office: District, number: int) -> None:
    matters = submitted(office, number)

    [letter] = told(office, CHEN)

    assert letter.subject == f"【督办晨报】3月23日：待审核{number}件"
    assert letter.text.count("3月20日报送，已等1个工作日") == min(number, 8)
    assert f"/obligations/{matters[0]}\n" in letter.text and "/reviews\n" in letter.text
    assert ("另有" in letter.text) == (number > 8) and (number <= 8 or f"另有{number - 8}件" in letter.text)
    assert not [one for one in letters(office.bureau) if LI in one.to]


def test_nothing_to_say_is_no_letter_and_what_is_settled_before_it_leaves_is_not_said(
    office: District,
) -> None:
    assert told(office, ZHOU) == []

    [waits] = submitted(office)
    hold(office.bureau, TUESDAY)
    set_obligation(office.bureau, waits, state="closed")
    # What was assigned in January is acknowledged, so that no unit is silent.
    to_files(office.bureau, TUESDAY)

    assert letters(office.bureau) == []
    assert {row.status for row in rows(office.bureau)} == {"withdrawn"}


def test_a_morning_that_could_not_leave_is_one_letter_with_the_next(office: District) -> None:
    submitted(office)
    hold(office.bureau, MONDAY)
    to_files(office.bureau, MONDAY, time(21, 0))

    [letter] = told(office, CHEN, TUESDAY)

    assert "【待审核】1件" in letter.text
    assert sorted(row.status for row in rows(office.bureau) if row.address == CHEN) == [
        "accepted",
        "withdrawn",
    ]


def test_an_undelivered_letter_and_a_silent_unit_are_named_with_their_way_on(office: District) -> None:
    an_obligation(
        office.bureau,
        unit_id=a_unit(office.bureau, "钟楼区民政局", address=None),
        edition_id=office.edition,
        due_on=date(2026, 3, 26),
    )
    told(office, ZHOU)

    [letter] = told(office, ZHOU, TUESDAY)

    assert "【未能送达】1封，最早3月23日" in letter.text
    assert "1家单位1封：没有联系人，无法送达；请补录该单位的联系人后重发。" in letter.text
    assert "【交办满3个工作日未签收】1家，最早1月5日" in letter.text
    assert "钟楼区民政局：1项，1月5日交办" in letter.text


def test_whoever_coordinates_and_does_the_units_work_gets_one_letter(office: District) -> None:
    with office.bureau.store.writing() as connection:
        connection.execute(sa.update(contact).where(contact.c.address == ZHOU).values(duty="handler"))
    submitted(office)
    own = office.owes(unit_id=office.home, due_on=date(2026, 3, 26))

    [letter] = told(office, ZHOU)

    assert f"编号：{own}\n" in letter.text and "【待审核】1件" in letter.text
    assert letter.subject.startswith("【督办提醒】3月23日：提前提醒1项；待办")


def test_an_officer_gets_no_unit_letter_and_the_leader_keeps_his_own(office: District) -> None:
    office.owes(due_on=date(2026, 3, 12))
    for day in (date(2026, 3, 13), date(2026, 3, 20)):
        hold(office.bureau, day)
        to_files(office.bureau, day)

    kinds = {(one.to.partition("<")[2].rstrip(">"), one.subject[:4]) for one in letters(office.bureau)}
    assert (LI, "【督办】") in kinds and (WANG, "【催办】") in kinds
    assert not [subject for to, subject in kinds if to == ZHOU and subject != "【督办晨"]


def test_a_letter_to_an_officer_that_fails_is_nobody_elses(office: District) -> None:
    submitted(office)
    hold(office.bureau, MONDAY)
    with office.bureau.store.writing() as connection:
        connection.execute(sa.update(contact).where(contact.c.address == CHEN).values(active=False))
    set_dispatch(office.bureau, attempts=0)

    to_files(office.bureau, MONDAY)

    assert {row.address: row.status for row in rows(office.bureau)} == {ZHOU: "accepted", CHEN: "failed"}


def test_a_queue_that_cannot_be_read_is_said_and_the_units_letters_leave(office: District) -> None:
    office.owes(due_on=date(2026, 3, 26))
    office.owes(due_on=date(2026, 12, 31), state="submitted")  # without its day: the ledger is damaged

    hold(office.bureau, MONDAY)
    to_files(office.bureau, MONDAY)

    assert {row.address: row.status for row in rows(office.bureau)} == {
        WANG: "accepted",
        ZHOU: "failed",
        CHEN: "failed",
    }
    assert all("晨报写不成" in row.reason for row in rows(office.bureau) if row.address != WANG)
