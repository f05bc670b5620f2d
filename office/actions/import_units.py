"""Enter units, their aliases and contacts from a sheet or from the unit book. Importing the same twice changes nothing.

Nothing is ever deleted: a unit that is missing from the sheet stays; contacts that a listed unit no longer has are
switched off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from calendars.reader.units import UnitBook, name_key
from office.actions.office import Office
from office.actions.read_rows import refuse_rows
from office.actions.unit_rows import WantedUnit, units_in_book, units_in_sheet
from office.errors import Refused
from office.store import history
from office.store import units as store
from office.store.dry_run import take_back
from office.store.turns import take_turn
from rules.keeping import keeping_refusals
from rules.people import Actor


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
    office: Office, path: Path, *, by: Actor, now: datetime, dry_run: bool = False
) -> UnitsImported:
    """Enter the units of a csv or xlsx sheet; refused as a whole, with every fault and its row number."""
    wanted, faults = units_in_sheet(path)
    return _enter(office, wanted, faults, by=by, now=now, dry_run=dry_run)


def import_unit_book(
    office: Office, book: UnitBook, *, by: Actor, now: datetime, dry_run: bool = False
) -> UnitsImported:
    """Enter the units that the campaign files name."""
    return _enter(office, units_in_book(book), (), by=by, now=now, dry_run=dry_run)


def enter_units(
    office: Office, wanted: Sequence[WantedUnit], *, by: Actor, now: datetime, dry_run: bool = False
) -> UnitsImported:
    """Enter units that somebody typed in."""
    return _enter(office, wanted, (), by=by, now=now, dry_run=dry_run)


def _enter(
    office: Office,
    wanted: Sequence[WantedUnit],
    faults: Sequence[str],
    *,
    by: Actor,
    now: datetime,
    dry_run: bool,
) -> UnitsImported:
    if reasons := keeping_refusals(by, "导入单位"):
        raise Refused(reasons)
    with office.store.writing() as connection:
        take_turn(connection)
        register = _Register(connection)
        refuse_rows([*faults, *_name_faults(wanted, register)])
        done = register.enter(wanted)
        if dry_run:
            take_back(connection)
        elif done.anything:
            detail = {"new": len(done.new), "changed": list(done.changed), "contacts": done.contacts_new}
            history.append(
                connection,
                at=now,
                by=by,
                verb="import",
                noun="unit",
                detail=detail,
                flow_run_id=office.flow_run_id,
            )
    return done


class _Register:
    """The register as it stands inside one transaction, and the writing of what differs."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.units = {one.code: one for one in store.all_units(connection)}
        self.aliases = store.aliases_of(connection)

    def enter(self, wanted: Sequence[WantedUnit]) -> UnitsImported:
        before = self.units
        new = [one for one in wanted if one.code not in before]
        rows = [{"code": one.code, "name": one.name, "kind": one.kind, "active": True} for one in new]
        store.insert_units(self.connection, rows)
        self.units = {one.code: one for one in store.all_units(self.connection)}
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
        store.insert_aliases(self.connection, aliases)
        rows = [row for one in wanted if (row := self._difference(one))]
        store.update_units(self.connection, rows)
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
        kept: dict[int, list[store.ContactEntry]] = {}
        for contact in store.contacts_of(self.connection):
            kept.setdefault(contact.unit_id, []).append(contact)
        found = _Contacts()
        for one in wanted:
            unit_id = self.units[one.code].id
            if one.contacts:
                _compare(one, unit_id, kept.get(unit_id, []), found)
        store.insert_contacts(self.connection, found.new)
        store.update_contacts(self.connection, found.rows)
        return found


@dataclass(slots=True)
class _Contacts:
    new: list[dict[str, object]] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)
    changed: int = 0
    off: int = 0


def _compare(one: WantedUnit, unit_id: int, kept: Sequence[store.ContactEntry], found: _Contacts) -> None:
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
