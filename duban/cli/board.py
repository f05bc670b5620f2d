"""duban board: what is red, why, and how the year stands, for someone with one minute."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from duban.cli.command import Answer, Call, Table, Words, command
from duban.core.access import SYSTEM
from duban.core.lights import LIGHT_WORDS, WORST_FIRST, Light
from duban.editions.unscheduled import missing_in_january
from duban.figures.measures import MEASURES, MeasureRate, left_out_words
from duban.units.service import unit_named

if TYPE_CHECKING:
    from duban.reports.board import Board, BoardLine, Cell

# Shapes differ as well as words, so that a print in black and white and any eye can tell them apart.
SYMBOLS = {Light.RED: "▲", Light.YELLOW: "◆", Light.GREEN: "●", Light.GREY: "○"}
STYLES = {Light.RED: "bold red", Light.YELLOW: "yellow", Light.GREEN: "green", Light.GREY: "dim"}
# In the overview a campaign names its worst units; --campaign shows all of them page by page.
NAMED = 2
PAGE_SIZE = 50
_WANT_A_LOOK = (Light.RED, Light.YELLOW)
TODAY_LINES = 10


@command(None, "board", "on")
def board(
    call: Call,
    campaign: Annotated[
        str | None, typer.Option("--campaign", help="只看这项行动：编码，或名称的一部分；逐单位列出。")
    ] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="只看这个单位：编码、名称或别名。")] = None,
    year: Annotated[int | None, typer.Option("--year", help="年度。")] = None,
    page: Annotated[int, typer.Option("--page", min=1, help="逐单位列出时的第几页。")] = 1,
) -> Answer:
    """灯表：各专项行动、各单位的灯和办结率，今日转红；灯与提醒所据的完全一致。"""
    # The tables are imported by whoever asks for them, not for the list of commands.
    from duban.reports.board import read_board

    found = read_board(
        call.bureau,
        by=SYSTEM,
        today=call.today,
        year=year,
        campaign=campaign,
        unit_ids=(unit_named(call.bureau, unit).id,) if unit else (),
        cells=PAGE_SIZE if campaign or call.as_json else NAMED,
        page=page,
    )
    # Every light with its word, every rate with part, whole and what is printed.
    missing = missing_in_january(call.bureau, call.today, by=SYSTEM)
    answer = {
        "as_of_on": found.as_of_on,
        "unscheduled": missing,
        "provisional": found.provisional,
        "lights": found.lights,
        "rates": _rates(found.rates),
        "left_out": found.left_out,
        "campaigns": [
            _lit(line) | {"cells": [_lit(cell) for cell in line.cells]} for line in found.campaigns
        ],
        "turned_red_total": found.turned_red_total,
        "turned_red": found.turned_red,
        "definitions": {key: one.definition for key, one in MEASURES.items()},
    }
    return Answer(
        answer,
        (one.sentence for one in missing),
        _board_words(found, page=page if campaign is not None else None),
    )


def _lit(one: Cell | BoardLine) -> dict[str, object]:
    own = {field.name: getattr(one, field.name) for field in fields(one) if field.name != "tally"}
    return own | {"light": one.light, "word": LIGHT_WORDS[one.light], "rates": _rates(one.rates)}


def _rates(rates: Iterable[MeasureRate]) -> dict[str, dict[str, object]]:
    return {
        one.key: {"name": one.name, "part": one.part, "whole": one.whole, "shown": one.shown} for one in rates
    }


def _board_words(found: Board, *, page: int | None) -> Iterator[Words]:
    """With a page every campaign unit by unit, else one line for each that wants a look."""
    provisional = "（* 所涉年份放假安排未公布，日期为暂定）" if found.provisional else ""
    yield f"灯表 截至 {found.as_of_on}{provisional}"
    if found.campaigns:
        counted = (Text(f"{_lamp(light)}{found.lights[light]}项", STYLES[light]) for light in WORST_FIRST)
        yield lambda: Console(highlight=False).print(Text("  ").join(counted), soft_wrap=True)
        yield "，".join(f"{one.name} {one.exact}" for one in found.rates)
        if left_out := left_out_words(found.tally):
            yield f"不计入的：{left_out}。"
    else:
        yield "没有在办的专项行动，请先用 duban calendar apply 载入并发布，或放宽条件。"
    yield from _turned_red(found)
    if page is not None:
        yield from (_matrix(line, page) for line in found.campaigns)
    else:
        if busy := [line for line in found.campaigns if line.light in _WANT_A_LOOK]:
            yield _overview(busy)
        # Where everything is green or not counted no campaign needs a line of its own.
        if calm := [line for line in found.campaigns if line.light not in _WANT_A_LOOK]:
            names = "、".join(f"{line.name}{line.year}" for line in calm)
            yield f"另有{len(calm)}项行动没有红灯、黄灯：{names}"
    for line in found.campaigns:
        if line.fault:
            yield f"注意：{line.name}{line.year}有任务判不出灯，按灰灯列：{line.fault}"
    yield from (f"{one.name}＝{one.definition}。" for one in MEASURES.values())


def _turned_red(found: Board) -> Iterator[Words]:
    total = found.turned_red_total
    if not total:
        yield "今日转红：无。"
        return
    shown = found.turned_red[:TODAY_LINES]
    rows = (
        (
            one.obligation_id,
            f"{one.campaign} {one.year}",
            f"{one.milestone}（{one.label}）" if one.label else one.milestone,
            f"{one.unit}·{one.subject}" if one.subject else one.unit,
            f"{SYMBOLS[Light.RED]}{one.word}",
            one.due_on,
        )
        for one in shown
    )
    yield Table(f"今日转红（{total}项）", ("编号", "专项行动", "节点", "责任单位", "灯", "时限"), rows)
    if total > len(shown):
        yield f"仅列前{len(shown)}项，其余请用 duban obligation list --light red 查看。"


def _overview(lines: Sequence[BoardLine]) -> Callable[[], None]:
    """One line a campaign, its worst units beside it: the matrix folded to what wants a look."""
    table = RichTable(title="各专项行动（红灯多的在前）", title_justify="left", box=None, pad_edge=False)
    for name in ("灯", "专项行动", "红", "黄", "绿", "灰", "按时办结率", "红灯、黄灯单位"):
        numeric = len(name) == 1 and name != "灯"
        table.add_column(
            name,
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=name in ("灯", "按时办结率"),
        )
    for line in lines:
        counts = (str(line.lights[light]) for light in WORST_FIRST)
        name = f"{line.name} {line.year}{'*' if line.provisional else ''}"
        table.add_row(_light(line.light), Text(name), *counts, line.rates[0].shown, _worst_units(line))
    return lambda: Console(highlight=False).print(table)


def _worst_units(line: BoardLine) -> Text:
    """▲金坛区民政局2 ◆天宁区民政局 等5家: which units make the line red or yellow, how often."""
    wanted = [cell for cell in line.cells if cell.light in _WANT_A_LOOK]
    text = Text()
    for cell in wanted:
        number = cell.lights[cell.light]
        text.append(SYMBOLS[cell.light], STYLES[cell.light]).append(
            f"{cell.unit}{number if number > 1 else ''} "
        )
    every = sum(line.units[light] for light in _WANT_A_LOOK)
    if every > len(wanted):
        text.append(f"等{every}家")
    return text


def _matrix(line: BoardLine, page: int) -> Callable[[], None]:
    """The units of one campaign, a line each."""
    every = sum(line.units.values())
    of = f"，第{page}页，共{every}个单位" if every > len(line.cells) else ""
    star = "*" if line.provisional else ""
    title = f"{line.name} {line.year}{star}{of}"
    table = RichTable(title=title, title_justify="left", box=None, pad_edge=False)
    for name in ("灯", "责任单位", "红", "黄", "绿", "灰", "按时办结率", "办结率"):
        table.add_column(name, overflow="fold")
    for cell in line.cells:
        counts = (str(cell.lights[light]) for light in WORST_FIRST)
        shown = (f"{one.shown}（{one.part}/{one.whole}）" for one in cell.rates[:2])
        table.add_row(_light(cell.light), Text(cell.unit), *counts, *shown)
    return lambda: Console(highlight=False).print(table)


def _lamp(light: Light) -> str:
    return f"{SYMBOLS[light]}{LIGHT_WORDS[light]}"


def _light(light: Light) -> Text:
    return Text(_lamp(light), STYLES[light])
