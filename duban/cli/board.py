"""duban board: what is red, why, and how the year stands, for someone with one minute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from duban.cli.command import Json, On, moment
from duban.cli.output import print_json, print_table, say
from duban.core.access import SYSTEM
from duban.core.clock import civil
from duban.core.lights import LIGHT_WORDS, WORST_FIRST, Light
from duban.figures.measures import MEASURES, MeasureRate
from duban.units.service import unit_named
from duban.wiring import open_bureau

if TYPE_CHECKING:
    from duban.reports.board import Board, BoardLine, Cell, TurnedRed

# Shapes differ as well as words, so that a print in black and white and any eye can tell them apart.
SYMBOLS = {Light.RED: "▲", Light.YELLOW: "◆", Light.GREEN: "●", Light.GREY: "○"}
STYLES = {Light.RED: "bold red", Light.YELLOW: "yellow", Light.GREEN: "green", Light.GREY: "dim"}
# In the overview a campaign names its worst units; --campaign shows all of them page by page.
NAMED = 2
PAGE_SIZE = 50
_WANT_A_LOOK = (Light.RED, Light.YELLOW)
TODAY_LINES = 10


def board(
    campaign: Annotated[
        str | None, typer.Option("--campaign", help="只看这项行动：编码，或名称的一部分；逐单位列出。")
    ] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="只看这个单位：编码、名称或别名。")] = None,
    year: Annotated[int | None, typer.Option("--year", help="年度。")] = None,
    page: Annotated[int, typer.Option("--page", min=1, help="逐单位列出时的第几页。")] = 1,
    on: On = None,
    as_json: Json = False,
) -> None:
    """灯表：各专项行动、各单位的灯和办结率，今日转红；灯与提醒所据的完全一致。"""
    # The tables are imported by whoever asks for them, not for the list of commands.
    from duban.reports.board import read_board

    with open_bureau() as bureau:
        unit_ids = (unit_named(bureau, unit).id,) if unit else ()
        found = read_board(
            bureau,
            by=SYSTEM,
            today=civil(moment(on)),
            year=year,
            campaign=campaign,
            unit_ids=unit_ids,
            cells=PAGE_SIZE if campaign or as_json else NAMED,
            page=page,
        )
    if as_json:
        print_json(as_answer(found))
        return
    _print(found, detailed=campaign is not None, page=page)


def as_answer(found: Board) -> dict[str, object]:
    """The board for scripts: every light with its word, every rate with part, whole and what is printed."""
    return {
        "as_of_on": found.as_of_on,
        "provisional": found.provisional,
        "lights": found.lights,
        "rates": _rates(found.rates),
        "campaigns": [
            _lit(line) | {"cells": [_lit(cell) for cell in line.cells]} for line in found.campaigns
        ],
        "turned_red_total": found.turned_red_total,
        "turned_red": [asdict(one) for one in found.turned_red],
        "definitions": {key: one.definition for key, one in MEASURES.items()},
    }


def _lit(one: Cell | BoardLine) -> dict[str, object]:
    own = {field.name: getattr(one, field.name) for field in fields(one) if field.name != "tally"}
    return own | {"light": one.light, "word": LIGHT_WORDS[one.light], "rates": _rates(one.rates)}


def _rates(rates: Iterable[MeasureRate]) -> dict[str, dict[str, object]]:
    return {
        one.key: {"name": one.name, "part": one.part, "whole": one.whole, "shown": one.shown} for one in rates
    }


def _print(found: Board, *, detailed: bool, page: int) -> None:
    _print_head(found)
    _print_turned_red(found)
    if detailed:
        for line in found.campaigns:
            _print_units(line, page)
    else:
        _print_campaigns([line for line in found.campaigns if line.light in _WANT_A_LOOK])
        _print_calm([line for line in found.campaigns if line.light not in _WANT_A_LOOK])
    for line in found.campaigns:
        if line.fault:
            say(f"注意：{line.name}{line.year}有任务判不出灯，按灰灯列：{line.fault}")
    for one in MEASURES.values():
        say(f"{one.name}＝{one.definition}。")


def _print_head(found: Board) -> None:
    say(
        f"灯表 截至 {found.as_of_on}{'（* 所涉年份放假安排未公布，日期为暂定）' if found.provisional else ''}"
    )
    if not found.campaigns:
        say("没有在办的专项行动，请先用 duban calendar apply 载入并发布，或放宽条件。")
        return
    Console(highlight=False).print(_counted(found.lights), soft_wrap=True)
    say("，".join(f"{one.name} {one.shown}（{one.part}/{one.whole}）" for one in found.rates))


def _print_turned_red(found: Board) -> None:
    total = found.turned_red_total
    if not total:
        say("今日转红：无。")
        return
    shown = found.turned_red[:TODAY_LINES]
    rows = (
        (
            one.obligation_id,
            f"{one.campaign} {one.year}",
            _matter(one),
            _owner(one),
            f"{SYMBOLS[Light.RED]}{one.word}",
            one.due_on,
        )
        for one in shown
    )
    print_table(f"今日转红（{total}项）", ("编号", "专项行动", "节点", "责任单位", "灯", "时限"), rows)
    if total > len(shown):
        say(f"仅列前{len(shown)}项，其余请用 duban obligation list --light red 查看。")


def _print_campaigns(lines: Sequence[BoardLine]) -> None:
    """One line a campaign, its worst units beside it: the matrix folded to what wants a look."""
    if not lines:
        return
    table = Table(title="各专项行动（红灯多的在前）", title_justify="left", box=None, pad_edge=False)
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
    Console(highlight=False).print(table)


def _print_calm(lines: Sequence[BoardLine]) -> None:
    """Campaigns where everything is green or not counted need no line each."""
    if lines:
        say(
            f"另有{len(lines)}项行动没有红灯、黄灯：" + "、".join(f"{line.name}{line.year}" for line in lines)
        )


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


def _print_units(line: BoardLine, page: int) -> None:
    every = sum(line.units.values())
    of = f"，第{page}页，共{every}个单位" if every > len(line.cells) else ""
    star = "*" if line.provisional else ""
    table = Table(title=f"{line.name} {line.year}{star}{of}", title_justify="left", box=None, pad_edge=False)
    for name in ("灯", "责任单位", "红", "黄", "绿", "灰", "按时办结率", "办结率"):
        table.add_column(name, overflow="fold")
    for cell in line.cells:
        counts = (str(cell.lights[light]) for light in WORST_FIRST)
        shown = (f"{one.shown}（{one.part}/{one.whole}）" for one in cell.rates[:2])
        table.add_row(_light(cell.light), Text(cell.unit), *counts, *shown)
    Console(highlight=False).print(table)


def _light(light: Light) -> Text:
    return Text(f"{SYMBOLS[light]}{LIGHT_WORDS[light]}", STYLES[light])


def _counted(lights: Mapping[Light, int]) -> Text:
    return Text("  ").join(list(_count_parts(lights)))


def _count_parts(lights: Mapping[Light, int]) -> Iterator[Text]:
    for light in WORST_FIRST:
        yield Text(f"{SYMBOLS[light]}{LIGHT_WORDS[light]}{lights[light]}项", STYLES[light])


def _matter(one: TurnedRed) -> str:
    return f"{one.milestone}（{one.label}）" if one.label else one.milestone


def _owner(one: TurnedRed) -> str:
    return f"{one.unit}·{one.subject}" if one.subject else one.unit
