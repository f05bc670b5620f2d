"""The leader's page as a sheet: a line for each campaign, with a column for each unit of the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from office.actions.read_overview import Overview, Row, Stand
from office.actions.write_sheet import write_sheet
from rules.standing import LIGHT_WORDS, WORST_FIRST


def write_board(path: Path, board: Overview) -> int:
    """Returns the number of campaigns."""
    columns = [
        ("专项行动", 28),
        ("年度", 8),
        ("灯", 8),
        *((LIGHT_WORDS[light], 8) for light in WORST_FIRST),
        *((rate.name, 14) for rate in board.stand.rates),
        *((unit.name, 16) for unit in board.units),
        *([(f"其他{board.rest_total}个单位", 16)] if board.rest else []),
        ("说明", 40),
    ]
    lines = [_line(board, row) for row in board.rows]
    return write_sheet(
        path, f"灯表{board.as_of_on:%Y-%m-%d}", columns, [*lines, _total(board)], notes=list(_notes(board))
    )


def _line(board: Overview, row: Row) -> list[object]:
    remark = "；".join(
        text
        for text in ("所涉年份放假安排未公布，日期为暂定" if row.provisional else "", row.fault or "")
        if text
    )
    return [
        row.name,
        row.year,
        *_stand(row.stand),
        *(_cell(one) for one in row.cells),
        *_rest(board, row.rest),
        remark,
    ]


def _total(board: Overview) -> list[object]:
    units = (_cell(one) for one in board.unit_stands)
    return ["合计", board.year, *_stand(board.stand), *units, *_rest(board, board.rest), ""]


def _stand(stand: Stand) -> list[object]:
    lights = [stand.lights[light] for light in WORST_FIRST]
    rates = [f"{rate.shown}（{rate.part}/{rate.whole}）" for rate in stand.rates]
    return [LIGHT_WORDS[stand.light], *lights, *rates]


def _rest(board: Overview, rest: Stand | None) -> list[object]:
    return [_cell(rest)] if board.rest else []


def _cell(stand: Stand | None) -> str:
    """红灯2、黄灯1; what has no obligation stays empty."""
    if stand is None:
        return ""
    return "、".join(
        f"{LIGHT_WORDS[light]}{stand.lights[light]}" for light in WORST_FIRST if stand.lights[light]
    )


def _notes(board: Overview) -> Iterator[str]:
    yield f"截至{board.as_of_on:%Y-%m-%d}，{board.year}年度；灯按现有事实和日历算出。"
    for rate in board.stand.rates:
        yield f"{rate.name}＝{rate.definition}。"
    yield "分母为零写“—”。"
    for one in board.left:
        lights = "、".join(
            f"{LIGHT_WORDS[light]}{one.lights[light]}" for light in WORST_FIRST if one.lights[light]
        )
        yield f"往年未办结：{one.name}{one.year}，{lights}。"
