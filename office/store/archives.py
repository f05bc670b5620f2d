"""Whether a zip container unfolds into more than anybody could mean, told from its table of contents alone.

Word, Excel and OFD files are zip containers; a reviewer's program unpacks what we only weigh. Containers inside
are weighed too, as deep as honest files go.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from office.errors import Refused

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
