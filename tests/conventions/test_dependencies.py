"""What is declared is imported, and what is imported is declared, each with its reason."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("duban", "calendars", "notifications", "tasks", "flows")
# Nobody imports them by name, and yet nothing runs without them.
NOT_IMPORTED = {
    "psycopg": "SQLAlchemy loads the driver that the database's address names",
    "tzdata": "zoneinfo reads it where the system has no zone files",
    "python-multipart": "Starlette parses forms with it",
    "python-calamine": "pandas reads sheets with it",
    "xlsxwriter": "pandas writes sheets with it",
    "httpx2": "Authlib talks with it",
}
# Parts of what FastAPI, Jinja2, Typer, ruamel.yaml and pydantic promise.
BROUGHT_BY_OTHERS = {"starlette", "anyio", "markupsafe", "click", "ruamel.yaml.clib", "pydantic-core"}


def _declared() -> dict[str, str]:
    """Name of each dependency, and its line."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = tomllib.loads(text)["project"]["dependencies"]
    lines = {re.split(r"[\[<>=]", entry)[0]: entry for entry in listed}
    return {
        name: next(line for line in text.splitlines() if f'"{entry}"' in line)
        for name, entry in lines.items()
    }


def _imported() -> set[str]:
    """Distributions that the product imports at any place."""
    tops = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    tops |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    tops.add(node.module.split(".")[0])
    foreign = tops - set(ROOMS) - sys.stdlib_module_names
    found = packages_distributions()
    return {name.lower().replace("_", "-") for top in foreign for name in found.get(top, [top])}


def test_what_is_imported_is_declared() -> None:
    assert _imported() - set(_declared()) - BROUGHT_BY_OTHERS == set()


def test_what_is_declared_is_imported_or_says_why_not() -> None:
    declared = set(_declared())

    assert declared - _imported() - set(NOT_IMPORTED) == set()
    assert set(NOT_IMPORTED) <= declared


def test_every_dependency_says_why_it_was_chosen() -> None:
    silent = [name for name, line in _declared().items() if not re.search(r"#\s*\S{3,}", line)]

    assert silent == []
