"""The options every command shares, with one wording each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import typer

from duban.core import clock


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"“{text}”不是日期，请写成 2026-03-31 的样子。") from None


Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供脚本使用。")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只显示将要发生什么，不写入。")]
On = Annotated[
    date | None, typer.Option("--on", parser=_day, metavar="DATE", help="按这一天办理（默认今天）。")
]
As = Annotated[
    str | None, typer.Option("--as", metavar="姓名", help="操作人姓名（默认取设置 DUBAN_ACTOR）。")
]
Day = Annotated[date, typer.Option(parser=_day, metavar="DATE")]


def moment(on: date | None) -> datetime:
    """The moment a command works at: the present, or the morning of the day asked for."""
    return clock.now() if on is None else clock.at(on)


def day_option(flag: str, help_: str) -> Any:
    """An option whose value is a civil date; wrong ones get the shared sentence."""
    return typer.Option(flag, parser=_day, metavar="DATE", help=help_)
