"""One unit at a time: enter it, change it, retire it, by the same rules of names and superiors as a sheet of units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from duban.bureau import Bureau
from duban.core.access import Actor, Role, visible_units
from duban.core.db import rollback_dry_run
from duban.core.errors import NotFound, refuse
from duban.core.text import cleaned
from duban.history.queries import append_entry
from duban.units.importing import CHANNELS, DUTIES, UNIT_KINDS, UnitsImported, WantedUnit, enter_units
from duban.units.queries import (
    ContactEntry,
    UnitEntry,
    aliases_of,
    all_units,
    contact_by_id,
    contacts_of,
    find_unit,
    insert_contacts,
    names_in_use,
    unfinished_of_unit,
    unit_by_id,
    units_by_id,
    update_contacts,
    update_units,
)
from duban.units.rules import keeping_refusals
from notifications.letters import is_address

LONGEST_CODE, LONGEST_NAME = 64, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitWords:
    """A unit as somebody types it; `parent` is any name of the superior, empty for none or as it was."""

    code: str
    name: str
    kind: str
    parent: str = ""
    aliases: tuple[str, ...] = ()


def add_unit(
    bureau: Bureau, words: UnitWords, *, by: Actor, now: datetime, dry_run: bool = False
) -> UnitsImported:
    """A new unit; its code stays for good."""
    with bureau.store.reading() as connection:
        there = any(one.code == cleaned(words.code) for one in all_units(connection))
    taken = (f"编码{words.code}已有单位使用，请另取编码，或修改那个单位。",) if there else ()
    refuse(*keeping_refusals(by, "登记单位"), *_faults(words), *taken)
    return enter_units(bureau, (_wanted(words),), by=by, now=now, dry_run=dry_run)


def change_unit(
    bureau: Bureau, words: UnitWords, *, by: Actor, now: datetime, dry_run: bool = False
) -> UnitsImported:
    """Another name, kind, superior, or more names it is known by; the old names still find it."""
    with bureau.store.reading() as connection:
        if all(one.code != words.code for one in all_units(connection)):
            raise NotFound(f"没有编码为 {words.code} 的单位，请在单位列表中查看。")
    refuse(*keeping_refusals(by, "修改单位"), *_faults(words))
    return enter_units(bureau, (_wanted(words),), by=by, now=now, dry_run=dry_run)


def retire_unit(
    bureau: Bureau, unit_id: int, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> UnitEntry:
    """The unit is handed nothing more. What it still owes is forwarded or waived first."""
    reason = cleaned(reason)
    with bureau.store.writing() as connection:
        found = unit_by_id(connection, unit_id)
        if found is None:
            raise NotFound(f"没有编号为 {unit_id} 的单位，请在单位列表中查看。")
        left = unfinished_of_unit(connection, unit_id)
        refuse(*keeping_refusals(by, "停用单位"), *_retiring(found, left, reason))
        values = {"code": found.code, "b_name": found.name, "b_kind": found.kind}
        row = {"b_id": found.id, **values, "b_parent_id": found.parent_id, "b_active": False}
        update_units(connection, [row])
        append_entry(
            connection,
            at=now,
            by=by,
            verb="retire_unit",
            noun="unit",
            noun_id=unit_id,
            unit_id=unit_id,
            detail={"name": found.name, "reason": reason},
            flow_run_id=bureau.flow_run_id,
        )
        if dry_run:
            rollback_dry_run(connection)
    return found


def _retiring(found: UnitEntry, left: int, reason: str) -> tuple[str, ...]:
    own = []
    if not found.active:
        own.append(f"{found.name}已停用，不必再停用。")
    if left:
        own.append(f"{found.name}还有{left}项未办结任务，请先改派或免办。")
    if not reason:
        own.append("停用单位要写明原因，请补写。")
    return tuple(own)


def _faults(words: UnitWords) -> tuple[str, ...]:
    own = []
    if not cleaned(words.code) or len(words.code) > LONGEST_CODE:
        own.append(f"请填写编码，不超过{LONGEST_CODE}字；编码定了就不改。")
    if not cleaned(words.name) or len(words.name) > LONGEST_NAME:
        own.append(f"请填写单位名称，不超过{LONGEST_NAME}字。")
    if words.kind not in UNIT_KINDS:
        own.append(f"类别请选：{'、'.join(UNIT_KINDS.values())}。")
    return tuple(own)


def _wanted(words: UnitWords) -> WantedUnit:
    return WantedUnit(
        code=cleaned(words.code),
        name=cleaned(words.name),
        kind=words.kind,
        parent=cleaned(words.parent) or None,
        aliases=tuple(name for alias in words.aliases if (name := cleaned(alias))),
    )


LONGEST_CONTACT_NAME, LONGEST_ADDRESS, LAST_RANK = 64, 300, 99


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWords:
    """A contact as somebody types it; rank 1 is told first."""

    name: str
    duty: str
    channel: str
    address: str
    rank: int | None = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactKept:
    """The contact as it stands now, and whose it is."""

    contact: ContactEntry
    unit: str


def add_contact(
    bureau: Bureau, unit_id: int, words: ContactWords, *, by: Actor, now: datetime, dry_run: bool = False
) -> ContactKept:
    """A new contact, or one that had been retired at the same address, in use again."""
    with bureau.store.writing() as connection:
        unit = _unit(connection, unit_id)
        kept = contacts_of(connection, unit_id)
        known = next((one for one in kept if _place(one) == (words.channel, words.address.strip())), None)
        taken = known is not None and known.active
        refuse(*keeping_refusals(by, "登记联系人"), *_keep_contacts_faults(words, taken=taken))
        _write(connection, unit_id, known, words)
        return _record(bureau, connection, unit, words, "add_contact", by, now, dry_run=dry_run)


def change_contact(
    bureau: Bureau, contact_id: int, words: ContactWords, *, by: Actor, now: datetime, dry_run: bool = False
) -> ContactKept:
    """Another name, duty, rank or address. A new address is a contact of its own, so that sent letters keep theirs."""
    with bureau.store.writing() as connection:
        before = _contact(connection, contact_id)
        unit = _unit(connection, before.unit_id)
        kept = contacts_of(connection, before.unit_id)
        place = (words.channel, words.address.strip())
        known = next((one for one in kept if _place(one) == place), None)
        taken = known is not None and known.active and known.id != before.id
        refuse(*keeping_refusals(by, "修改联系人"), *_keep_contacts_faults(words, taken=taken))
        _write(connection, before.unit_id, known, words)
        if known is None or known.id != before.id:
            _switch_off(connection, before)
        return _record(bureau, connection, unit, words, "change_contact", by, now, dry_run=dry_run)


def retire_contact(
    bureau: Bureau, contact_id: int, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> ContactKept:
    """Nothing is sent there any more; what was sent stays on record."""
    reason = cleaned(reason)
    with bureau.store.writing() as connection:
        before = _contact(connection, contact_id)
        unit = _unit(connection, before.unit_id)
        refuse(
            *keeping_refusals(by, "停用联系人"),
            *(() if before.active else (f"{before.name}已停用，不必再停用。",)),
            *(() if reason else ("停用联系人要写明原因，请补写。",)),
        )
        _switch_off(connection, before)
        words = ContactWords(
            name=before.name,
            duty=before.duty,
            channel=before.channel,
            address=before.address,
            rank=before.rank,
        )
        return _record(
            bureau, connection, unit, words, "retire_contact", by, now, reason=reason, dry_run=dry_run
        )


def _unit(connection: Connection, unit_id: int) -> UnitEntry:
    found = unit_by_id(connection, unit_id)
    if found is None:
        raise NotFound(f"没有编号为 {unit_id} 的单位，请在单位列表中查看。")
    return found


def _contact(connection: Connection, contact_id: int) -> ContactEntry:
    found = contact_by_id(connection, contact_id)
    if found is None:
        raise NotFound(f"没有编号为 {contact_id} 的联系人，请在单位页面查看。")
    return found


def _place(one: ContactEntry) -> tuple[str, str]:
    return one.channel, one.address


def _keep_contacts_faults(words: ContactWords, *, taken: bool) -> tuple[str, ...]:
    """Everything that is wrong with what was typed."""
    own = []
    name, address = cleaned(words.name), words.address.strip()
    if not name or len(name) > LONGEST_CONTACT_NAME:
        own.append(f"联系人要写姓名，不超过{LONGEST_CONTACT_NAME}字，请改正。")
    if words.duty not in DUTIES:
        own.append(f"职责请选：{'、'.join(DUTIES.values())}。")
    if words.channel not in CHANNELS:
        own.append(f"渠道请选：{'、'.join(CHANNELS.values())}。")
    if not address or len(address) > LONGEST_ADDRESS or cleaned(address) != address:
        own.append("请填写地址。")
    elif words.channel == "mail" and not is_address(address):
        own.append(f"“{address}”不是有效的邮箱地址，请改正。")
    if words.rank is None or not 1 <= words.rank <= LAST_RANK:
        own.append(f"顺位应是1到{LAST_RANK}的整数，1最先收到，请改正。")
    if taken:
        own.append(f"本单位已有联系人使用“{address}”，请修改那一位，或换一个地址。")
    return tuple(own)


def _write(connection: Connection, unit_id: int, known: ContactEntry | None, words: ContactWords) -> None:
    values = {"name": cleaned(words.name), "duty": words.duty, "rank": words.rank, "active": True}
    if known is None:
        place = {"unit_id": unit_id, "channel": words.channel, "address": words.address.strip()}
        insert_contacts(connection, [place | values])
    else:
        row = {f"b_{key}": value for key, value in values.items()}
        update_contacts(connection, [{"b_id": known.id, **row}])


def _switch_off(connection: Connection, one: ContactEntry) -> None:
    row = {"b_id": one.id, "b_name": one.name, "b_duty": one.duty, "b_rank": one.rank, "b_active": False}
    update_contacts(connection, [row])


def _record(
    bureau: Bureau,
    connection: Connection,
    unit: UnitEntry,
    words: ContactWords,
    verb: str,
    by: Actor,
    now: datetime,
    *,
    reason: str | None = None,
    dry_run: bool,
) -> ContactKept:
    place = (words.channel, words.address.strip())
    kept = contacts_of(connection, unit.id)
    contact = next(one for one in kept if _place(one) == place)
    detail = {"name": contact.name, "duty": contact.duty, "address": contact.address, "reason": reason}
    append_entry(
        connection,
        at=now,
        by=by,
        verb=verb,
        noun="unit",
        noun_id=unit.id,
        unit_id=unit.id,
        detail={key: value for key, value in detail.items() if value is not None},
        flow_run_id=bureau.flow_run_id,
    )
    if dry_run:
        rollback_dry_run(connection)
    return ContactKept(contact=contact, unit=unit.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLine:
    """One line of the register; `contacts` counts those in use."""

    id: int
    code: str
    name: str
    kind: str
    parent: str | None
    active: bool
    contacts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitShown:
    """One unit with all it is known by and everyone who is told."""

    id: int
    code: str
    name: str
    kind: str
    parent: str | None
    active: bool
    aliases: tuple[str, ...]
    contacts: tuple[ContactEntry, ...]


def list_units(bureau: Bureau, *, by: Actor) -> tuple[UnitLine, ...]:
    """Every unit that the person may see, in the order they were entered."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        units = all_units(connection)
        contacts = contacts_of(connection)
    names = {one.id: one.name for one in units}
    counts: dict[int, int] = {}
    for contact in contacts:
        counts[contact.unit_id] = counts.get(contact.unit_id, 0) + contact.active
    return tuple(
        UnitLine(
            id=one.id,
            code=one.code,
            name=one.name,
            kind=one.kind,
            parent=names.get(one.parent_id) if one.parent_id else None,
            active=one.active,
            contacts=counts.get(one.id, 0),
        )
        for one in units
        if sight.sees(one.id)
    )


