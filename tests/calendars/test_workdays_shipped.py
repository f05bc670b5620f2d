"""The notices that are shipped: against a second source day by day, and against the statute's number of days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from calendars.notices import checksum_of, expected_checksum
from calendars.workdays import FESTIVALS, YearState, YearUnknown
from calendars.workdays.files import load_workdays, project, published, read_year

YEARS = (2023, 2024, 2025, 2026)


def _year(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=offset) for offset in range(366 if year % 4 == 0 else 365)]


@pytest.mark.parametrize("year", YEARS)
def test_every_day_of_a_published_year_agrees_with_the_second_source(year: int) -> None:
    table = load_workdays()

    differing = [day for day in _year(year) if table.is_workday(day) != chinese_calendar.is_workday(day)]

    assert differing == []


@pytest.mark.parametrize(("year", "days"), [(2023, 11), (2024, 11), (2025, 13), (2026, 13)])
def test_weekdays_off_less_weekends_worked_are_the_statutes_days(year: int, days: int) -> None:
    assert checksum_of(load_workdays(), year) == days == expected_checksum(year)


@pytest.mark.parametrize(
    ("year", "document_no", "issued_on"),
    [
        (2023, "国办发明电〔2022〕16号", date(2022, 12, 8)),
        (2024, "国办发明电〔2023〕7号", date(2023, 10, 25)),
        (2025, "国办发明电〔2024〕12号", date(2024, 11, 12)),
        (2026, "国办发明电〔2025〕7号", date(2025, 11, 4)),
    ],
)
def test_a_published_year_names_its_document(year: int, document_no: str, issued_on: date) -> None:
    [notice] = [table for table in published() if table.year == year]

    assert (notice.document_no, notice.issued_on) == (document_no, issued_on)
    assert load_workdays().source(year) == f"{document_no}《国务院办公厅关于{year}年部分节假日安排的通知》"
    assert load_workdays().state(year) is YearState.PUBLISHED


@pytest.mark.parametrize("year", YEARS)
def test_all_seven_holidays_of_a_published_year_have_a_span(year: int) -> None:
    table = load_workdays()

    assert all(table.span(name, year) for name in FESTIVALS)


def test_spans_are_the_days_people_remember() -> None:
    table = load_workdays()

    assert table.span("元旦", 2023) == (date(2022, 12, 31), date(2023, 1, 2))
    assert table.span("元旦", 2024) == (date(2023, 12, 30), date(2024, 1, 1))
    assert table.span("春节", 2025) == (date(2025, 1, 28), date(2025, 2, 4))
    assert table.span("中秋节", 2025) == table.span("国庆节", 2025) == (date(2025, 10, 1), date(2025, 10, 8))
    assert table.span("春节", 2026) == (date(2026, 2, 15), date(2026, 2, 23))
    assert table.span("中秋", 2026) == (date(2026, 9, 25), date(2026, 9, 27))


def test_the_make_up_days_of_2025_and_2026_are_those_of_the_notices() -> None:
    table = load_workdays()

    assert [f"{day.on:%m-%d}" for day in table.make_up_days(2025)] == [
        "01-26",
        "02-08",
        "04-27",
        "09-28",
        "10-11",
    ]
    assert [f"{day.on:%m-%d}" for day in table.make_up_days(2026)] == [
        "01-04",
        "02-14",
        "02-28",
        "05-09",
        "09-20",
        "10-10",
    ]


def test_two_years_after_the_last_notice_are_provisional_and_all_others_refused() -> None:
    table = load_workdays()

    assert table.years == (2023, 2024, 2025, 2026, 2027, 2028)
    assert [table.state(year) for year in (2027, 2028)] == [YearState.PROVISIONAL] * 2
    for year in (2022, 2029):
        with pytest.raises(YearUnknown, match=f"没有{year}年"):
            table.is_workday(date(year, 6, 1))


def test_the_source_of_a_provisional_year_says_that_it_is_projected() -> None:
    assert "推算" in load_workdays().source(2027)


def test_an_imported_notice_publishes_its_year_and_moves_the_horizon() -> None:
    notice = replace(project(2027), state=YearState.PUBLISHED, issued_on=date(2026, 11, 10))
    table = load_workdays([notice])

    assert table.state(2027) is YearState.PUBLISHED
    assert table.state(2028) is YearState.PROVISIONAL
    assert table.years[-1] == 2029


@pytest.mark.parametrize(
    "text",
    [
        "",
        "year: 2030\n",
        "year: 2030\nholidays: [\n",
        "year: 2030\ndocument_no: x\ntitle: y\nissued_on: 2029-11-01\nholidays:\n"
        "  - {names: [元旦], off: [2030-01-03, 2030-01-01], make_up: []}\n",
    ],
)
def test_a_year_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "2030.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"2030\.yaml.*改正"):
        read_year(path)
