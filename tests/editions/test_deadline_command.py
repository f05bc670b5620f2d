"""`duban deadline` from outside: one answer as JSON, a stream of them, and the exit status."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from duban.cli.dates import deadline

APP = typer.Typer()
APP.command()(deadline)


def run(*words: str, lines: str | None = None):
    return CliRunner().invoke(APP, list(words), input=lines)


def test_one_phrase_is_answered_by_the_contract():
    answer = json.loads(run("3月底前", "--year", "2026", "--json").stdout)

    assert answer["understood"] is True
    assert answer["rule"] == "month_end(3)"
    assert (answer["starts_on"], answer["due_on"]) == (None, "2026-03-31")
    assert answer["occurrences"] == []
    assert answer["last_workday"] == "2026-03-31"
    assert answer["provisional"] is False
    assert answer["assumptions"] == []


@pytest.mark.parametrize("phrase", ["3月31日（星期三）前", "本月底前", "2月29日前"])
def test_a_phrase_for_a_person_ends_with_status_one_and_a_reason(phrase):
    result = run(phrase, "--year", "2026", "--json")

    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["understood"] is False
    assert answer["reason"]


def test_a_stream_is_answered_line_by_line_in_order():
    result = run("-", "--year", "2026", lines="每季度末月25日前\n\n截至9月底\n两节期间\n")

    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["understood"] for each in answers] == [True, False, True, False]
    assert [each["due_on"] for each in answers[0]["occurrences"]] == [
        "2026-03-25",
        "2026-06-25",
        "2026-09-25",
        "2026-12-25",
    ]
    assert answers[2]["due_on"] is None
    assert result.exit_code == 0


def test_the_day_of_issue_and_the_day_of_an_event_are_asked_for_by_options():
    later = json.loads(run("春节前", "--year", "2025", "--issued", "2025-07-04", "--json").stdout)
    monthly = json.loads(run("每月25日前", "--year", "2025", "--issued", "2025-07-04", "--json").stdout)
    counted = json.loads(run("收到通知后15个工作日内", "--event", "2026-03-02", "--json").stdout)

    assert later["due_on"] == "2026-02-16"
    assert "按次年理解" in "".join(later["assumptions"])
    assert monthly["occurrences"][0]["due_on"] == "2025-07-25"
    assert counted["due_on"] == "2026-03-23"


def test_a_moved_date_says_beside_it_where_it_was():
    found = run("每周二（遇节假日顺延）", "--year", "2026", "--json")

    [one] = [one for one in json.loads(found.stdout)["occurrences"] if one["due_on"] == "2026-02-24"]
    assert (one["label"], one["first_on"]) == ("2月24日", "2026-02-17")
    assert "并为一期" in "".join(one["because"])
