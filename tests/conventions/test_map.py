"""The map is the country: paths that the documents name exist, and the drawing of the rooms is the import contract."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAPS = ("README.md", "CONTRIBUTING.md", "docs/design.md")
TOPS = {path.name for path in ROOT.iterdir() if path.is_dir()}


@pytest.mark.parametrize("name", MAPS)
def test_every_path_that_a_map_names_exists(name: str) -> None:
    words = re.findall(r"`([\w./-]+)`", (ROOT / name).read_text(encoding="utf-8"))
    paths = [word for word in words if "/" in word and word.split("/")[0] in TOPS]

    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_whoever_takes_part_in_the_day_exists() -> None:
    named = re.findall(
        r"participant \w+ as ([\w/]+\.py)", (ROOT / "docs/design.md").read_text(encoding="utf-8")
    )

    assert named
    assert [path for path in named if not ((ROOT / path).exists() or (ROOT / "duban" / path).exists())] == []


def test_the_drawing_of_the_rooms_is_the_import_contract() -> None:
    drawn = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    rooms = re.findall(r'\["([\w/]+)<br>', drawn.split("## A day")[0])
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if contract["name"].startswith("Rooms"))
    placed = {name.strip().replace(".", "/") for layer in layers for name in layer.split("|")}

    assert {room.rstrip("/") for room in rooms} == placed


def test_arrows_of_the_drawing_only_go_down() -> None:
    drawn = (ROOT / "docs/design.md").read_text(encoding="utf-8").split("## A day")[0]
    arrows = re.findall(r"^\s+(\w+)(?:\[.*?\])? --> (\w+)", drawn, re.M)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if contract["name"].startswith("Rooms"))
    place = {
        name.strip().rpartition(".")[2]: number
        for number, layer in enumerate(layers)
        for name in layer.split("|")
    }

    assert arrows
    assert [f"{one} → {other}" for one, other in arrows if place[one] >= place[other]] == []
