"""The register of units, their contacts and who belongs to them; one at a time, by the same rules as a sheet of units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from duban.bureau import Bureau
from duban.core.access import Actor, Role, visible_units
from duban.core.db import Connection
from duban.core.errors import NotFound, refuse
from duban.core.text import cleaned
from duban.history.service import Act, acting
from duban.units.importing import (
    CHANNELS,
    DUTIES,
    UNIT_KINDS,
    ContactInput,
    UnitInput,
    UnitsImported,
    enter_units,
)
from duban.units.queries import (
    ContactEntry,
    Person,
    UnitEntry,
    UnitLine,
    aliases_of,
    all_people,
    all_units,
    answering_unit,
    contact_by_id,
    contacts_of,
    count_on_desk,
    find_actor,
    find_unit,
    insert_contacts,
    names_in_use,
    person_by_id,
    unfinished_of_unit,
    unit_by_id,
    unit_lines,
    units_by_id,
    update_contacts,
    update_units,
)
from duban.units.rules import keeping_refusals
from notifications.letters import is_address

LONGEST_CODE, LONGEST_NAME = 64, 200
LONGEST_CONTACT_NAME, LONGEST_ADDRESS, LAST_RANK = 64, 300, 99


def add_unit(
    bureau: Bureau, typed: UnitInput, *, by: Actor, now: datetime, dry_run: bool = False
) -> UnitsImported:
    """A new unit; its code stays for good."""
    with bureau.store.reading() as connection:
        there = any(one.code == cleaned(typed.code) for one in all_units(connection))
    taken = (f"编码{typed.code}已有单位使用，请另取编码，或修改那个单位。",) if there else ()
    refuse(*keeping_refusals(by, "登记单位"), *_unit_faults(typed), *taken)
    return enter_units(bureau, (_clean(typed),), by=by, now=now, dry_run=dry_run)


def change_unit(
    bureau: Bureau, typed: UnitInput, *, by: Actor, now: datetime, dry_run: bool = False
) -> UnitsImported:
    """Another name, kind, superior, or more names it is known by; the old names still find it."""
    with bureau.store.reading() as connection:
        if all(one.code != typed.code for one in all_units(connection)):
            raise NotFound(f"没有编码为 {typed.code} 的单位，请在单位列表中查看。")
    refuse(*keeping_refusals(by, "修改单位"), *_unit_faults(typed))
    return enter_units(bureau, (_clean(typed),), by=by, now=now, dry_run=dry_run)


def retire_unit(
    bureau: Bureau, unit_id: int, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> UnitEntry:
    """The unit is handed nothing more. What it still owes is forwarded or waived first."""
    reason = cleaned(reason)
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        found = _unit(act.connection, unit_id)
        left = unfinished_of_unit(act.connection, unit_id)
        refuse(
            *keeping_refusals(by, "停用单位"),
            *(() if found.active else (f"{found.name}已停用，不必再停用。",)),
            *((f"{found.name}还有{left}项未办结任务，请先改派或免办。",) if left else ()),
            *(() if reason else ("停用单位要写明原因，请补写。",)),
        )
        row = {"id": found.id, "name": found.name, "kind": found.kind, "parent_id": found.parent_id}
        update_units(act.connection, [row | {"active": False}])
        act.note(
            "retire_unit", "unit", unit_id, unit_id=unit_id, detail={"name": found.name, "reason": reason}
        )
    return found


def _unit_faults(typed: UnitInput) -> tuple[str, ...]:
    own = []
    if not cleaned(typed.code) or len(typed.code) > LONGEST_CODE:
        own.append(f"请填写编码，不超过{LONGEST_CODE}字；编码定了就不改。")
    if not cleaned(typed.name) or len(typed.name) > LONGEST_NAME:
        own.append(f"请填写单位名称，不超过{LONGEST_NAME}字。")
    if typed.kind not in UNIT_KINDS:
        own.append(f"类别请选：{'、'.join(UNIT_KINDS.values())}。")
    return tuple(own)


def _clean(typed: UnitInput) -> UnitInput:
    return replace(
        typed,
        code=cleaned(typed.code),
        name=cleaned(typed.name),
        parent=cleaned(typed.parent or "") or None,
        aliases=tuple(name for alias in typed.aliases if (name := cleaned(alias))),
    )


def add_contact(
    bureau: Bureau, unit_id: int, typed: ContactInput, *, by: Actor, now: datetime, dry_run: bool = False
) -> ContactEntry:
    """A new contact, or one that had been retired at the same address, in use again."""
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        _unit(act.connection, unit_id)
        known = _at(act.connection, unit_id, typed)
        taken = known is not None and known.active
        refuse(*keeping_refusals(by, "登记联系人"), *_contact_faults(typed, taken=taken))
        return _keep(act, unit_id, typed, known, "add_contact")


def change_contact(
    bureau: Bureau, contact_id: int, typed: ContactInput, *, by: Actor, now: datetime, dry_run: bool = False
) -> ContactEntry:
    """Another name, duty, rank or address. A new address is a contact of its own, so that sent letters keep theirs."""
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        before = _contact(act.connection, contact_id)
        known = _at(act.connection, before.unit_id, typed)
        taken = known is not None and known.active and known.id != before.id
        refuse(*keeping_refusals(by, "修改联系人"), *_contact_faults(typed, taken=taken))
        if known is None or known.id != before.id:
            _switch_off(act.connection, before)
        return _keep(act, before.unit_id, typed, known, "change_contact")


def retire_contact(
    bureau: Bureau, contact_id: int, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> ContactEntry:
    """Nothing is sent there any more; what was sent stays on record."""
    reason = cleaned(reason)
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        before = _contact(act.connection, contact_id)
        refuse(
            *keeping_refusals(by, "停用联系人"),
            *(() if before.active else (f"{before.name}已停用，不必再停用。",)),
            *(() if reason else ("停用联系人要写明原因，请补写。",)),
        )
        _switch_off(act.connection, before)
        _note(act, before, "retire_contact", reason=reason)
    return replace(before, active=False)


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


def _at(connection: Connection, unit_id: int, typed: ContactInput) -> ContactEntry | None:
    """The unit's contact at that address, in use or not."""
    place = (typed.channel, typed.address.strip())
    kept = contacts_of(connection, unit_id)
    return next((one for one in kept if (one.channel, one.address) == place), None)


