"""The doors of the product and nothing behind them: when modules move, only the imports below move with them."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest
import typer
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute, Mount

from duban.cli.main import app as command_line
from duban.cli.main import main
from duban.core.settings import load
from duban.portal.app import create_app
from duban.wiring import open_bureau
from tests.travel import travel, travelling

BASE = "http://portal.test"
# Wide enough that no sentence of a help page is broken in the middle of a change of widths.
COLUMNS = "140"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    out: str
    err: str


@dataclass(slots=True)
class Doors:
    """One bureau's folder, its command line and its portal."""

    home: Path
    _open: ExitStack
    _app: FastAPI | None = field(default=None)

    def run(self, *words: str, typed: str = "", home: Path | None = None) -> Answer:
        """Run one command as a person would; `typed` is what comes on its standard input."""
        out, err = io.StringIO(), io.StringIO()
        status = 0
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setenv("DUBAN_HOME", str(home or self.home))
            patch.setattr(sys, "argv", ["duban", *words])
            patch.setattr(sys, "stdin", io.StringIO(typed))
            # Without a terminal the library warns with the paths of this machine.
            patch.setattr("getpass.getpass", _ask)
            try:
                main()
            except SystemExit as left:
                status = int(left.code or 0)
        return Answer(status=status, out=out.getvalue(), err=err.getvalue())

    @property
    def app(self) -> FastAPI:
        """The portal over this folder, opened with its first visitor."""
        if self._app is None:
            bureau = self._open.enter_context(open_bureau(load(self.home)))
            self._app = create_app(bureau)
        return self._app

    def browser(self) -> TestClient:
        return TestClient(self.app, base_url=BASE, headers={"user-agent": "golden"})


@contextmanager
def opened(home: Path) -> Iterator[Doors]:
    """The doors of an empty folder, on a clock that stands where the play travelled, whatever the machine's environment and terminal say."""
    with pytest.MonkeyPatch.context() as patch, travelling(), ExitStack() as stack:
        for name in [name for name in os.environ if name.startswith("DUBAN_")]:
            patch.delenv(name)
        for name in ("FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "CLICOLOR_FORCE", "TTY_COMPATIBLE"):
            patch.delenv(name, raising=False)
        patch.setenv("NO_COLOR", "1")
        patch.setenv("TERM", "dumb")
        patch.setenv("COLUMNS", COLUMNS)
        patch.setenv("TERMINAL_WIDTH", COLUMNS)
        patch.setattr("typer.rich_utils.MAX_WIDTH", int(COLUMNS), raising=False)
        # The mark of who sends letters; as wide as it is on this machine, a table would break its lines elsewhere.
        patch.setattr("socket.gethostname", lambda: "desk")
        patch.setattr("os.getpid", lambda: 1000)
        # Started as a module or as a command, the tests ask for `duban`.
        patch.setattr(sys.modules["__main__"], "__package__", None)
        # The migrations are loaded with every command; compiling them each time is no part of what is asked.
        patch.setattr(sys, "dont_write_bytecode", False)
        travel("2026-01-05", "09:00")
        yield Doors(home=home, _open=stack)


def _ask(prompt: str = "", stream: object = None) -> str:
    sys.stdout.write(f"{prompt}\n")
    return sys.stdin.readline().rstrip("\n")


def commands() -> dict[str, click.Command]:
    """Every command of the tree by its words."""
    return dict(_walk(typer.main.get_command(command_line), ()))


def _walk(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    if not hasattr(command, "list_commands"):
        yield " ".join(words), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from _walk(found, (*words, name))


def get_routes(app: FastAPI) -> list[str]:
    """The address of everything that answers a GET, those of mounted applications included."""
    return sorted({path for path, route in _flat(app.routes, "") if "GET" in (route.methods or ())})


def _flat(routes: Iterable[BaseRoute], prefix: str) -> Iterator[tuple[str, APIRoute]]:
    """FastAPI keeps an included router whole; its routes are what counts."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield prefix + route.path, route
        elif isinstance(route, Mount):
            yield from _flat(route.routes or (), prefix + route.path)
        elif included := getattr(route, "original_router", None):
            yield from _flat(included.routes, prefix)
