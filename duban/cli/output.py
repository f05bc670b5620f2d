"""How answers and errors leave the command line: people read tables, scripts read JSON, both get exit statuses.

0 done · 1 refused · 2 wrong usage · 3 fault.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

SHORT = 10
NARROW = 8
WIDE = 140


def plain(value: Any) -> Any:
    """A value as JSON sees it: dataclasses as objects, dates and moments as ISO text, figures as numbers."""
    match value:
        case Enum():
            return value.value
        case bool() | int() | float() | str() | None:
            return value
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Path():
            return str(value)
        case Mapping():
            return {str(plain(key)): plain(item) for key, item in value.items()}
        case Iterable():
            return [plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, default=str) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people; cells are shown as text, nothing in them is markup. Dates and numbers never break."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, column in enumerate(columns):
        longest = max((cell_len(row[number]) for row in cells if number < len(row)), default=0)
        whole = longest <= SHORT
        table.add_column(column, overflow="fold", no_wrap=whole, min_width=None if whole else NARROW)
    for row in cells:
        table.add_row(*row)
    # A file or a pipe has no width of its own.
    width = None if sys.stdout.isatty() else WIDE
    # A title of its own line: inside the table it would be broken to the table's width.
    say(title)
    Console(highlight=False, markup=False, width=width).print(table)


def say(text: str) -> None:
    """One line for people."""
    sys.stdout.write(text + "\n")


def complain(text: str) -> None:
    """One sentence on standard error."""
    sys.stderr.write(text + "\n")


def _cell(value: object) -> str:
    if value is None:
        return "—"
    return str(plain(value)) if isinstance(value, Decimal | Enum) else str(value)


Advance = Callable[[int, int | None], None]


@contextmanager
def progress(what: str, quiet: bool = False) -> Iterator[Advance]:
    """Gives a function that is told how much of how much is done."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
