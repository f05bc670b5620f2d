"""What every command owes its users: help, JSON where it answers, a dry run where it writes, a line in the reference."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conventions.reference import PAGE, commands, options, page

# Long-running or pure reading commands write nothing that a preview could show.
READ_ONLY = {
    "event list",
    "draw export",
    "draw list",
    "draw show",
    "draw verify",
    "account sessions",
    "account tokens",
    "board",
    "calendar check",
    "calendar diff",
    "calendar rehearse-change",
    "calendar show",
    "clock show",
    "deadline",
    "dispatch list",
    "doctor",
    "figure check",
    "figure indicators",
    "figure list",
    "history show",
    "history verify",
    "obligation list",
    "obligation show",
    "person list",
    "problem list",
    "rehearse",
    "roster missing",
    "roster show",
    "round bulletin",
    "round escalations",
    "round missing",
    "support list",
    "support show",
    "unit list",
    "unit show",
    "workdays",
}
SERVES = {"up", "run"}
ALL = dict(commands())


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_command_says_what_it_does(name: str) -> None:
    assert (ALL[name].help or "").strip()


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_option_says_what_it_is(name: str) -> None:
    silent = [param.name for param in ALL[name].params if not getattr(param, "help", None)]

    assert silent == []


@pytest.mark.parametrize("name", sorted(set(ALL) - SERVES))
def test_every_command_that_answers_speaks_json(name: str) -> None:
    assert "--json" in options(ALL[name])


@pytest.mark.parametrize("name", sorted(set(ALL) - SERVES - READ_ONLY))
def test_every_command_that_writes_has_a_dry_run(name: str) -> None:
    assert "--dry-run" in options(ALL[name])


@pytest.mark.parametrize("name", sorted(set(ALL) - READ_ONLY - {"round run"}))
def test_nobody_states_the_moment_of_an_act(name: str) -> None:
    """`--on` is the day that is looked at; the round has it for its preview and refuses it otherwise."""
    assert "--on" not in options(ALL[name])


def test_the_reference_lists_every_command_and_setting() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.conventions.reference"


@pytest.mark.parametrize(
    "words", [["deadline", "3月底前", "--year", "2026"], ["workdays", "2026"], ["--help"]]
)
def test_a_command_that_needs_no_table_and_no_server_does_not_wait_for_them(
    words: list[str], tmp_path: Path
) -> None:
    script = (
        "import sys; from duban.cli.main import app\n"
        f"try: app({words!r})\n"
        "except SystemExit: pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "DUBAN_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert not {"pandas", "numpy", "prefect", "fastapi", "apprise"} & set(done.stderr.split()), done.stderr
