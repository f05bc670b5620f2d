"""A furnished bureau answers at every command, page and interface as it is written in `expected/`.

This is the net under a rebuilding: it knows no module behind the doors. What it finds is a change, which may be wanted;
then the files are written anew with `--golden-update`, and their difference is read like code.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden.doors import get_routes, opened
from tests.golden.furnishing import furnish_by_command
from tests.golden.play import Play, shape
from tests.golden.portal_visit import visit
from tests.golden.reading import NOT_RECORDED, read_at_the_end, read_by_command

EXPECTED = Path(__file__).with_name("expected")
SHOWN_LINES = 40


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """The whole record, made once."""
    folder = tmp_path_factory.mktemp("golden")
    work = folder / "files"
    work.mkdir()
    with opened(folder / "home") as doors:
        made = Play(doors, work)
        furnish_by_command(made)
        read_by_command(made)
        visit(made)
        read_at_the_end(made)
        yield made


def test_every_command_is_recorded(play: Play) -> None:
    unrecorded = set(play.tree) - play.ran - set(NOT_RECORDED)

    assert unrecorded == set(), (
        "a new command needs its golden answers in tests/golden/reading.py or furnishing.py"
    )
    assert set(NOT_RECORDED) <= set(play.tree)


def test_every_page_and_every_pull_is_recorded(play: Play) -> None:
    unrecorded = {shape(route) for route in get_routes(play.doors.app)} - play.got

    assert unrecorded == set(), "a new page needs its line in PAGES or PULLS of tests/golden/portal_visit.py"


def test_everything_answers_as_before(play: Play, request: pytest.FixtureRequest) -> None:
    written = play.written()
    if request.config.getoption("--golden-update", default=False) or os.environ.get("GOLDEN_UPDATE") == "1":
        _write(written)
    known = {path.relative_to(EXPECTED).as_posix(): path for path in EXPECTED.rglob("*.txt")}

    changed = [
        _difference(
            name, known[name].read_text(encoding="utf-8") if name in known else "", written.get(name, "")
        )
        for name in sorted(known.keys() | written.keys())
    ]

    found = "\n\n".join(filter(None, changed))
    if found:
        pytest.fail(f"answers have changed:\n\n{found}", pytrace=False)


def _write(written: dict[str, str]) -> None:
    for old in EXPECTED.rglob("*.txt"):
        old.unlink()
    for name, text in written.items():
        path = EXPECTED / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _difference(name: str, before: str, after: str) -> str:
    if before == after:
        return ""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"expected/{name}", f"now/{name}", n=2, lineterm=""
    )
    shown = list(lines)
    more = [f"… and {len(shown) - SHOWN_LINES} more lines"] if len(shown) > SHOWN_LINES else []
    return "\n".join([*shown[:SHOWN_LINES], *more])
