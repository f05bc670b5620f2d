"""What every command has in common, so that a command says only its own arguments, what it calls and its answer.

    @command(app, "unlock", *ACT)
    def unlock(call: Call, name: Name) -> Answer:
        \"\"\"解锁……\"\"\"            # the help
        unlock_account(call.bureau, person_id=…, **call.act)
        return Answer({"unlocked": True}, f"{call.head()}已解锁……")

The decorator adds the shared options asked for (and --json always), opens the bureau when `call.bureau` is first
touched, closes it, and prints the answer's value as JSON or its words for people. Exit statuses: 0 done, 1 refused,
2 wrong usage, 3 fault.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict, get_type_hints

import typer
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as RichTable

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor
from duban.core.errors import DubanError
from duban.core.settings import Settings, load
from duban.wiring import actor, open_bureau


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"“{text}”不是日期，请写成 2026-03-31 的样子。") from None


Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供脚本使用。")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只显示将要发生什么，不写入。")]
On = Annotated[
    date | None,
    typer.Option("--on", parser=_day, metavar="DATE", help="看这一天的情形（默认今天），不改动任何内容。"),
]
As = Annotated[
    str | None, typer.Option("--as", metavar="姓名", help="操作人姓名（默认取设置 DUBAN_ACTOR）。")
]
Day = Annotated[date, typer.Argument(parser=_day, metavar="DATE", help="哪一天，如 2026-03-01。")]


def day_option(flag: str, help_: str) -> Any:
    """An option whose value is a civil date; wrong ones get the shared sentence."""
    return typer.Option(flag, parser=_day, metavar="DATE", help=help_)


Shared = Literal["as", "on", "dry-run"]
# An act has the moment at which it is done, which nobody states: `on` is for looking.
ACT: tuple[Shared, ...] = ("as", "dry-run")
_SHARED: dict[str, tuple[str, Any, Any]] = {
    "as": ("by", As, None),
    "on": ("on", On, None),
    "dry-run": ("dry_run", DryRun, False),
    "json": ("as_json", Json, False),
}
UNWRITTEN = "试运行，未写入："
Advance = Callable[[int, int | None], None]
SHORT = 10
NARROW = 8
WIDE = 140


class Act(TypedDict):
    """Who does it, when, and whether only to see what would happen: what every verb of a service takes."""

    by: Actor
    now: datetime
    dry_run: bool


class Call:
    """One call of a command: what its shared options say, and the bureau it works in."""

    def __init__(
        self,
        stack: ExitStack,
        *,
        by: str | None = None,
        on: date | None = None,
        dry_run: bool = False,
        as_json: bool = False,
    ) -> None:
        self._stack, self._by, self._on = stack, by, on
        self.dry_run, self.as_json = dry_run, as_json

    @cached_property
    def settings(self) -> Settings:
        return load()

    @cached_property
    def bureau(self) -> Bureau:
        return self._stack.enter_context(open_bureau(self.settings))

    @property
    def looked_at(self) -> datetime | None:
        """The morning of the day --on names."""
        return clock.at(self._on) if self._on else None

    @cached_property
    def now(self) -> datetime:
        """The present of the bureau, or the morning of the day --on names."""
        return self.looked_at or self.bureau.now()

    @property
    def today(self) -> date:
        return clock.civil(self.now)

    @cached_property
    def by(self) -> Actor:
        """The person named by --as, else the setting DUBAN_ACTOR."""
        return actor(self.bureau, self._by)

    @property
    def names_actor(self) -> bool:
        return self._by is not None

    @property
    def act(self) -> Act:
        return {"by": self.by, "now": self.now, "dry_run": self.dry_run}

    def head(self, done: str = "") -> str:
        """How a sentence about something written begins: marked when it was a dry run."""
        return UNWRITTEN if self.dry_run else done

    def progress(self, what: str) -> AbstractContextManager[Advance]:
        return progress(what, quiet=self.as_json)


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: tuple[str, ...]
    rows: Iterable[Iterable[object]]


@dataclass(frozen=True, slots=True)
class Complaint:
    """A sentence for standard error."""

    text: str


# A callable prints by itself.
Words = str | Table | Complaint | Callable[[], object] | Iterable["Words"]


class Answer:
    """What a command found: a value for scripts, words for people, and the exit status of both.

    Without a value (None) the words are the answer in either case. With a refusal or fault, its sentence comes last.
    """

    def __init__(
        self, value: object, *words: Words, status: int = 0, error: DubanError | None = None
    ) -> None:
        self.value, self.words, self.status, self.error = value, words, status, error

    def print(self, *, as_json: bool) -> None:
        if as_json and self.value is not None:
            print_json(self.value)
        else:
            _tell(self.words)
        if self.error:
            raise self.error
        if self.status:
            raise typer.Exit(self.status)


def _tell(words: Words) -> None:
    if isinstance(words, str):
        say(words)
    elif isinstance(words, Table):
        print_table(words.title, words.columns, [tuple(row) for row in words.rows])
    elif isinstance(words, Complaint):
        complain(words.text)
    elif callable(words):
        words()
    else:
        for each in words:
            _tell(each)


def command(
    app: typer.Typer | None, name: str, *shared: Shared
) -> Callable[[Callable[..., Answer]], Callable[..., None]]:
    """Make a function a command of a noun's `app`; without one a command of its own, which main.COMMANDS names.

    Its parameters after the first become arguments and options; the shared ones come last.
    """

    def decorate(function: Callable[..., Answer]) -> Callable[..., None]:
        added = [_SHARED[each] for each in (*shared, "json")]
        hints = get_type_hints(function, include_extras=True)
        own = [
            parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in list(inspect.signature(function).parameters.values())[1:]
        ]
        common = [
            inspect.Parameter(field, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for field, annotation, default in added
        ]

        def run(**given: Any) -> None:
            options = {field: given.pop(field) for field, _, _ in added}
            with ExitStack() as stack:
                call = Call(stack, **options)
                answer = function(call, **given)
            answer.print(as_json=call.as_json)

        run.__name__, run.__doc__, run.__module__ = function.__name__, function.__doc__, function.__module__
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *common)}
        run.__signature__ = inspect.Signature([*own, *common])  # type: ignore[attr-defined]  # typer reads it
        return run if app is None else app.command(name)(run)

    return decorate


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
    table = RichTable(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
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


@contextmanager
def progress(what: str, quiet: bool = False) -> Iterator[Advance]:
    """Gives a function that is told how much of how much is done."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
