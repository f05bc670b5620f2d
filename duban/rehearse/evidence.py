"""Evidence for a rehearsal: real files of the types that are expected, each different from every other."""

from __future__ import annotations

import struct
import zlib
from decimal import Decimal
from pathlib import Path

from calendars.model import EvidenceType, ExpectedEvidence
from duban.evidence.service import FigureItem, FileItem, LinkItem
from duban.rehearse.queries import OwedReminder

Item = FileItem | FigureItem | LinkItem


def items_for(folder: Path, owed: OwedReminder, *, nth: int) -> list[Item]:
    """One item for each thing expected; a plain document where nothing is."""
    expected = owed.evidence or (ExpectedEvidence(key="report", title="情况说明"),)
    return [_item(folder, owed, one, nth) for one in expected]


def _item(folder: Path, owed: OwedReminder, expected: ExpectedEvidence, nth: int) -> Item:
    match expected.type:
        case EvidenceType.FIGURE:
            return FigureItem(
                key=expected.key, value=_value(expected), unit_of_measure=expected.unit_of_measure
            )
        case EvidenceType.LINK:
            return LinkItem(key=expected.key, link=f"https://city.example/notice/{owed.id}-{nth}")
    ending, data = _bytes(expected.type, f"{owed.id}/{expected.key}/{nth}")
    place = folder / "handed-in"
    place.mkdir(exist_ok=True)
    path = place / f"{owed.id}-{expected.key}-{nth}.{ending}"
    path.write_bytes(data)
    return FileItem(key=expected.key, path=path)


def _value(expected: ExpectedEvidence) -> Decimal:
    low = expected.minimum if expected.minimum is not None else Decimal(1)
    return (
        expected.maximum if expected.maximum is not None and expected.maximum < low else max(low, Decimal(0))
    )


def _bytes(kind: EvidenceType, mark: str) -> tuple[str, bytes]:
    match kind:
        case EvidenceType.ROSTER:
            return "csv", f"编号,名称\n1,{mark}\n".encode("utf-8-sig")
        case EvidenceType.ATTACHMENT:
            return "png", _picture(mark)
    return "txt", f"演练材料 {mark}\n".encode()


def _picture(mark: str) -> bytes:
    """A picture of one pixel that carries its mark, so that no two are alike."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    text = _chunk(b"tEXt", b"Comment\0" + mark.encode())
    return (
        b"\x89PNG\r\n\x1a\n" + header + text + _chunk(b"IDAT", zlib.compress(b"\0\0")) + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
