"""A sheet of units, or the unit book beside the calendars, as the units that are wanted, with every fault by row.

A unit with several contacts stands on several rows with the same code. Knows no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from calendars.reader.units import KINDS, UnitBook, name_key
from duban.bureau import Bureau
from duban.core.access import Actor
from duban.core.db import advisory_lock, rollback_dry_run
from duban.core.errors import Refused
from duban.history.queries import append_entry
from duban.imports.reading import SheetRow, read_rows, refuse_rows
from duban.units.queries import (
    ContactEntry,
    aliases_of,
    all_units,
    contacts_of,
    insert_aliases,
    insert_contacts,
    insert_units,
    update_contacts,
    update_units,
)
from duban.units.rules import keeping_refusals
from notifications.letters import is_address

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


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsImported:
    """What an import changed: units by name, contacts by number."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: int = 0
    contacts_new: int = 0
    contacts_changed: int = 0
    contacts_off: int = 0

    @property
    def anything(self) -> bool:
        return bool(
            self.new or self.changed or self.contacts_new or self.contacts_changed or self.contacts_off
        )


def import_units(
    bureau: Bureau, path: Path, *, by: Actor, now: datetime, dry_run: bool = False
) -> UnitsImported:
    """Enter the units of a csv or xlsx sheet; refused as a whole, with every fault and its row number."""
    wanted, faults = units_in_sheet(path)
    return _enter(bureau, wanted, faults, by=by, now=now, dry_run=dry_run)


def import_unit_book(
    bureau: Bureau, book: UnitBook, *, by: Actor, now: datetime, dry_run: bool = False
) -> UnitsImported:
    """Enter the units that the campaign files name."""
    return _enter(bureau, units_in_book(book), (), by=by, now=now, dry_run=dry_run)


def enter_units(
    bureau: Bureau, wanted: Sequence[WantedUnit], *, by: Actor, now: datetime, dry_run: bool = False
) -> UnitsImported:
    """Enter units that somebody typed in."""
    return _enter(bureau, wanted, (), by=by, now=now, dry_run=dry_run)


def _enter(
    bureau: Bureau,
    wanted: Sequence[WantedUnit],
    faults: Sequence[str],
    *,
    by: Actor,
    now: datetime,
    dry_run: bool,
) -> UnitsImported:
    if reasons := keeping_refusals(by, "导入单位"):
        raise Refused(reasons)
    with bureau.store.writing() as connection:
        advisory_lock(connection)
        register = _Register(connection)
        refuse_rows([*faults, *_name_faults(wanted, register)])
        done = register.enter(wanted)
        if dry_run:
            rollback_dry_run(connection)
        elif done.anything:
            detail = {"new": len(done.new), "changed": list(done.changed), "contacts": done.contacts_new}
            append_entry(
                connection,
                at=now,
                by=by,
                verb="import",
                noun="unit",
                detail=detail,
                flow_run_id=bureau.flow_run_id,
            )
    return done