def _contact_faults(typed: ContactInput, *, taken: bool) -> tuple[str, ...]:
    own = []
    name, address = cleaned(typed.name), typed.address.strip()
    if not name or len(name) > LONGEST_CONTACT_NAME:
        own.append(f"联系人要写姓名，不超过{LONGEST_CONTACT_NAME}字，请改正。")
    if typed.duty not in DUTIES:
        own.append(f"职责请选：{'、'.join(DUTIES.values())}。")
    if typed.channel not in CHANNELS:
        own.append(f"渠道请选：{'、'.join(CHANNELS.values())}。")
    if not address or len(address) > LONGEST_ADDRESS or cleaned(address) != address:
        own.append("请填写地址。")
    elif typed.channel == "mail" and not is_address(address):
        own.append(f"“{address}”不是有效的邮箱地址，请改正。")
    if typed.rank is None or not 1 <= typed.rank <= LAST_RANK:
        own.append(f"顺位应是1到{LAST_RANK}的整数，1最先收到，请改正。")
    if taken:
        own.append(f"本单位已有联系人使用“{address}”，请修改那一位，或换一个地址。")
    return tuple(own)


def _keep(act: Act, unit_id: int, typed: ContactInput, known: ContactEntry | None, verb: str) -> ContactEntry:
    """Write the contact and note it; returns it as it stands now."""
    values = {"name": cleaned(typed.name), "duty": typed.duty, "rank": typed.rank, "active": True}
    if known is None:
        place = {"unit_id": unit_id, "channel": typed.channel, "address": typed.address.strip()}
        insert_contacts(act.connection, [place | values])
    else:
        update_contacts(act.connection, [{"id": known.id, **values}])
    kept = _at(act.connection, unit_id, typed)
    assert kept is not None, "just written"
    _note(act, kept, verb)
    return kept


def _switch_off(connection: Connection, one: ContactEntry) -> None:
    values = {"name": one.name, "duty": one.duty, "rank": one.rank, "active": False}
    update_contacts(connection, [{"id": one.id, **values}])


def _note(act: Act, one: ContactEntry, verb: str, **more: object) -> None:
    said = {"name": one.name, "duty": one.duty, "address": one.address, **more}
    act.note(verb, "unit", one.unit_id, detail=said, unit_id=one.unit_id)


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
    with bureau.store.reading() as connection:
        return unit_lines(connection, visible_units(by))


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
    """The unit that answers for that code, name or alias: of a district its office."""
    with bureau.store.reading() as connection:
        return answering_unit(connection, name)


def person_named(bureau: Bureau, name: str) -> Actor:
    """The active person of that name (姓名 or 姓名@单位)."""
    with bureau.store.reading() as connection:
        found = find_actor(connection, name)
    if found is None:
        raise NotFound(f"没有名为“{name}”的在岗人员，请核对姓名；有同名人员的写成 姓名@单位。")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDesk:
    """`on_the_desk` are obligations not done that name the person; `colleagues` are handlers of the same unit."""

    person: Person
    on_the_desk: int
    colleagues: tuple[Person, ...]


def person_desk(bureau: Bureau, person_id: int, *, by: Actor) -> PersonDesk:
    """NotFound for a person of a unit that one may not see."""
    with bureau.store.reading() as connection:
        found = person_by_id(connection, person_id)
        if found is None or not visible_units(by).sees(found.unit_id):
            raise NotFound(f"没有编号为 {person_id} 的人员，请在人员列表中查看。")
        return _desk(connection, found)


def my_desk(bureau: Bureau, *, by: Actor) -> PersonDesk | None:
    """One's own desk and the other handlers of one's own unit."""
    if by.person_id is None or by.unit_id is None:
        return None
    with bureau.store.reading() as connection:
        found = person_by_id(connection, by.person_id)
        return _desk(connection, found) if found else None


def _desk(connection: Connection, found: Person) -> PersonDesk:
    return PersonDesk(
        person=found,
        on_the_desk=count_on_desk(connection, found.id),
        colleagues=tuple(
            one
            for one in all_people(connection, unit_id=found.unit_id)
            if one.active and one.id != found.id and Role.HANDLER in one.roles
        ),
    )
