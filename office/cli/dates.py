"""Options that take a date, besides --on."""

from __future__ import annotations

from typing import Any

import typer

from office.cli.options import _day


def day_option(flag: str, help_: str) -> Any:
    """An option whose value is a civil date; wrong ones get the shared sentence."""
    return typer.Option(flag, parser=_day, metavar="DATE", help=help_)
