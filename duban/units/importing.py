"""A sheet of units, or the unit book beside the calendars, as the units that are wanted, with every fault by row.

A unit with several contacts stands on several rows with the same code. Knows no database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from calendars.reader.units import KINDS, UnitBook, name_key
from duban.bureau import Bureau
from duban.core.access import Actor
from duban.core.db import Connection, advisory_lock
from duban.core.errors import refuse
from duban.history.service import acting
from duban.imports.sheets import Column, RowFaults, SheetRow, read_sheet
from duban.units.queries import (
    ContactEntry,
    UnitEntry,
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

UNIT_KINDS = {**KINDS, "town": "乡镇街道", "service": "服务机构", "social_organisation": "社会组织成员"}
DUTIES = {
    "handler": "经办人",
    "backup": "备岗",
    "deputy_leader": "分管领导",
    "leader": "主要领导",
    "officer": "处室人员",
}
CHANNELS = {"mail": "邮件", "apprise": "Apprise"}
_ALSO = {"B角": "backup", "A角": "handler", "联络员": "handler", "邮箱": "mail", "apprise": "apprise"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactInput:
    """One way to reach a unit as it shall be; rank 1 is told first, None was not given."""

    name: str
    duty: str
    channel: str
    address: str
    rank: int | None = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitInput:
    """One unit as it shall be. `parent` is any name of it. `row` is where the sheet names it first; 0: no sheet."""

    code: str
    name: str
    kind: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    contacts: tuple[ContactInput, ...] = ()
    row: int = 0


def units_in_sheet(path: Path, faults: RowFaults) -> tuple[UnitInput, ...]:
    """The units of a sheet; the faults of its rows are added. Raises Refused when it cannot be read at all."""
    units: dict[str, UnitInput] = {}
    for row in read_sheet(path, COLUMNS).rows:
        code, name = row["编码"], row["名称"]
        known = units.get(code)
        if not code:
            faults.add(row.number, "没有编码", "没有编码，请补上；编码定了就不改。")
        elif known is None and not name:
            faults.add(row.number, "没有名称", f"编码{code}没有名称，请补上。")
        elif known is not None and name and name != known.name:
            same = f"编码{code}在第{known.row}行是{known.name}，这里是{name}，请核对编码。"
            faults.add(row.number, "编码重复", same)
        else:
            kind = _code(row["类别"], UNIT_KINDS)
            if kind is None and (row["类别"] or known is None):
                words = "、".join(UNIT_KINDS.values())
                faults.add(row.number, "类别不认识", f"类别“{row['类别']}”不认识，请改成：{words}。")
            unit = known or UnitInput(code=code, name=name, kind="", row=row.number)
            units[code] = replace(
                unit,
                kind=unit.kind or kind or "",
                parent=unit.parent or row["上级"] or None,
                aliases=tuple(dict.fromkeys((*unit.aliases, *row["别名"]))),
                contacts=(*unit.contacts, *_contact(row, faults)),
            )
    return tuple(units.values())


def _contact(row: SheetRow, faults: RowFaults) -> Iterator[ContactInput]:
    name, address, rank = row["联系人"], row["地址"], row["顺位"]
    if not name and not address:
        return
    duty, channel = _code(row["职责"] or "经办人", DUTIES), _code(row["渠道"] or "邮件", CHANNELS)
    found = []
    if not name:
        found.append(f"地址{address}没有写联系人，请补上姓名。")
    if not address:
        found.append(f"联系人{name}没有写地址，请补上，或先不写这位联系人。")
    if duty is None:
        found.append(f"职责“{row['职责']}”不认识，请改成：{'、'.join(DUTIES.values())}。")
    if channel is None:
        found.append(f"渠道“{row['渠道']}”不认识，请改成：{'、'.join(CHANNELS.values())}。")
    if channel == "mail" and address and not is_address(address):
        found.append(f"“{address}”不是有效的邮箱地址，请改正。")
    if not rank.isascii() or not rank.isdigit() or not 1 <= int(rank) <= 99:
        found.append(f"顺位“{rank}”应是1到99的整数，1最先收到，请改正。")
    for message in found:
        faults.add(row.number, "联系人有误", message)
    if not found and duty and channel:
        yield ContactInput(name=name, duty=duty, channel=channel, address=address, rank=int(rank))


def _code(text: str, words: dict[str, str]) -> str | None:
    if text in words:
        return text
    return _ALSO.get(text) or next((code for code, word in words.items() if word == text), None)


def _aliases(text: str) -> list[str]:
    return [part.strip() for part in text.replace("，", "、").split("、") if part.strip()]


# A unit with several contacts stands on several rows, so that what a cell means depends on its row.
COLUMNS = (
    Column(heading="编码", required=True),
    Column(heading="名称", required=True),
    Column(heading="类别"),
    Column(heading="上级"),
    Column(heading="别名", read=_aliases),
    Column(heading="联系人"),
    Column(heading="职责"),
    Column(heading="渠道"),
    Column(heading="地址"),
    Column(heading="顺位", read=lambda text: text or "1"),
)
HEADINGS = tuple(one.heading for one in COLUMNS)


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
    faults = RowFaults()
    wanted = units_in_sheet(path, faults)
    return enter_units(bureau, wanted, by=by, now=now, dry_run=dry_run, faults=faults)


def import_unit_book(
    bureau: Bureau, book: UnitBook, *, by: Actor, now: datetime, dry_run: bool = False
) -> UnitsImported:
    """Enter the units that the campaign files name."""
    wanted = [
        UnitInput(code=one.code, name=one.name, kind=one.kind, parent=one.parent, aliases=one.aliases)
        for one in book.units
    ]
    return enter_units(bureau, wanted, by=by, now=now, dry_run=dry_run)


def enter_units(
    bureau: Bureau,
    wanted: Sequence[UnitInput],
    *,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
    faults: RowFaults | None = None,
) -> UnitsImported:
    """Make the register what is wanted; `faults` are those found before, refused together with those of the names."""
    refuse(*keeping_refusals(by, "导入单位"))
    faults = faults or RowFaults()
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        advisory_lock(act.connection)
        units = {one.code: one for one in all_units(act.connection)}
        aliases = aliases_of(act.connection)
        _check_names(wanted, units, aliases, faults)
        faults.refuse()
        new = [one for one in wanted if one.code not in units]
        insert_units(
            act.connection,
            [{"code": one.code, "name": one.name, "kind": one.kind, "active": True} for one in new],
        )
        stands = {one.code: one for one in all_units(act.connection)}
        changed = _name_and_place(act.connection, wanted, stands, aliases) & set(units)
        contacts = _contacts(act.connection, wanted, stands)
        done = UnitsImported(
            new=tuple(one.name for one in new),
            changed=tuple(one.name for one in wanted if one.code in changed),
            unchanged=len(wanted) - len(new) - len(changed),
            contacts_new=contacts["new"],
            contacts_changed=contacts["changed"],
            contacts_off=contacts["off"],
        )
        if done.anything:
            detail = {"new": len(new), "changed": list(done.changed), "contacts": done.contacts_new}
            act.note("import", "unit", detail=detail)
    return done


def _name_and_place(
    connection: Connection,
    wanted: Sequence[UnitInput],
    units: Mapping[str, UnitEntry],
    aliases: dict[str, int],
) -> set[str]:
    """Write names, kinds and superiors; returns the codes of units that are not as they were.

    Aliases come first, because a superior may be named by one.
    """
    named = {name_key(name): one.id for one in units.values() for name in (one.name, one.code)}
    new: list[dict[str, object]] = []
    rows: list[dict[str, object]] = []
    changed: set[str] = set()
    for one in wanted:
        for key in _keys(one):
            if key not in aliases:
                aliases[key] = units[one.code].id
                new.append({"alias_key": key, "unit_id": units[one.code].id})
                changed.add(one.code)
    insert_aliases(connection, new)
    # A unit that came without a sheet may have no aliases of its own.
    ids = named | aliases
    for one in wanted:
        stands = units[one.code]
        parent_id = ids[name_key(one.parent)] if one.parent else stands.parent_id
        values = {"name": one.name, "kind": one.kind, "parent_id": parent_id, "active": True}
        if any(getattr(stands, name) != value for name, value in values.items()):
            rows.append({"id": stands.id, **values})
            changed.add(one.code)
    update_units(connection, rows)
    return changed


def _contacts(
    connection: Connection, wanted: Sequence[UnitInput], units: Mapping[str, UnitEntry]
) -> Counter[str]:
    """Make the contacts of each unit that names any those of the sheet; returns how many are new, changed and off."""
    kept: dict[int, dict[tuple[str, str], ContactEntry]] = {}
    for contact in contacts_of(connection):
        kept.setdefault(contact.unit_id, {})[contact.channel, contact.address] = contact
    new: list[dict[str, object]] = []
    rows: list[dict[str, object]] = []
    counts: Counter[str] = Counter()
    for unit in wanted:
        unit_id = units[unit.code].id
        stored = kept.get(unit_id, {})
        places = {(one.channel, one.address): one for one in unit.contacts}
        for place, one in places.items():
            values = {"name": one.name, "duty": one.duty, "rank": one.rank, "active": True}
            known = stored.get(place)
            if known is None:
                new.append({"unit_id": unit_id, "channel": one.channel, "address": one.address, **values})
                counts["new"] += 1
            elif any(getattr(known, name) != value for name, value in values.items()):
                rows.append({"id": known.id, **values})
                counts["changed"] += 1
        for place, gone in stored.items() if places else ():
            if place not in places and gone.active:
                rows.append(
                    {"id": gone.id, "name": gone.name, "duty": gone.duty, "rank": gone.rank, "active": False}
                )
                counts["off"] += 1
    insert_contacts(connection, new)
    update_contacts(connection, rows)
    return counts


def _keys(one: UnitInput) -> dict[str, str]:
    """Every key the unit is found by, with the name it came from."""
    return {name_key(name): name for name in (one.code, one.name, *one.aliases)}


def _check_names(
    wanted: Sequence[UnitInput],
    units: Mapping[str, UnitEntry],
    aliases: Mapping[str, int],
    faults: RowFaults,
) -> None:
    """Names that mean two units, superiors nobody knows, circles of superiors."""
    owners = {name_key(name): code for code, unit in units.items() for name in (code, unit.name)}
    by_id = {unit.id: code for code, unit in units.items()}
    owners |= {key: by_id[unit_id] for key, unit_id in aliases.items()}
    for one in wanted:
        for key, name in _keys(one).items():
            owner = owners.setdefault(key, one.code)
            if owner != one.code:
                message = f"“{name}”已是编码{owner}的名称，一个名称只能指一个单位，请写全称。"
                faults.add(one.row, "名称重复", message)
    parents = {one.code: owners.get(name_key(one.parent)) for one in wanted if one.parent}
    for one in wanted:
        if one.parent and parents[one.code] is None:
            faults.add(one.row, "上级没有登记", f"上级“{one.parent}”没有登记，请改正名称或先登记它。")
        elif one.parent and _circular(one.code, parents):
            faults.add(one.row, "上级绕回自己", f"{one.name}的上级绕回了自己，请改正上级。")


def _circular(code: str, parents: Mapping[str, str | None]) -> bool:
    seen: set[str] = set()
    at: str | None = code
    while at is not None and at not in seen:
        seen.add(at)
        at = parents.get(at)
    return at == code
