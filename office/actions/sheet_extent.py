"""How large an xlsx sheet becomes when it is laid out: rows times columns of its largest sheet, read as a stream."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from office.errors import Refused

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
