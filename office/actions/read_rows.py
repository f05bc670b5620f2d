"""Reads a list that people keep in a sheet (csv, xlsx, xls, ods) row by row, under its Chinese headings.

Knows nothing of what the columns mean. Cells come as text, as people see them in the sheet.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from python_calamine import CalamineError, CalamineWorkbook

from office.errors import Refused

ENCODINGS = ("utf-8-sig", "gb18030")
_SHEETS = (".xlsx", ".xlsm", ".xls", ".ods")
SHOWN_FAULTS = 200


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its number as the sheet shows it, and its cells by heading (only headings that were asked for)."""

    number: int
    cells: Mapping[str, str]

    def get(self, heading: str) -> str:
        return self.cells.get(heading, "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """An opened list: which of the known headings it has, and its rows, read as they are asked for."""

    headings: frozenset[str]
    rows: Iterator[SheetRow]


def read_rows(path: Path, *, known: Mapping[str, str], required: Sequence[str]) -> Sheet:
    """Open a list. `known` maps every heading one may write to its canonical one; others are left aside.

    Raises Refused with the next step when the file cannot be read or lacks a required heading.
    """
    lines = _lines(path)
    first = next(lines, None)
    if first is None or not any(first):
        raise Refused(f"{path.name}是空的，请确认选对了文件；第一行应是表头。")
    places = {known[name]: place for place, name in enumerate(first) if name in known}
    missing = [name for name in required if name not in places]
    if missing:
        raise Refused(f"{path.name}的表头缺少{'、'.join(missing)}，请在第一行补上后重新导入。")
    return Sheet(headings=frozenset(places), rows=_rows(lines, places))


def refuse_rows(faults: Sequence[str]) -> None:
    """Refuse a list for all its faults at once; the first two hundred are spelled out."""
    if not faults:
        return
    more = len(faults) - SHOWN_FAULTS
    rest = [f"另有{more}处错误未列出，请先改正以上各处再导入"] if more > 0 else []
    raise Refused([*faults[:SHOWN_FAULTS], *rest])


def _rows(lines: Iterator[list[str]], places: Mapping[str, int]) -> Iterator[SheetRow]:
    for number, line in enumerate(lines, start=2):
        cells = {name: line[place] for name, place in places.items() if place < len(line)}
        if any(cells.values()):
            yield SheetRow(number, cells)


def _lines(path: Path) -> Iterator[list[str]]:
    if not path.is_file():
        raise Refused(f"找不到文件{path.name}，请检查路径。")
    suffix = path.suffix.lower()
    if suffix in _SHEETS:
        return _sheet_lines(path)
    if suffix == ".csv":
        return _csv_lines(path)
    raise Refused(f"{path.name}不是能读的表格，请另存为 csv 或 xlsx 后再导入。")


def _csv_lines(path: Path) -> Iterator[list[str]]:
    with path.open(encoding=_encoding(path), newline="") as file:
        try:
            yield from _stripped(csv.reader(file))
        except csv.Error as error:
            raise Refused(f"{path.name}不是完整的 csv（{error}），请重新导出后再导入。") from error


def _encoding(path: Path) -> str:
    """The first encoding that reads the whole file, tried piece by piece so that its size does not matter."""
    for encoding in ENCODINGS:
        try:
            with path.open(encoding=encoding, newline="") as file:
                _read_through(file)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Refused(f"{path.name}的文字编码认不出来，请另存为 UTF-8 的 csv 或 xlsx。")


def _read_through(file: IO[str]) -> None:
    while file.read(io.DEFAULT_BUFFER_SIZE * 64):
        pass


def _sheet_lines(path: Path) -> Iterator[list[str]]:
    try:
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    except (CalamineError, OSError, ValueError) as error:
        raise Refused(f"{path.name}打不开或已损坏，请用表格软件另存一份再导入。") from error
    # Calamine leaves out the empty rows above the first; row numbers shall be those people see.
    above = sheet.start[0] if sheet.start else 0
    if above:
        raise Refused(f"{path.name}的表头不在第一行，请删去上面的空行后再导入。")
    return _stripped(sheet.iter_rows())


def _stripped(lines: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    for line in lines:
        yield [_text(cell) for cell in line]


def _text(cell: Any) -> str:
    match cell:
        case str():
            return cell.strip()
        case None:
            return ""
        case bool():
            return "是" if cell else "否"
        case float():
            return str(int(cell)) if cell.is_integer() else repr(cell)
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
    return str(cell).strip()
