"""Writes a list as an xlsx file, row by row in constant memory. Text stays text, whatever it begins with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import xlsxwriter

# A worksheet ends at 1,048,576 rows; a longer list goes on on the next one.
ROWS = 1_000_000


def write_sheet(
    path: Path,
    title: str,
    columns: Sequence[tuple[str, int]],
    rows: Iterable[Sequence[object]],
    *,
    notes: Sequence[str] = (),
) -> int:
    """`columns` are headings with their widths; `notes` stand on a sheet of their own. Returns the number of rows."""
    written, rest = 0, iter(rows)
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        head = book.add_format({"bold": True, "bg_color": "#ECEEF2", "text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        nth = 0
        while nth == 0 or written == nth * ROWS:
            nth += 1
            sheet = book.add_worksheet(title if nth == 1 else f"{title}{nth}")
            _heading(sheet, columns, head)
            for number, row in enumerate(islice(rest, ROWS), start=1):
                for place, value in enumerate(row):
                    _cell(sheet, number, place, value, day)
                written += 1
        if notes:
            sheet = book.add_worksheet("说明")
            sheet.set_column(0, 0, 100)
            for number, note in enumerate(notes):
                sheet.write_string(number, 0, note)
    return written


def _heading(sheet: Any, columns: Sequence[tuple[str, int]], head: Any) -> None:
    sheet.freeze_panes(1, 0)
    for place, (name, width) in enumerate(columns):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, head)


def _cell(sheet: Any, number: int, place: int, value: object, day: Any) -> None:
    match value:
        case None | "":
            return
        case bool():
            sheet.write_string(number, place, "是" if value else "否")
        case int() | Decimal():
            sheet.write_number(number, place, value)
        case date():
            sheet.write_datetime(number, place, value, day)
        case _:
            sheet.write_string(number, place, str(value)[:32_000])
