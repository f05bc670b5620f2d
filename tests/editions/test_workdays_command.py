"""`duban workdays`: a year's days off, make-up workdays, source and state."""

from __future__ import annotations

import json
from datetime import date

import pytest
import typer
from typer.testing import CliRunner

from calendars.workdays import LocalDay
from calendars.workdays.files import load_workdays
from duban.cli.dates import read_workdays, workdays
from duban.core.errors import Refused


def run(*arguments: str):
    app = typer.Typer()
    app.command()(workdays)
    return CliRunner().invoke(app, arguments)


def test_a_published_year_is_answered_with_its_document() -> None:
    found = json.loads(run("2026", "--json").stdout)

    assert (found["state"], found["provisional"], found["workdays"]) == ("published", False, 248)
    assert "国办发明电〔2025〕7号" in found["source"]
    assert {"date": "2026-02-15", "name": "春节"} in found["days_off"]
    assert [day["date"] for day in found["make_up_workdays"]] == [
        "2026-01-04",
        "2026-02-14",
        "2026-02-28",
        "2026-05-09",
        "2026-09-20",
        "2026-10-10",
    ]


def test_a_provisional_year_says_so_to_scripts_and_to_people() -> None:
    found = json.loads(run("2027", "--json").stdout)

    assert (found["state"], found["provisional"], found["make_up_workdays"]) == ("provisional", True, [])
    assert "暂定" in run("2027").stdout


@pytest.mark.parametrize("year", [2022, 2029])
def test_a_year_nobody_knows_is_refused_with_the_next_step(year: int) -> None:
    with pytest.raises(Refused, match=f"没有{year}年.*请先导入"):
        read_workdays(load_workdays(), year)

    assert isinstance(run(str(year)).exception, Refused)


def test_a_local_day_is_listed_with_its_reason() -> None:
    local = LocalDay(on=date(2026, 7, 9), works=False, reason="台风停工")

    assert read_workdays(load_workdays((), [local]), 2026)["local_days"] == [
        {"date": date(2026, 7, 9), "works": False, "reason": "台风停工"}
    ]


def test_the_table_for_people_lists_each_day_with_its_weekday() -> None:
    shown = run("2026").stdout

    assert "2026-02-14（周六）" in shown
    assert "已公布" in shown
