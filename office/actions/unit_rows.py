"""A sheet of units, or the unit book beside the calendars, as the units that are wanted, with every fault by row.

A unit with several contacts stands on several rows with the same code. Knows no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from calendars.reader.units import KINDS, UnitBook
from notifications.letters import is_address
from office.actions.read_rows import SheetRow, read_rows

HEADINGS = ("编码", "名称", "类别", "上级", "别名", "联系人", "职责", "渠道", "地址", "顺位")
UNIT_KINDS = {**KINDS, "town": "乡镇街道", "service": "服务机构", "social_organisation": "社会组织成员"}
DUTIES = {"handler": "经办人", "backup": "备岗", "deputy_leader": "分管领导", "leader": "主要领导"}
CHANNELS = {"mail": "邮件", "apprise": "Apprise"}
_ALSO = {"B角": "backup", "A角": "handler", "联络员": "handler", "邮箱": "mail", "apprise": "apprise"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedContact:
    """One way to reach a unit; rank 1 is told first."""

    name: str
    duty: str
    channel: str
    address: str
    rank: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedUnit:
    """One unit as it shall be. `parent` is any name of it. `row` is where the sheet names it first; 0: no sheet."""

    code: str
    name: str
    kind: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    contacts: tuple[WantedContact, ...] = ()
    row: int = 0


@dataclass(slots=True)
class _Reading:
    """The rows read so far; faults by row, so that all are reported at once."""

    units: dict[str, WantedUnit] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def fault(self, row: int, message: str) -> None:
        self.faults.append(f"第{row}行：{message}")


def units_in_book(book: UnitBook) -> tuple[WantedUnit, ...]:
    """The units that campaign files may name."""
    return tuple(
        WantedUnit(code=one.code, name=one.name, kind=one.kind, parent=one.parent, aliases=one.aliases)
        for one in book.units
    )


def units_in_sheet(path: Path) -> tuple[tuple[WantedUnit, ...], tuple[str, ...]]:
    """The units of a sheet and the faults of its rows. Raises Refused when it cannot be read at all."""
    sheet = read_rows(path, known={name: name for name in HEADINGS}, required=("编码", "名称"))
    reading = _Reading()
    for row in sheet.rows:
        _read(row, reading)
    return tuple(reading.units.values()), tuple(reading.faults)


def _read(row: SheetRow, reading: _Reading) -> None:
    code, name = row.get("编码"), row.get("名称")
    known = reading.units.get(code)
    if not code:
        reading.fault(row.number, "没有编码，请补上；编码定了就不改。")
        return
    if known is None and not name:
        reading.fault(row.number, f"编码{code}没有名称，请补上。")
        return
    if known is not None and name and name != known.name:
        reading.fault(row.number, f"编码{code}在第{known.row}行是{known.name}，这里是{name}，请核对编码。")
        return
    unit = known or WantedUnit(code=code, name=name, kind="", row=row.number)
    reading.units[code] = replace(
        unit,
        kind=unit.kind or _kind(row, reading, required=known is None),
        parent=unit.parent or row.get("上级") or None,
        aliases=tuple(dict.fromkeys((*unit.aliases, *_split(row.get("别名"))))),
        contacts=(*unit.contacts, *_contact(row, reading)),
    )


def _kind(row: SheetRow, reading: _Reading, *, required: bool) -> str:
    text = row.get("类别")
    kind = _code(text, UNIT_KINDS)
    if kind is None and (text or required):
        words = "、".join(UNIT_KINDS.values())
        reading.fault(row.number, f"类别“{text}”不认识，请改成：{words}。")
    return kind or ""


def _contact(row: SheetRow, reading: _Reading) -> Iterator[WantedContact]:
    name, address = row.get("联系人"), row.get("地址")
    if not name and not address:
        return
    duty = _code(row.get("职责") or "经办人", DUTIES)
    channel = _code(row.get("渠道") or "邮件", CHANNELS)
    rank = row.get("顺位") or "1"
    faults = list(_contact_faults(row, duty, channel, rank))
    for message in faults:
        reading.fault(row.number, message)
    if not faults and duty and channel:
        yield WantedContact(name=name, duty=duty, channel=channel, address=address, rank=int(rank))


def _contact_faults(row: SheetRow, duty: str | None, channel: str | None, rank: str) -> Iterable[str]:
    name, address = row.get("联系人"), row.get("地址")
    if not name:
        yield f"地址{address}没有写联系人，请补上姓名。"
    if not address:
        yield f"联系人{name}没有写地址，请补上，或先不写这位联系人。"
    if duty is None:
        yield f"职责“{row.get('职责')}”不认识，请改成：{'、'.join(DUTIES.values())}。"
    if channel is None:
        yield f"渠道“{row.get('渠道')}”不认识，请改成：{'、'.join(CHANNELS.values())}。"
    if channel == "mail" and address and not is_address(address):
        yield f"“{address}”不是有效的邮箱地址，请改正。"
    if not rank.isascii() or not rank.isdigit() or not 1 <= int(rank) <= 99:
        yield f"顺位“{rank}”应是1到99的整数，1最先收到，请改正。"


def _code(text: str, words: dict[str, str]) -> str | None:
    if text in words:
        return text
    return _ALSO.get(text) or next((code for code, word in words.items() if word == text), None)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("，", "、").split("、") if part.strip()]
