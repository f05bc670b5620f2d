"""Gives a fresh bureau invented people and contacts, so that it can be tried before the real ones are entered.

Nobody real is named, and every address lies in a domain reserved for examples, where no mail can arrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from duban.bureau import Bureau
from duban.core.access import SYSTEM, Role
from duban.history.service import acting
from duban.units.queries import all_people, all_units, contacts_of, insert_contacts, insert_person

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
    with acting(bureau, by=SYSTEM, now=now) as act:
        if all_people(act.connection):
            return ExamplesEntered()
        officers: list[tuple[int, str, Role]] = []
        handlers: list[tuple[int, str, Role]] = []
        contacts: list[dict[str, object]] = []
        for number, unit in enumerate(all_units(act.connection)):
            name = SURNAMES[number % len(SURNAMES)] + TITLES[number // len(SURNAMES) % len(TITLES)]
            handlers.append((unit.id, name, Role.HANDLER))
            leader = "分管领导"
            if unit.kind == BUREAU_KIND:
                officers += [(unit.id, officer, role) for officer, role in OFFICERS]
                leader = "李局长"
                contacts += [
                    _contact(unit.id, officer, "officer", f"{unit.code}-{role.value}{place}")
                    for place, (officer, role) in enumerate(OFFICERS, start=1)
                    if role in (Role.COORDINATOR, Role.REVIEWER)
                ]
            contacts += [
                _contact(unit.id, name, "handler", unit.code),
                _contact(unit.id, leader, "deputy_leader", f"{unit.code}-leader"),
            ]
        for unit_id, name, role in officers + handlers:
            insert_person(act.connection, name=name, unit_id=unit_id, roles=(role,))
        if contacts_of(act.connection):
            contacts = []
        insert_contacts(act.connection, contacts)
        done = ExamplesEntered(people=len(officers + handlers), contacts=len(contacts))
        detail = {"examples": True, "people": done.people, "contacts": done.contacts}
        act.note("import", "person", detail=detail)
    return done


def _contact(unit_id: int, name: str, duty: str, mailbox: str) -> dict[str, object]:
    place = {"unit_id": unit_id, "channel": "mail", "address": f"{mailbox}@{DOMAIN}"}
    return {**place, "name": name, "duty": duty, "rank": 1, "active": True}
