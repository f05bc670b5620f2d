"""Commands `up` and `run`: hand over to flows.up, which this room must not import."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from duban.cli.setup import prepare
from duban.core import clock
from duban.core.settings import load

StopAfter = Annotated[
    float | None,
    typer.Option("--stop-after", metavar="秒", help="运行这么多秒后自行停止（供测试与试用）。", min=1),
]


def up(stop_after: StopAfter = None) -> None:
    """启动 Prefect 服务与运行器，按时间表运行，直到 Ctrl-C；再次启动从原处继续。"""
    _hand_over(stop_after)


def run(stop_after: StopAfter = None) -> None:
    """一步到位：建库、载入年度、启动 Prefect，并为今天办一轮晨间提醒；之后一直运行。"""
    prepare(load(), now=clock.now())
    _hand_over(stop_after, "--first-round")


def _hand_over(stop_after: float | None, *options: str) -> None:
    """Become `python -m flows.up`: the same process, so that signals and the exit status are its own."""
    bound = () if stop_after is None else ("--stop-after", str(stop_after))
    sys.stdout.flush()
    environment = {**os.environ, "DUBAN_HOME": str(load().home.resolve()), "PYTHONSAFEPATH": "1"}
    os.execve(sys.executable, [sys.executable, "-m", "flows.up", *bound, *options], environment)
