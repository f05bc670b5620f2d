"""A newcomer types what the README says after `make`, word for word."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.stories.bureau import Bureau, calendars_of

# The year is played to its end in tests/simulation; a month is enough to see the answer.
SHORTENED = {"rehearse": ("--until", "2026-01-31")}
README = Path(__file__).resolve().parents[2] / "README.md"


def commands_of_the_readme() -> list[list[str]]:
    """The lines of the README that begin with `duban`, without their comments."""
    lines = re.findall(r"^duban [^-].*$", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [shlex.split(line, comments=True)[1:] for line in lines]


def test_a_newcomer_walks_through_a_trial_year_as_the_readme_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUBAN_CALENDARS", str(calendars_of(tmp_path / "calendars", "place_name_signs")))
    monkeypatch.setenv("DUBAN_EDITION_YEARS", "[2026]")
    lines = re.findall(r"^duban --home .*$", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    walk = [shlex.split(line, comments=True)[3:] for line in lines]
    bureau = Bureau(home=tmp_path / "trial")

    said = [bureau.done(*words) for words in walk]

    assert [words[0] for words in walk] == ["setup", "clock", "clock"]
    assert "试用时钟：2026-01-05 08:30" in said[0]
    assert "2026-01-06：新排提醒" in said[1] and "走到 2026-01-06 08:30" in said[1]
    assert "走到 2026-03-01 08:30，途中办了54天的一轮" in said[2]
    clock = bureau.ask("clock", "show")
    assert (clock["trial"], clock["today"]) == (True, "2026-03-01")
    # Every letter of those weeks lies in its folder under the trial's day, and today's lists look at it.
    assert (bureau.home / "outbox" / "2026-01-06").is_dir()
    assert bureau.ask("round", "missing")["missing"] == []
    assert "灯表 截至 2026-03-01" in bureau.done("board")


def test_the_commands_of_the_readme_answer_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = calendars_of(tmp_path / "calendars", "place_name_signs")
    monkeypatch.setenv("DUBAN_CALENDARS", str(folder))
    monkeypatch.setenv("DUBAN_EDITION_YEARS", "[2026]")
    bureau = Bureau(home=tmp_path / "duban")

    before = bureau.run("board")
    bureau.done("setup")
    said = {words[0]: bureau.run(*words, *SHORTENED.get(words[0], ())) for words in commands_of_the_readme()}

    # Before anything is set up, the answer is one sentence with the next step, no trace.
    assert before.status == 1
    assert "duban setup" in before.err
    assert "Traceback" not in before.err
    assert list(said) == ["board", "obligation", "deadline", "rehearse", "doctor"]
    assert {name: one.status for name, one in said.items() if name != "doctor"} == {
        "board": 0,
        "obligation": 0,
        "deadline": 0,
        "rehearse": 0,
    }
    assert "灯表 截至" in said["board"].out
    assert said["obligation"].out.count("天宁区民政局") == 2
    for day in ("3月25日", "6月25日", "9月25日", "12月25日"):
        month, _, rest = day.partition("月")
        assert f"2026-{int(month):02d}-{rest[:2]}" in said["deadline"].out
    assert said["rehearse"].out

    # Nobody has started `duban up` here: the doctor says so by number, with the next step, and ends with 1.
    assert said["doctor"].status == 1
    assert "D07" in said["doctor"].out
    assert "duban up" in said["doctor"].out
    found = json.loads(bureau.run("doctor", "--json").out)
    assert found


def test_a_slip_of_the_hand_is_answered_with_the_documented_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUBAN_EDITION_YEARS", "[]")
    bureau = Bureau(home=tmp_path / "duban")
    bureau.done("setup")

    unread = bureau.run("deadline", "看情况再说", "--year", "2026")
    stranger = bureau.run("obligation", "list", "--unit", "天宁民政")
    wrong_day = bureau.run("board", "--on", "三月")
    unknown = bureau.run("bord")

    assert unread.status == 1
    assert stranger.status == 1
    assert "天宁民政" in stranger.err
    assert (wrong_day.status, unknown.status) == (2, 2)
    assert "2026-03-31 的样子" in wrong_day.err
