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
