"""SQL stands in one kind of place: queries and tables, the database itself, the schema's history."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("duban", "calendars", "notifications", "tasks", "flows")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def _may_ask(path: Path) -> bool:
    inside = path.relative_to(ROOT)
    return (
        path.name == "tables.py"
        or path.stem.endswith("queries")
        or inside.as_posix() == "duban/core/db.py"
        or inside.is_relative_to("duban/schema")
    )


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
    return found


def test_only_queries_and_tables_know_sqlalchemy() -> None:
    knowing = [path for path in SOURCES if _imports(path) & {"sqlalchemy", "alembic"}]

    assert [str(path.relative_to(ROOT)) for path in knowing if not _may_ask(path)] == []


def test_every_connection_has_its_type() -> None:
    loose = [
        f"{path.relative_to(ROOT)}:{argument.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        if argument.arg == "connection"
        and (argument.annotation is None or ast.unparse(argument.annotation) == "Any")
    ]

    assert loose == []
