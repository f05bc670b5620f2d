"""Reads a list that people keep in a sheet (csv, xlsx, xls, ods) row by row, under its Chinese headings.

Knows nothing of what the columns mean. Cells come as text, as people see them in the sheet.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook

from duban.core.errors import Refused

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


_PLACE = re.compile(rb'<(?:\w+:)?c\b[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')
_CHUNK = 1024 * 1024
# A cell's beginning may lie across two chunks.
_OVERLAP = 300


def cells_of(path: Path, name: str) -> int:
    """The largest extent of any of its sheets, in cells. Raises Refused for what is no xlsx."""
    try:
        with zipfile.ZipFile(path) as archive:
            # A workbook says itself where its sheets lie, so every part that could be one is looked at.
            parts = [part for part in archive.namelist() if part.lower().endswith(".xml")]
            return max((_extent(archive, part) for part in parts), default=0)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        raise Refused(f"“{name}”打不开或已损坏，请用表格软件另存一份再导入。") from None


def _extent(archive: zipfile.ZipFile, part: str) -> int:
    """From the first cell to the last row and column that any cell names."""
    last_row = last_column = 0
    rest = b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            text = rest + chunk
            places = _PLACE.findall(text)
            rest = text[-_OVERLAP:]
            if not places:
                continue
            last_row = max(last_row, max(int(row) for _, row in places))
            last_column = max(last_column, max(_column(letters) for letters in {one for one, _ in places}))
    return last_row * last_column


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


_MB = 1024 * 1024
# A 50 MB workbook unfolds to some hundred MB; the densest honest sheets compress about a hundredfold.
MOST_UNFOLDED = 1024 * _MB
UNSUSPICIOUS = 64 * _MB
MOST_TIMES = 120
# 2 MB of table of contents are more than 20,000 parts; reading a longer one would cost memory.
_LONGEST_CONTENTS = 2 * _MB
# A document may hold a sheet that holds a chart; a fourth fold is a trick.
_DEEPEST = 3
_MOST_UNPACKED = 64 * _MB
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES, _LONGEST_COMMENT = 22, 65535
_INNER = (".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".ofd", ".jar", ".docm", ".xlsm")


@dataclass(slots=True)
class _Scale:
    """What may still be unfolded and unpacked, over all containers inside each other."""

    name: str
    unfolded: int = MOST_UNFOLDED
    unpacked: int = _MOST_UNPACKED

    def unfold(self, size: int) -> None:
        self.unfolded -= size
        if self.unfolded < 0:
            raise self.refusal()

    def unpack(self, size: int) -> None:
        self.unpacked -= size
        if self.unpacked < 0:
            raise self.refusal()

    def refusal(self) -> Refused:
        return Refused(
            f"“{self.name}”展开后异常庞大或层层嵌套，疑似压缩炸弹，没有收下；请另存为普通文件或 PDF 后再报。"
        )


def refuse_bombs(source: BinaryIO, name: str) -> None:
    """Refuse a container with an absurd size, ratio, number of parts or depth, and one that is broken."""
    try:
        _weigh(source, _Scale(name), depth=1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        raise Refused(f"“{name}”已损坏，打不开，请重新导出后再报。") from None
    finally:
        source.seek(0)


def _weigh(source: BinaryIO, scale: _Scale, *, depth: int) -> None:
    size = source.seek(0, io.SEEK_END)
    if _contents_bytes(source, size) > _LONGEST_CONTENTS or depth > _DEEPEST:
        raise scale.refusal()
    with zipfile.ZipFile(source) as archive:
        parts = archive.infolist()
        unfolded = sum(part.file_size for part in parts)
        if unfolded > max(UNSUSPICIOUS, MOST_TIMES * size):
            raise scale.refusal()
        scale.unfold(unfolded)
        for part in parts:
            if part.filename.lower().endswith(_INNER) and part.file_size:
                _weigh_inner(archive, part, scale, depth)


def _weigh_inner(archive: zipfile.ZipFile, part: zipfile.ZipInfo, scale: _Scale, depth: int) -> None:
    scale.unpack(part.file_size)
    # No more than the table of contents says is ever unpacked; a part that lies about it is broken.
    content = archive.read(part)
    if content.startswith(b"PK"):
        _weigh(io.BytesIO(content), scale, depth=depth + 1)


def _contents_bytes(source: BinaryIO, size: int) -> int:
    """How long the table of contents says it is; the 64-bit form, which no evidence needs, counts as endless."""
    tail = min(size, _END_BYTES + _LONGEST_COMMENT)
    source.seek(size - tail)
    end = source.read(tail)
    at = end.rfind(_END)
    if at < 0:
        raise zipfile.BadZipFile
    if end[max(at - 20, 0) : at].startswith(_END_64):
        return _LONGEST_CONTENTS + 1
    return int.from_bytes(end[at + 12 : at + 16], "little")
