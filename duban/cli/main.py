"""The command `duban`: joins the commands of each noun and turns errors into one sentence and an exit status."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from duban.cli.command import complain
from duban.core.errors import DubanError

# Every word after `duban`: the module and, for a noun with several verbs, its group; for a single command, itself.
COMMANDS = {
    "account": "duban.cli.accounts:app",
    "person": "duban.cli.accounts:people",
    "calendar": "duban.cli.calendar:app",
    "event": "duban.cli.events:app",
    "unit": "duban.cli.units:app",
    "roster": "duban.cli.rosters:app",
    "draw": "duban.cli.draws:app",
    "problem": "duban.cli.problems:app",
    "figure": "duban.cli.figures:app",
    "round": "duban.cli.rounds:app",
    "obligation": "duban.cli.obligations:app",
    "support": "duban.cli.support:app",
    "dispatch": "duban.cli.rounds:dispatches",
    "history": "duban.cli.history:app",
    "clock": "duban.cli.clock:app",
    "deadline": "duban.cli.dates:deadline",
    "workdays": "duban.cli.dates:workdays",
    "import-notice": "duban.cli.dates:import_notice",
    "board": "duban.cli.board:board",
    "rehearse": "duban.cli.operate:rehearse",
    "backup": "duban.cli.operate:backup",
    "restore": "duban.cli.operate:restore",
    "doctor": "duban.cli.operate:doctor",
    "setup": "duban.cli.operate:setup",
    "up": "duban.cli.operate:up",
    "run": "duban.cli.operate:run",
}


class Nouns(TyperGroup):
    """Imports a noun's module only when it is asked for: `duban deadline` must not wait for pandas."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), name)
        shell = typer.Typer(add_completion=False)
        # With a callback a single command stays a command of its own.
        shell.callback()(lambda: None)
        if isinstance(found, typer.Typer):
            shell.add_typer(found, name=cmd_name)
        else:
            shell.command(cmd_name)(found)
        group = get_command(shell)
        assert isinstance(group, TyperGroup)
        return group.commands[cmd_name]


app = typer.Typer(
    name="duban",
    cls=Nouns,
    help="督办：民政局专项行动的时限、提醒、佐证与销号。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _home(
    home: Annotated[
        Path | None,
        typer.Option("--home", envvar="DUBAN_HOME", help="一切写入内容所在的文件夹（默认 .duban）。"),
    ] = None,
) -> None:
    if home is not None:
        os.environ["DUBAN_HOME"] = str(home)


def main() -> None:
    """Entry point. Exit status: 0 done, 1 refused, 2 wrong usage, 3 fault."""
    try:
        app()
    except DubanError as error:
        complain(str(error))
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        complain("已停止。")
        sys.exit(130)
    except Exception as error:
        # Not foreseen: the operator gets the sentence, whoever mends it gets the trace.
        traceback.print_exc()
        complain(f"程序出现未预料的错误（{type(error).__name__}），请把以上内容交给运维人员。")
        sys.exit(3)