def show_unit(bureau: Bureau, name: str, *, by: Actor) -> UnitShown:
    """The unit of that code, name or alias; NotFound with the next step."""
    with bureau.store.reading() as connection:
        found = find_unit(connection, name)
        if found is None or not visible_units(by).sees(found.id):
            raise NotFound(f"没有叫“{name}”的单位，请核对名称，或先登记单位。")
        return _shown(connection, found)


def show_unit_by_id(bureau: Bureau, unit_id: int, *, by: Actor) -> UnitShown:
    """The unit of that number; NotFound for one that the person may not see."""
    with bureau.store.reading() as connection:
        found = unit_by_id(connection, unit_id)
        if found is None or not visible_units(by).sees(unit_id):
            raise NotFound(f"没有编号为 {unit_id} 的单位，请在单位列表中查看。")
        return _shown(connection, found)


def _shown(connection: Connection, found: UnitEntry) -> UnitShown:
    parents = units_by_id(connection, [found.parent_id] if found.parent_id else [])
    return UnitShown(
        id=found.id,
        code=found.code,
        name=found.name,
        kind=found.kind,
        parent=parents.get(found.parent_id) if found.parent_id else None,
        active=found.active,
        aliases=tuple(sorted(aliases_of(connection, found.id))),
        contacts=contacts_of(connection, found.id),
    )


# A longer list is no help in choosing; then the name is typed.
MOST_UNIT_NAMES = 200


def name_units(bureau: Bureau, *, by: Actor, besides: int) -> tuple[str, ...]:
    """Every unit in use but that one; nothing for whoever gives nothing on, and nothing where there are too many."""
    if by.person_id is not None and not by.roles & {Role.HANDLER, Role.COORDINATOR}:
        return ()
    with bureau.store.reading() as connection:
        names = names_in_use(connection, besides=besides, limit=MOST_UNIT_NAMES + 1)
    return names if len(names) <= MOST_UNIT_NAMES else ()


def unit_named(bureau: Bureau, name: str) -> UnitEntry:
    """The unit of that code, name or alias."""
    with bureau.store.reading() as connection:
        found = find_unit(connection, name)
    if found is None:
        raise NotFound(f"没有名为“{name}”的单位，请核对单位名称。")
    return found
