"""Two bureaus on one machine are two folders: what happens in one is neither seen nor heard in the other."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.stories.bureau import Bureau, letters_to
from tests.stories.conftest import Opened

PLAN = "年度巡检计划报备案"


def test_nothing_of_one_bureau_is_seen_in_the_other(opened: Opened, tmp_path: Path) -> None:
    ours = opened("place_name_signs")
    theirs = Bureau(home=Path(shutil.copytree(ours.home, tmp_path / "neighbour")))
    for bureau in (ours, theirs):
        bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")
    before = _prints(theirs.home)

    letters = ours.morning("2026-01-05")
    number = ours.number("天宁区民政局", PLAN, on="2026-01-05")
    ours.done("obligation", "acknowledge", number, "--as", "董科长", on="2026-01-06")
    ours.done("obligation", "waive", "--edition", "place_name_signs/2026", "--unit", "钟楼区民政局",
              "--reason", "本区无此类标志", "--authority", "局长办公会", "--as", "周处长", on="2026-01-06")  # fmt: skip

    assert _prints(theirs.home) == before
    assert not (theirs.home / "outbox").exists()
    assert theirs.show(number, on="2026-01-06")["state_name"] == "已交办"
    assert ours.show(number, on="2026-01-06")["state_name"] == "已签收"
    assert theirs.ask("dispatch", "list")["total"] == 0

    # The neighbour's own round sends its own letters, the waived one of ours among them.
    assert len(letters_to("zhonglou-mz@unit.example", letters)) == 1
    assert len(theirs.morning("2026-01-06")) == len(letters)


def test_the_folder_named_on_the_command_line_is_the_bureau(opened: Opened, tmp_path: Path) -> None:
    ours = opened("place_name_signs")
    ours.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")

    said = _duban(tmp_path, "--home", str(ours.home), "calendar", "show", "2026")
    elsewhere = _duban(tmp_path, "--home", str(tmp_path / "empty"), "calendar", "show", "2026")

    assert (said.returncode, "地名标志巡检" in said.stdout) == (0, True)
    assert elsewhere.returncode in (1, 3)
    assert "duban setup" in elsewhere.stderr


def _duban(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The installed command in a process of its own."""
    command = [str(Path(sys.executable).with_name("duban")), *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=60, env=dict(os.environ)
    )


def _prints(home: Path) -> dict[str, str]:
    """Every file of a bureau with its fingerprint, the database's shared memory aside."""
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }
