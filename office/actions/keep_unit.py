"""One unit at a time: enter it, change it, retire it, by the same rules of names and superiors as a sheet of units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from office.actions.acting import cleaned, refuse
from office.actions.import_units import UnitsImported, enter_units
from office.actions.office import Office
from office.actions.unit_rows import UNIT_KINDS, WantedUnit
from office.errors import NotFound
from office.store import history
from office.store import units as store
from office.store.dry_run import take_back
from office.store.units import UnitEntry
from rules.keeping import keeping_refusals
from rules.people import Actor

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
    office: Office, words: UnitWords, *, by: Actor, now: datetime, dry_run: bool = False
) -> UnitsImported:
    """A new unit; its code stays for good."""
    with office.store.reading() as connection:
        there = any(one.code == cleaned(words.code) for one in store.all_units(connection))
    taken = (f"编码{words.code}已有单位使用，请另取编码，或修改那个单位。",) if there else ()
    refuse(*keeping_refusals(by, "登记单位"), *_faults(words), *taken)
    return enter_units(office, (_wanted(words),), by=by, now=now, dry_run=dry_run)


def change_unit(
    office: Office, words: UnitWords, *, by: Actor, now: datetime, dry_run: bool = False
) -> UnitsImported:
    """Another name, kind, superior, or more names it is known by; the old names still find it."""
    with office.store.reading() as connection:
        if all(one.code != words.code for one in store.all_units(connection)):
            raise NotFound(f"没有编码为 {words.code} 的单位，请在单位列表中查看。")
    refuse(*keeping_refusals(by, "修改单位"), *_faults(words))
    return enter_units(office, (_wanted(words),), by=by, now=now, dry_run=dry_run)


def retire_unit(
    office: Office, unit_id: int, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> UnitEntry:
    """The unit is handed nothing more. What it still owes is forwarded or waived first."""
    reason = cleaned(reason)
    with office.store.writing() as connection:
        found = store.unit_by_id(connection, unit_id)
        if found is None:
            raise NotFound(f"没有编号为 {unit_id} 的单位，请在单位列表中查看。")
        left = store.unfinished(connection, unit_id)
        refuse(*keeping_refusals(by, "停用单位"), *_retiring(found, left, reason))
        values = {"code": found.code, "b_name": found.name, "b_kind": found.kind}
        row = {"b_id": found.id, **values, "b_parent_id": found.parent_id, "b_active": False}
        store.update_units(connection, [row])
        history.append(
            connection,
            at=now,
            by=by,
            verb="retire_unit",
            noun="unit",
            noun_id=unit_id,
            unit_id=unit_id,
            detail={"name": found.name, "reason": reason},
            flow_run_id=office.flow_run_id,
        )
        if dry_run:
            take_back(connection)
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
