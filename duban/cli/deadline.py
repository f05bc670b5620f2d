"""`duban deadline`: what a phrase from a notice means, and its dates in a year.

A door to calendars.phrases and calendars.deadlines, with the notices this bureau confirmed; it decides nothing and
writes nothing.
"""

from __future__ import annotations

import dataclasses
import io
import sys
from typing import Annotated, Any

import typer

from calendars.almanac import AlmanacError
from calendars.deadlines.parts import CannotResolve, NotUnderstood, Reading, Resolution
from calendars.deadlines.resolve import resolve
from calendars.lunar import almanac_for
from calendars.phrases import read_phrase
from calendars.workdays import WorkdayTable, YearUnknown
from duban.cli.options import Json
from duban.cli.output import print_json, say
from duban.cli.workdays import known_workdays
from duban.core import clock
from duban.core.settings import load

REFUSED = 1


def deadline(
    phrase: Annotated[str, typer.Argument(help="时限的原话，例如 3月底前；写 - 则从标准输入逐行读取。")],
    year: Annotated[
        int | None, typer.Option("--year", min=2000, max=2056, help="计划年份（默认今年）。")
    ] = None,
    as_json: Json = False,
) -> None:
    """读一个时限：是哪一天、含哪些假定；读不懂的交给人（退出码 1）。

    输出不是终端时也给 JSON。从标准输入读取时，每行一句，每句答一行 JSON，退出码为 0。
    """
    of_year = year if year is not None else clock.civil(clock.now()).year
    table = known_workdays(load())
    if phrase == "-":
        if isinstance(sys.stdin, io.TextIOWrapper):
            # A line in another encoding goes to a person; it must not end the stream.
            sys.stdin.reconfigure(errors="replace")
        for line in sys.stdin:
            print_json(answer(line.rstrip("\r\n"), year=of_year, workdays=table))
        return
    found = answer(phrase, year=of_year, workdays=table)
    if as_json or not sys.stdout.isatty():
        print_json(found)
    else:
        _show(found)
    if not found["understood"]:
        raise typer.Exit(REFUSED)


def answer(phrase: str, *, year: int, workdays: WorkdayTable) -> dict[str, Any]:
    """The answer to one phrase as the JSON contract has it."""
    reading = read_phrase(phrase)
    if isinstance(reading, NotUnderstood):
        proposal = {"proposal": reading.proposal} if reading.proposal else {}
        return {"understood": False, "reason": reading.reason, **proposal}
    try:
        found = resolve(reading, year=year, almanac=almanac_for(), workdays=workdays)
    except (CannotResolve, AlmanacError, YearUnknown) as refusal:
        return {"understood": False, "reason": str(refusal)}
    return _understood(reading, found)


def _understood(reading: Reading, found: Resolution) -> dict[str, Any]:
    dates = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    return {
        "understood": True,
        "rule": reading.rule,
        "sets_date": reading.sets_date,
        "modifiers": reading.modifiers,
        **dates,
    }


def _show(found: dict[str, Any]) -> None:
    if not found["understood"]:
        say(f"交人工：{found['reason']}")
        if "proposal" in found:
            say(f"  可能是：{found['proposal']}")
        return
    say(f"规则　　{found['rule']}")
    if found["starts_on"]:
        say(f"开始　　{found['starts_on']}")
    moment = f" {found['due_at']}" if found["due_at"] else ""
    say(f"期限　　{found['due_on'] or '不定日期'}{moment}")
    if found["last_workday"] and found["last_workday"] != found["due_on"]:
        say(f"最后工作日　{found['last_workday']}")
    for each in found["occurrences"]:
        start = f"{each.starts_on} 至 " if each.starts_on and each.starts_on != each.due_on else ""
        say(f"  {start}{each.due_on}　{each.label}")
    if found["provisional"]:
        say("暂定：所依据年份的放假安排尚未公布。")
    for sentence in found["assumptions"]:
        say(f"假定：{sentence}")
