"""What leaves the house in the wheel: every room, and the files that are no Python."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("duban", "calendars", "notifications", "tasks", "flows")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        return set(file.namelist())


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_of_a_room_is_in_the_wheel(names: set[str], room: str):
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / room).rglob("*.py")}

    assert modules <= names


@pytest.mark.parametrize(
    "pattern",
    [
        "calendars/*.yaml",
        "calendars/2025/*.yaml",
        "calendars/2026/*.yaml",
        "calendars/workdays/*.yaml",
        "notifications/**/*.j2",
        "duban/schema/migrations/**/*.py",
    ],
)
def test_the_files_a_room_reads_are_in_the_wheel(names: set[str], pattern: str):
    files = {path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern)}

    assert files
    assert files <= names


def test_nothing_else_is_in_the_wheel(names: set[str]):
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name.split("/")[0]}

    assert tops == set(ROOMS)
