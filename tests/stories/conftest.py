"""What the stories start from: a bureau set up by its own command, with no year in it yet."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stories.bureau import Bureau, calendars_of
from tests.travel import travelling

# opened("place_name_signs") is a bureau whose coordinator can apply a year of these campaigns.
Opened = Callable[..., Bureau]


@pytest.fixture(scope="session")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `duban setup` makes; every story works in a copy of it."""
    home = tmp_path_factory.mktemp("bureau") / "duban"
    with pytest.MonkeyPatch.context() as patch, travelling():
        patch.setenv("DUBAN_EDITION_YEARS", "[]")
        Bureau(home=home).done("setup", on="2025-01-02")
    return home


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, set_up: Path) -> Opened:
    def open_(*campaigns: str, year: str = "2026", name: str = "duban") -> Bureau:
        folder = calendars_of(tmp_path / "calendars", *campaigns, year=year)
        monkeypatch.setenv("DUBAN_CALENDARS", str(folder))
        return Bureau(home=Path(shutil.copytree(set_up, tmp_path / name)))

    return open_
