"""How large the house is: lines, files, folders, and what share of the lines only declares and hands on.

python -m benchmarks.house            the checkout this stands in
python -m benchmarks.house FOLDER     another checkout, for a comparison
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

APART = {"tests", "benchmarks"}
HIDDEN = {".venv", ".duban", "test-output", "dist"}


def main() -> None:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    sources = [path for path in sorted(root.rglob("*.py")) if not HIDDEN & set(path.relative_to(root).parts)]
    product = [path for path in sources if path.relative_to(root).parts[0] not in APART]
    tests = [path for path in sources if path.relative_to(root).parts[0] == "tests"]
    lines = sum(map(_lines, product))
    fullest = Counter(path.parent.relative_to(root) for path in product if path.name != "__init__.py")
    folder, most = fullest.most_common(1)[0]
    ceremony = sum(len(set(_ceremony(ast.parse(path.read_text("utf-8"))))) for path in product)
    print(f"product lines            {lines:>8,}")
    print(f"product files            {len(product):>8,}   without __init__.py {sum(fullest.values())}")
    print(f"fullest folder           {most:>8,}   {folder}")
    print(f"ceremony                 {ceremony / lines:>8.1%}   {ceremony:,} lines")
    print(
        f"test lines / product     {sum(map(_lines, tests)) / lines:>8.2f}   {sum(map(_lines, tests)):,} lines"
    )


def _lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def _ceremony(tree: ast.Module) -> Iterator[int]:
    """Numbers of the lines that import, that are signatures, that declare values' fields, that call constructors."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _span(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
            yield from range(start, max(node.lineno + 1, node.body[0].lineno))
        elif isinstance(node, ast.ClassDef):
            yield from range(
                min([node.lineno, *(mark.lineno for mark in node.decorator_list)]), node.lineno + 1
            )
            for field in node.body:
                if isinstance(field, ast.AnnAssign):
                    yield from _span(field)
        elif isinstance(node, ast.Call) and _is_constructor(node.func):
            yield from _span(node)


def _is_constructor(called: ast.expr) -> bool:
    name = (
        called.attr
        if isinstance(called, ast.Attribute)
        else called.id
        if isinstance(called, ast.Name)
        else ""
    )
    return name[:1].isupper() and not name.isupper()


def _span(node: ast.stmt | ast.expr) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


if __name__ == "__main__":
    main()