class _Register:
    """The register as it stands inside one transaction, and the writing of what differs."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.units = {one.code: one for one in all_units(connection)}
        self.aliases = aliases_of(connection)

    def enter(self, wanted: Sequence[WantedUnit]) -> UnitsImported:
        before = self.units
        new = [one for one in wanted if one.code not in before]
        rows = [{"code": one.code, "name": one.name, "kind": one.kind, "active": True} for one in new]
        insert_units(self.connection, rows)
        self.units = {one.code: one for one in all_units(self.connection)}
        changed = self._name_and_place(wanted, before)
        contacts = self._contacts(wanted)
        return UnitsImported(
            new=tuple(one.name for one in new),
            changed=tuple(changed),
            unchanged=len(wanted) - len(new) - len(changed),
            contacts_new=len(contacts.new),
            contacts_changed=contacts.changed,
            contacts_off=contacts.off,
        )

    def _name_and_place(self, wanted: Sequence[WantedUnit], before: Mapping[str, object]) -> list[str]:
        """Aliases first, because a parent may be named by one; returns the names of units that changed."""
        changed: dict[str, None] = {}
        aliases = []
        for one in wanted:
            for key in _keys(one):
                if key not in self.aliases:
                    self.aliases[key] = self.units[one.code].id
                    aliases.append({"alias_key": key, "unit_id": self.units[one.code].id})
                    changed[one.code] = None
        insert_aliases(self.connection, aliases)
        rows = [row for one in wanted if (row := self._difference(one))]
        update_units(self.connection, rows)
        changed |= dict.fromkeys(str(row["code"]) for row in rows)
        names = {one.code: one.name for one in wanted}
        return [names[code] for code in changed if code in before]

    def _difference(self, one: WantedUnit) -> dict[str, object] | None:
        stands = self.units[one.code]
        parent = self._id(one.parent) if one.parent else stands.parent_id
        if (stands.name, stands.kind, stands.parent_id, stands.active) == (one.name, one.kind, parent, True):
            return None
        return {
            "b_id": stands.id,
            "code": one.code,
            "b_name": one.name,
            "b_kind": one.kind,
            "b_parent_id": parent,
            "b_active": True,
        }

    def _id(self, name: str) -> int:
        """A unit by any name; one that came without a sheet may have no aliases of its own."""
        key = name_key(name)
        named = (one.id for one in self.units.values() if key in (name_key(one.name), name_key(one.code)))
        return self.aliases[key] if key in self.aliases else next(named)

    def _contacts(self, wanted: Sequence[WantedUnit]) -> _Contacts:
        kept: dict[int, list[ContactEntry]] = {}
        for contact in contacts_of(self.connection):
            kept.setdefault(contact.unit_id, []).append(contact)
        found = _Contacts()
        for one in wanted:
            unit_id = self.units[one.code].id
            if one.contacts:
                _compare(one, unit_id, kept.get(unit_id, []), found)
        insert_contacts(self.connection, found.new)
        update_contacts(self.connection, found.rows)
        return found


@dataclass(slots=True)
class _Contacts:
    new: list[dict[str, object]] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)
    changed: int = 0
    off: int = 0


def _compare(one: WantedUnit, unit_id: int, kept: Sequence[ContactEntry], found: _Contacts) -> None:
    """What makes the contacts of one unit those of the sheet."""
    stored = {(contact.channel, contact.address): contact for contact in kept}
    wanted = {(contact.channel, contact.address): contact for contact in one.contacts}
    for place, contact in wanted.items():
        values = (contact.name, contact.duty, contact.rank, True)
        known = stored.get(place)
        if known is None:
            found.new.append(
                {
                    "unit_id": unit_id,
                    "name": contact.name,
                    "duty": contact.duty,
                    "channel": contact.channel,
                    "address": contact.address,
                    "rank": contact.rank,
                    "active": True,
                }
            )
        elif (known.name, known.duty, known.rank, known.active) != values:
            found.rows.append(_row(known.id, *values))
            found.changed += 1
    for place, gone in stored.items():
        if place not in wanted and gone.active:
            found.rows.append(_row(gone.id, gone.name, gone.duty, gone.rank, False))
            found.off += 1


def _row(contact_id: int, name: str, duty: str, rank: int, active: bool) -> dict[str, object]:
    return {"b_id": contact_id, "b_name": name, "b_duty": duty, "b_rank": rank, "b_active": active}


def _keys(one: WantedUnit) -> dict[str, str]:
    """Every key the unit is found by, with the name it came from."""
    return {name_key(name): name for name in (one.code, one.name, *one.aliases)}


def _name_faults(wanted: Sequence[WantedUnit], register: _Register) -> list[str]:
    """Names that mean two units, superiors nobody knows, circles of superiors."""
    faults: list[str] = []
    owners = {name_key(name): code for code, unit in register.units.items() for name in (code, unit.name)}
    by_id = {unit.id: code for code, unit in register.units.items()}
    owners |= {key: by_id[unit_id] for key, unit_id in register.aliases.items()}
    for one in wanted:
        for key, name in _keys(one).items():
            owner = owners.setdefault(key, one.code)
            if owner != one.code:
                faults.append(_at(one, f"“{name}”已是编码{owner}的名称，一个名称只能指一个单位，请写全称。"))
    parents = {one.code: owners.get(name_key(one.parent)) for one in wanted if one.parent}
    for one in wanted:
        if one.parent and parents[one.code] is None:
            faults.append(_at(one, f"上级“{one.parent}”没有登记，请改正名称或先登记它。"))
        elif one.parent and _circular(one.code, parents):
            faults.append(_at(one, f"{one.name}的上级绕回了自己，请改正上级。"))
    return faults


def _circular(code: str, parents: Mapping[str, str | None]) -> bool:
    seen: set[str] = set()
    at: str | None = code
    while at is not None and at not in seen:
        seen.add(at)
        at = parents.get(at)
    return at == code


def _at(one: WantedUnit, message: str) -> str:
    return f"第{one.row}行：{message}" if one.row else message
