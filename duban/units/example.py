"""Gives a fresh bureau invented people and contacts, so that it can be tried before the real ones are entered.

Nobody real is named, and every address lies in a domain reserved for examples, where no mail can arrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from duban.bureau import Bureau
from duban.core.access import SYSTEM, Role
from duban.history.queries import append_entry
from duban.units.queries import UnitEntry, all_people, all_units, contacts_of, insert_contacts, insert_person

DOMAIN = "unit.example"
BUREAU_KIND = "bureau"
# One surname for each unit in turn; a second round takes a second title.
SURNAMES = "王张刘杨赵黄徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程"
TITLES = ("科长", "主任", "站长", "干事")
OFFICERS: tuple[tuple[str, Role], ...] = (
    ("运维", Role.OPERATOR),
    ("周处长", Role.COORDINATOR),
    ("吴处长", Role.COORDINATOR),
    ("陈科长", Role.REVIEWER),
    ("沈科长", Role.REVIEWER),
    ("卢科长", Role.REVIEWER),
    ("李局长", Role.LEADER),
    ("苏审计", Role.AUDITOR),
    ("安全员", Role.SECURITY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamplesEntered:
    """How many people and contacts were entered; none where the bureau has people of its own."""

    people: int = 0
    contacts: int = 0


def enter_examples(bureau: Bureau, *, now: datetime) -> ExamplesEntered:
    """Enter officers of the bureau and a handler for each unit; does nothing where anyone is entered already."""
    with bureau.store.writing() as connection:
        if all_people(connection):
            return ExamplesEntered()
        known = all_units(connection)
        entered = 0
        for unit, name, roles in _everyone(known):
            insert_person(connection, name=name, unit_id=unit.id, roles=roles)
            entered += 1
        rows = [] if contacts_of(connection) else [row for pair in _named(known) for row in _contacts(*pair)]
        insert_contacts(connection, rows)
        done = ExamplesEntered(people=entered, contacts=len(rows))
        append_entry(
            connection,
            at=now,
            by=SYSTEM,
            verb="import",
            noun="person",
            detail={"examples": True, "people": done.people, "contacts": done.contacts},
            flow_run_id=bureau.flow_run_id,
        )
    return done


def _everyone(known: tuple[UnitEntry, ...]) -> list[tuple[UnitEntry, str, tuple[Role, ...]]]:
    officers: list[tuple[UnitEntry, str, tuple[Role, ...]]] = [
        (unit, name, (role,)) for unit in known if unit.kind == BUREAU_KIND for name, role in OFFICERS
    ]
    return officers + [(unit, name, (Role.HANDLER,)) for unit, name in _named(known)]


def _named(known: tuple[UnitEntry, ...]) -> list[tuple[UnitEntry, str]]:
    """Each unit with the name of its invented handler."""
    return [
        (unit, SURNAMES[number % len(SURNAMES)] + TITLES[number // len(SURNAMES) % len(TITLES)])
        for number, unit in enumerate(known)
    ]


def _contacts(unit: UnitEntry, handler: str) -> list[dict[str, object]]:
    leader = "李局长" if unit.kind == BUREAU_KIND else "分管领导"
    return [
        _contact(unit, handler, "handler", f"{unit.code}@{DOMAIN}"),
        _contact(unit, leader, "deputy_leader", f"{unit.code}-leader@{DOMAIN}"),
    ]


def _contact(unit: UnitEntry, name: str, duty: str, address: str) -> dict[str, object]:
    return {
        "unit_id": unit.id,
        "name": name,
        "duty": duty,
        "channel": "mail",
        "address": address,
        "rank": 1,
        "active": True,
    }
