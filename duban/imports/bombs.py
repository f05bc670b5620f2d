"""Refuses a workbook or container that would unfold absurdly, before anything of it is read."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from duban.core.errors import Refused

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
)
_PLACE = re.compile(rb'<(?:\w+:)?c\b[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')
_MB = 1024 * 1024
# A cell's beginning may lie across two chunks.
_OVERLAP = 300


def cells_of(path: Path, name: str) -> int:
    """The largest extent of any of its sheets, in cells. Raises Refused for what is no xlsx."""
    try:
        with zipfile.ZipFile(path) as archive:
            # A workbook says itself where its sheets lie, so every part that could be one is looked at.
            parts = [part for part in archive.namelist() if part.lower().endswith(".xml")]
            return max((_extent(archive, part) for part in parts), default=0)
    except _BROKEN:
        raise Refused(f"“{name}”打不开或已损坏，请用表格软件另存一份再导入。") from None


def _extent(archive: zipfile.ZipFile, part: str) -> int:
    """From the first cell to the last row and column that any cell names."""
    last_row = last_column = 0
    rest = b""
    with archive.open(part) as file:
        while chunk := file.read(_MB):
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


class _Scale:
    """What may still be unfolded and unpacked, over all containers inside each other."""

    def __init__(self, name: str) -> None:
        self.name, self.unfolded, self.unpacked = name, MOST_UNFOLDED, _MOST_UNPACKED

    def take(self, *, unfolded: int = 0, unpacked: int = 0) -> None:
        self.unfolded -= unfolded
        self.unpacked -= unpacked
        if self.unfolded < 0 or self.unpacked < 0:
            raise self.refusal()

    def refusal(self) -> Refused:
        return Refused(
            f"“{self.name}”展开后异常庞大或层层嵌套，疑似压缩炸弹，没有收下；请另存为普通文件或 PDF 后再报。"
        )


def refuse_bombs(source: BinaryIO, name: str) -> None:
    """Refuse a container with an absurd size, ratio, number of parts or depth, and one that is broken."""
    try:
        _weigh(source, _Scale(name), depth=1)
    except _BROKEN:
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
        scale.take(unfolded=unfolded)
        for part in parts:
            if not part.filename.lower().endswith(_INNER) or not part.file_size:
                continue
            scale.take(unpacked=part.file_size)
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
