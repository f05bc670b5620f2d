"""The run history as a sheet: a line for each round."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from office.actions.list_runs import ListedRound, Runs
from office.actions.write_sheet import write_sheet
from rules.run_words import STATUS_NAMES


def write_runs(path: Path, runs: Runs, *, as_of_on: date) -> int:
    """Returns the number of rounds."""
    columns = [
        ("日期", 12),
        ("结果", 10),
        ("新排提醒", 10),
        ("并档", 8),
        ("有事项的行动", 14),
        ("关闸", 8),
        *((f"消息：{name}", 12) for name in STATUS_NAMES.values()),
        ("问题与处理", 80),
        ("Prefect 运行页", 60),
    ]
    notes = [f"截至{as_of_on:%Y-%m-%d}的运行记录，共{runs.total}轮。", *runs.gaps]
    return write_sheet(path, f"运行记录{as_of_on:%Y-%m-%d}", columns, map(_line, runs.rounds), notes=notes)


def _line(one: ListedRound) -> list[object]:
    return [
        one.round.held_on,
        one.verdict,
        one.round.planned,
        one.round.superseded,
        one.editions,
        one.gates_closed,
        *(one.sent.get(status, 0) for status in STATUS_NAMES),
        "；".join(one.faults),
        one.page,
    ]
