"""One contact at a time: add, change, retire. A sheet of units does the same for many (import_units)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from notifications.letters import is_address
from office.actions.acting import cleaned, refuse
from office.actions.office import Office
from office.actions.unit_rows import CHANNELS, DUTIES
from office.errors import NotFound
from office.store import history
from office.store import units as store
from office.store.dry_run import take_back
from office.store.engine import Connection
from office.store.units import ContactEntry, UnitEntry
from rules.keeping import keeping_refusals
from rules.people import Actor

LONGEST_NAME, LONGEST_ADDRESS, LAST_RANK = 64, 300, 99


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
    office: Office, unit_id: int, words: ContactWords, *, by: Actor, now: datetime, dry_run: bool = False
) -> ContactKept:
    """A new contact, or one that had been retired at the same address, in use again."""
    with office.store.writing() as connection:
        unit = _unit(connection, unit_id)
        kept = store.contacts_of(connection, unit_id)
        known = next((one for one in kept if _place(one) == (words.channel, words.address.strip())), None)
        taken = known is not None and known.active
        refuse(*keeping_refusals(by, "登记联系人"), *_faults(words, taken=taken))
        _write(connection, unit_id, known, words)
        return _record(office, connection, unit, words, "add_contact", by, now, dry_run=dry_run)


def change_contact(
    office: Office, contact_id: int, words: ContactWords, *, by: Actor, now: datetime, dry_run: bool = False
) -> ContactKept:
    """Another name, duty, rank or address. A new address is a contact of its own, so that sent letters keep theirs."""
    with office.store.writing() as connection:
        before = _contact(connection, contact_id)
        unit = _unit(connection, before.unit_id)
        kept = store.contacts_of(connection, before.unit_id)
        place = (words.channel, words.address.strip())
        known = next((one for one in kept if _place(one) == place), None)
        taken = known is not None and known.active and known.id != before.id
        refuse(*keeping_refusals(by, "修改联系人"), *_faults(words, taken=taken))
        _write(connection, before.unit_id, known, words)
        if known is None or known.id != before.id:
            _switch_off(connection, before)
        return _record(office, connection, unit, words, "change_contact", by, now, dry_run=dry_run)


def retire_contact(
    office: Office, contact_id: int, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> ContactKept:
    """Nothing is sent there any more; what was sent stays on record."""
    reason = cleaned(reason)
    with office.store.writing() as connection:
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
            office, connection, unit, words, "retire_contact", by, now, reason=reason, dry_run=dry_run
        )


def _unit(connection: Connection, unit_id: int) -> UnitEntry:
    found = store.unit_by_id(connection, unit_id)
    if found is None:
        raise NotFound(f"没有编号为 {unit_id} 的单位，请在单位列表中查看。")
    return found


def _contact(connection: Connection, contact_id: int) -> ContactEntry:
    found = store.contact_by_id(connection, contact_id)
    if found is None:
        raise NotFound(f"没有编号为 {contact_id} 的联系人，请在单位页面查看。")
    return found


def _place(one: ContactEntry) -> tuple[str, str]:
    return one.channel, one.address


def _faults(words: ContactWords, *, taken: bool) -> tuple[str, ...]:
    """Everything that is wrong with what was typed."""
    own = []
    name, address = cleaned(words.name), words.address.strip()
    if not name or len(name) > LONGEST_NAME:
        own.append(f"联系人要写姓名，不超过{LONGEST_NAME}字，请改正。")
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
        store.insert_contacts(connection, [place | values])
    else:
        row = {f"b_{key}": value for key, value in values.items()}
        store.update_contacts(connection, [{"b_id": known.id, **row}])


def _switch_off(connection: Connection, one: ContactEntry) -> None:
    row = {"b_id": one.id, "b_name": one.name, "b_duty": one.duty, "b_rank": one.rank, "b_active": False}
    store.update_contacts(connection, [row])


def _record(
    office: Office,
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
    kept = store.contacts_of(connection, unit.id)
    contact = next(one for one in kept if _place(one) == place)
    detail = {"name": contact.name, "duty": contact.duty, "address": contact.address, "reason": reason}
    history.append(
        connection,
        at=now,
        by=by,
        verb=verb,
        noun="unit",
        noun_id=unit.id,
        unit_id=unit.id,
        detail={key: value for key, value in detail.items() if value is not None},
        flow_run_id=office.flow_run_id,
    )
    if dry_run:
        take_back(connection)
    return ContactKept(contact=contact, unit=unit.name)
