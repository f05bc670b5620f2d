"""A campaign of every year that has no edition for this year, or from November on for the next, is told of."""

from __future__ import annotations

from datetime import date

import pytest

from calendars.lunar import almanac_for
from calendars.reader import CALENDARS, read_edition_text, units_of
from calendars.workdays.files import load_workdays
from calendars.writing import text_of
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Actor
from duban.editions.drafts import derive_draft
from duban.editions.rules import years_to_schedule
from duban.editions.service import move_edition
from duban.editions.unscheduled import UnscheduledYear, unscheduled_years
from duban.ops.doctor import Finding, Level, editions_of_the_year
from tests.editions.planning_builders import SURVEY, StaffedOffice, a_staffed_office, with_survey

NOVEMBER, JANUARY = date(2026, 11, 28), date(2027, 1, 4)


@pytest.fixture
def office(bureau: Bureau) -> StaffedOffice:
    return with_survey(a_staffed_office(bureau))


def missing(office: StaffedOffice, today: date, by: Actor = SYSTEM) -> tuple[UnscheduledYear, ...]:
    with office.bureau.store.reading() as connection:
        return unscheduled_years(connection, today, by=by)


def finding(office: StaffedOffice, today: date) -> Finding:
    return editions_of_the_year(office.bureau, today)


@pytest.mark.parametrize(
    ("today", "years"),
    [(date(2026, 10, 31), (2026,)), (date(2026, 11, 1), (2026, 2027)), (JANUARY, (2027,))],
)
def test_the_next_year_is_asked_for_from_november_on(today: date, years: tuple[int, ...]) -> None:
    assert years_to_schedule(today) == years


def test_the_doctor_warns_from_november_on_until_the_year_is_there(office: StaffedOffice) -> None:
    assert finding(office, date(2026, 10, 31)).level is Level.OK

    warned = finding(office, NOVEMBER)

    assert warned.level is Level.WARNING
    assert "2027年度尚未排定" in warned.sentence
    assert "地名标志普查" in warned.sentence
    assert "duban calendar roll 2027" in warned.sentence
    with_survey(office, SURVEY.replace("year: 2026", "year: 2027"))
    assert finding(office, NOVEMBER).level is Level.OK


def test_a_draft_is_not_yet_a_year_and_a_withdrawn_one_was_decided_about(office: StaffedOffice) -> None:
    derive_draft(office.bureau, "sign_survey", 2026, to_year=2027, by=office.zhou, now=clock.at(NOVEMBER))

    [year] = missing(office, NOVEMBER)

    assert [(one.campaign, one.draft) for one in year.campaigns] == [("地名标志普查", True)]
    assert "其中1个已有草稿" in year.sentence
    with_survey(office, SURVEY.replace("year: 2026", "year: 2027"))
    move_edition(
        office.bureau,
        "withdraw",
        "sign_survey",
        2027,
        reason="2027年不再普查",
        by=office.zhou,
        now=clock.at(NOVEMBER),
    )
    assert missing(office, JANUARY) == ()


@pytest.mark.parametrize(
    "text",
    [
        SURVEY.replace("kind: filing", "kind: filing\nrecurrence: once\nrecurrence_note: 只普查一次。"),
        SURVEY.replace("    due:", "    recurrence: once\n    due:"),
    ],
)
def test_what_is_held_once_is_never_missing(bureau: Bureau, text: str) -> None:
    office = with_survey(a_staffed_office(bureau), text)

    assert missing(office, JANUARY) == ()


def test_a_unit_is_told_in_january_of_what_it_took_part_in(office: StaffedOffice) -> None:
    [own] = missing(office, JANUARY, office.wang)

    assert own.sentence.startswith("2027年度尚未排定：2026年承担过的地名标志普查1个专项行动")
    assert "duban" not in own.sentence
    stranger = Actor(name="外单位", person_id=99, unit_id=999, roles=office.wang.roles)
    assert missing(office, JANUARY, stranger) == ()


def test_that_a_campaign_is_held_once_stays_in_its_file_when_the_program_writes_it() -> None:
    path = CALENDARS / "2025" / "safety_risk_report.yaml"
    around = {"units": units_of(CALENDARS), "almanac": almanac_for(), "workdays": load_workdays()}
    before = read_edition_text(path.read_text(encoding="utf-8"), path, **around)

    assert before.recurrence == "once"
    assert read_edition_text(text_of(before), path, **around) == before
