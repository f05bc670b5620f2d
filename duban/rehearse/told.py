"""Letters held against the register and the ledger: who got them, what stands in them, what should have stood in them.

Nothing is taken from the row that sent a letter. Whom it concerns is worked out from units and contacts, what it must
list from the reminders that were planned, its dates, lights and links from the obligations as they stand at the moment.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import parse_qs, urlsplit

from duban.core import clock
from duban.core.errors import Refused
from duban.core.lights import LIGHT_WORDS
from duban.core.secrets import portal_key
from duban.letters.links import read_link_token
from duban.obligations.states import OPEN, State
from duban.rehearse.lights import light_of
from duban.rehearse.queries import (
    PlannedReminder,
    PlayedObligation,
    RegisteredContact,
    contacts_given_up,
    dispatch_rows,
    played_obligations,
    registered_contacts,
    registered_units,
    reminders_of,
    support_reminders_of,
    unanswered_supports,
)
from duban.rehearse.reading import ReadItem, ReadLetter, ReadSection
from duban.rehearse.register import Part, Register
from duban.rehearse.rungs import Rungs
from duban.rehearse.world import World
from notifications.channels import Status
from notifications.messages import Kind
from notifications.wording import SHOWN

ESCALATE, CHASE = Kind.ESCALATE.value, Kind.CHASE.value
# What the ledger says of a letter, by the last answer of its mail server; unsure as well where the machine died.
_RECORDED = {
    Status.ACCEPTED: {"accepted"},
    Status.TEMPORARY: {"pending", "failed", "withdrawn"},
    Status.PERMANENT: {"failed"},
    Status.UNSURE: {"unsure"},
}


@dataclass(slots=True)
class Told:
    """What each contact is still to be told, and what was told when; kept over the whole year."""

    waiting: dict[int, dict[tuple[int, bool], PlannedReminder]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    supporting: dict[int, set[int]] = field(
        default_factory=lambda: defaultdict(set)
    )  # duties to be told, by contact
    chased: dict[tuple[int, date], date] = field(default_factory=dict)  # first chase of an obligation's date
    supports: set[tuple[date, int, int]] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)  # addresses, when the pass under way began
    planned: frozenset[PlannedReminder] = frozenset()  # of the newest round
    surely: dict[tuple[int, date], date] = field(
        default_factory=dict
    )  # the same, in a letter that was accepted
    rungs: Rungs = field(default_factory=Rungs)
    times_taken: Counter[str] = field(default_factory=Counter)

    def plan(self, world: World, day: date) -> list[str]:
        """The day's round is planned: what it will tell whom, and whether it is what the ladders ask for."""
        with world.calm.store.reading() as connection:
            every = reminders_of(connection, day)
            rows = [one for one in every if one.status == "planned"]
            planned = [one for one in rows if one not in self.planned]
            supports = [
                one for one in support_reminders_of(connection, day) if (day, *one) not in self.supports
            ]
            register = read_register(world) if planned or supports else None
        self.supports |= {(day, *one) for one in supports}
        for duty, unit_id in supports:
            assert register is not None
            for contact in register.contacts.get(unit_id, ()):
                if Part.OWN in register.parts(contact):
                    self.supporting[contact.id].add(duty)
        self.planned = frozenset(rows)
        for one in planned:
            assert register is not None
            for contact in register.contacts.get(one.target_unit_id, ()):
                self._plan(contact, register.parts(contact), one)
        return list(self.rungs.planned(world, day, every, self.surely))

    def _plan(self, contact: RegisteredContact, parts: frozenset[Part], one: PlannedReminder) -> None:
        above = one.kind == ESCALATE
        key, mine = (one.obligation_id, above), self.waiting[contact.id]
        # What comes later about the same matter stands for what came before.
        mine.pop(key, None)
        wanted = (
            Part.LEADING in parts
            if above
            else Part.OWN in parts or (Part.COPY in parts and one.kind == CHASE)
        )
        if wanted:
            mine[key] = one

    def take(self, world: World, letters: Sequence[ReadLetter], now: datetime) -> list[str]:
        """Letters were taken: everything in them is held against what stands at this moment."""
        if not letters:
            return []
        self.times_taken.update(letter.key for letter in letters)
        ids = {number for letter in letters for number in letter.numbers}
        ids |= {key[0] for some in self.waiting.values() for key in some}
        with world.calm.store.reading() as connection:
            owed, waiting = played_obligations(connection, ids), unanswered_supports(connection)
        reading = _Reading(
            world=world,
            told=self,
            register=read_register(world),
            owed=owed,
            supports=waiting,
            day=clock.civil(now),
        )
        # Who stands in for another takes over what that one had not heard, before that one's next letter is read.
        in_turn = sorted(
            letters, key=lambda one: -max((at.rank for at in reading.register.at(one.to_address)), default=0)
        )
        return [text for letter in in_turn for text in reading.of(letter, self)]

    def settle(self, world: World, day: date, *, died: bool, letters: Sequence[ReadLetter]) -> list[str]:
        """The day is over: nothing twice, and every answer recorded as it was given."""
        answers = world.channel.answers
        numbers = {int(key.rpartition("-")[2]): key for key in answers}
        with world.calm.store.reading() as connection:
            rows = dispatch_rows(connection, numbers)
            given_up = contacts_given_up(connection, day)
        register = read_register(world) if given_up else None
        for contact_id in given_up:
            if register and not any(
                one.id == contact_id for one in register.stood_in_for(world.channel.refused)
            ):
                self.waiting.pop(contact_id, None)
        broken = [
            f"1 {day} 信件{letter.key}送出{self.times_taken[letter.key]}次"
            for letter in letters
            if self.times_taken[letter.key] > 1
        ]
        per_reader = Counter((letter.unit, letter.to_address) for letter in letters if letter.digest)
        broken += [f"5 {day} {to}：一天收到{n}封日报" for (_, to), n in per_reader.items() if n > 1]
        for number, key in numbers.items():
            on, status, timed = rows.get(number, (None, "", False))
            if on is None or key != f"{on.isoformat()}-{number}":
                broken.append(f"4 {day} 信件{key}没有先写发送记录")
                continue
            wanted = _RECORDED[answers[key]] | ({"unsure"} if died else set())
            if status not in wanted or timed != (status == "accepted"):
                broken.append(f"4 {day} 信件{key}：对方答复{answers[key]}，台账记为{status}")
        if died:
            # Nobody knows of these letters whether they were recorded.
            self.surely = {key: on for key, on in self.surely.items() if on != day}
        answers.clear()
        return broken

    def left_over(self, world: World, day: date) -> list[str]:
        """3: after a day without faults nobody waits for what still stands."""
        if not any(self.waiting.values()):
            return []
        ids = {key[0] for some in self.waiting.values() for key in some}
        with world.calm.store.reading() as connection:
            owed = played_obligations(connection, ids)
        return [
            f"3 {day} 联系人{contact}：任务{one.obligation_id}的{one.kind}已排而未发"
            for contact, some in self.waiting.items()
            for one in some.values()
            if _stands(one, owed)
        ]


def read_register(world: World) -> Register:
    """The register as it stands."""
    with world.calm.store.reading() as connection:
        return Register(units=registered_units(connection), contacts=registered_contacts(connection))


def _stands(one: PlannedReminder, owed: Mapping[int, PlayedObligation]) -> bool:
    """Whether the unit still owes it as it was planned."""
    row = owed.get(one.obligation_id)
    return (
        row is not None
        and State(row.state) in OPEN
        and row.published
        and row.due_on == one.due_on
        and (one.kind == ESCALATE or row.unit_id == one.target_unit_id)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Letters of one moment beside the facts of that moment."""

    world: World
    register: Register
    owed: Mapping[int, PlayedObligation]
    supports: Mapping[int, int]  # the unit of each duty that waits for an answer
    told: Told
    day: date

    def of(self, letter: ReadLetter, told: Told) -> Iterator[str]:
        where = f"{self.day} {letter.to_address}"
        readers = [
            one
            for one in self.register.at(letter.to_address)
            if self.register.units[one.unit_id].name == letter.unit
        ]
        if not readers:
            yield f"11 {where}：“{letter.unit}”没有这个在用的联系人"
            return
        contact = readers[0]
        if not self.world.walk.is_workday(self.day):
            yield f"2 {where}：休息日发出"
        for item in letter.items:
            if item.supports and self.supports.get(item.obligation_id, contact.unit_id) != contact.unit_id:
                yield f"17 {where}：配合{item.obligation_id}是别的单位的"
            if not item.supports:
                yield from (f"{text}（{where}）" for text in self._item(item, letter, contact))
        if letter.digest and not letter.report:
            yield from (f"{text}（{where}）" for text in self._whole(letter, contact, told))

    def _item(self, item: ReadItem, letter: ReadLetter, contact: RegisteredContact) -> Iterator[str]:
        row = self.owed.get(item.obligation_id)
        if row is None:
            yield f"2 任务{item.obligation_id}不存在"
            return
        named = f"任务{row.id}"
        if item.kind is Kind.CALENDAR_CHANGE or (
            item.kind and item.kind.urgent and item.kind is not Kind.CHASE_NOW
        ):
            # Who asked that another takes it is answered, though it is not his any more.
            if contact.unit_id not in (row.unit_id, self.world.came_from.get(row.id)):
                yield f"11 {named}是{row.unit}的，告知了{letter.unit}"
            return
        if State(row.state) not in OPEN or not row.published:
            yield f"2 {named}已不需办理，仍被提醒"
        yield from (f"11 {named}{text}" for text in self._concern(item, row, letter.unit, contact))
        if item.due_on != row.due_on:
            yield f"2 {named}：信中时限{item.due_on}，台账{row.due_on}"
        if item.kind is not None and self._too_early(item.kind, row):
            yield f"2 {named}：{item.kind.chinese_name}早于时限{row.due_on}"
        provisional = self.world.calm.workdays.is_provisional(row.due_on, row.due_on)
        if provisional and not item.provisional:
            yield f"10 {named}：时限{row.due_on}属暂定，信中没有写明"
        light = light_of(row, self.day, self.world.walk, self.world.calm.settings)
        if item.light is not light:
            said = LIGHT_WORDS[item.light] if item.light else "无"
            yield f"8 {named}：信中{said}，重算{LIGHT_WORDS[light]}"
        yield from (f"2 {named}：{text}" for text in self._link(item, row, contact))
        for one in item.others:
            other = self.owed.get(one.obligation_id)
            if other is None or (other.edition_id, other.unit_id) != (row.edition_id, row.unit_id):
                yield f"11 任务{one.obligation_id}与{named}并列，却不是同一单位同一行动的"
            elif one.month_and_day not in (None, (other.due_on.month, other.due_on.day)):
                yield f"2 任务{one.obligation_id}：信中时限{one.month_and_day}，台账{other.due_on}"

    def _concern(
        self, item: ReadItem, row: PlayedObligation, said: str, contact: RegisteredContact
    ) -> Iterator[str]:
        """Why the contact should not have been told of this."""
        if item.kind is not Kind.ESCALATE:
            if row.unit_id != contact.unit_id:
                yield f"是{row.unit}的，告知了{said}"
            elif item.kind is not Kind.CHASE_NOW and not self._parts(contact) & {Part.OWN, Part.COPY}:
                yield "告知了不该告知的联系人"
            return
        if contact.unit_id not in self._above(row):
            yield f"的督办发给了{said}"
        elif Part.LEADING not in self._parts(contact):
            yield "的督办发给了不分管的联系人"
        if item.unit not in (None, row.unit):
            yield f"的督办写成了{item.unit}的任务"

    def _above(self, row: PlayedObligation) -> set[int | None]:
        """The units whose leaders may hear that this unit has not done it; the coordinator's where one has none."""
        asked = {"parent": ["parent"], "own": ["own"]}.get(
            self.world.calm.settings.escalate_to, ["parent", "own"]
        )
        units = {"parent": self.register.units[row.unit_id].parent_id, "own": row.unit_id}
        coordinator = self.world.coordinators[row.edition_id]
        return {units[one] if self.register.led(units[one]) else coordinator for one in asked}

    def _parts(self, contact: RegisteredContact) -> frozenset[Part]:
        refused = self.told.refused | self.world.channel.refused
        return self.register.parts(contact) | self.register.parts(contact, refused)

    def _too_early(self, kind: Kind, row: PlayedObligation) -> bool:
        """Counted day by day on the calendar, without the ladder's own arithmetic."""
        walk = self.world.walk
        base = walk.last_workday(row.due_on)
        early = {
            Kind.DUE: self.day < base,
            Kind.CHASE: self.day <= base,
            Kind.ESCALATE: walk.between(base, self.day) < 2,
        }
        return early.get(kind, False)

    def _link(self, item: ReadItem, row: PlayedObligation, contact: RegisteredContact) -> Iterator[str]:
        """Where the letter leads: to this very matter, by the reader's own door."""
        if item.link is None:
            yield "没有办理链接"
            return
        parts = urlsplit(item.link)
        _, door, last = (*parts.path.split("/"), "", "")[:3]
        if door == "l":
            opens = parse_qs(parts.query).get("to", [""])[0]
            try:
                link = read_link_token(portal_key(self.world.calm.settings), last)
            except Refused as refused:
                yield f"链接打不开（{refused}）"
                return
            if (link.unit_id, link.contact_id) != (contact.unit_id, contact.id) or link.expires_on < self.day:
                yield "链接是别人的或已过期"
        else:
            opens = last
        if opens != str(row.id):
            yield f"链接指向{opens}"

    def _whole(self, letter: ReadLetter, contact: RegisteredContact, told: Told) -> Iterator[str]:
        """The letter lists what the contact was still to be told, all of it, under its kind.

        What the unit owes overdue stands in it as a chase, whatever was planned; only who leads it hears less.
        """
        mine, parts = told.waiting.pop(contact.id, {}), self._parts(contact)
        for earlier in self.register.before(contact, told.refused | self.world.channel.refused):
            mine = told.waiting.pop(earlier.id, {}) | mine
        wanted: dict[str, set[int]] = defaultdict(set)
        for one in mine.values():
            if _stands(one, self.owed):
                wanted[one.kind].add(one.obligation_id)
        if parts & {Part.OWN, Part.COPY}:
            wanted |= self._overdue(contact, wanted)
        listed = {section.kind.value: section for section in letter.sections if section.kind}
        for kind in sorted(wanted.keys() | listed.keys()):
            yield from _differs(kind, wanted[kind], listed.get(kind))
        for number in sorted(wanted[ESCALATE]):
            row = self.owed[number]
            if told.chased.get((number, row.due_on), self.day) >= self.day:
                yield f"14 任务{number}没有先催办就督办"
        supports = [item for item in letter.items if item.supports]
        named = {number for item in supports for number in item.numbers}
        due = {duty for duty in told.supporting.pop(contact.id, set()) if duty in self.supports}
        whole = len(supports) < SHOWN and not any(item.more for item in supports)
        if Part.OWN in parts and (named != due if whole else not named <= due):
            yield f"17 配合事项列了{sorted(named)}，应为{sorted(due)}"
        if Part.OWN in parts:
            for number in wanted[CHASE]:
                key = (number, self.owed[number].due_on)
                told.chased.setdefault(key, self.day)
                if self.world.channel.answers.get(letter.key) is Status.ACCEPTED:
                    told.surely.setdefault(key, self.day)

    def _overdue(self, contact: RegisteredContact, wanted: Mapping[str, set[int]]) -> dict[str, set[int]]:
        """The kinds anew: everything overdue as a chase, nothing of it under another kind but an escalation."""
        overdue = {
            row.id
            for row in self.owed.values()
            if row.unit_id == contact.unit_id
            and State(row.state) in OPEN
            and row.published
            and row.due_on < self.day
        }
        kept = {kind: some - overdue for kind, some in wanted.items() if kind not in (ESCALATE, CHASE)}
        return kept | {CHASE: overdue}


def _differs(kind: str, wanted: Iterable[int], section: ReadSection | None) -> Iterator[str]:
    """How a section differs from what it should list: the first lines in full, every number counted."""
    expected = set(wanted)
    lines = section.items if section else []
    listed = [number for item in lines for number in item.numbers]
    counted = len(listed) + sum(item.more for item in lines) + (section.left_out if section else 0)
    total = section.total if section and section.total is not None else counted
    name = next(one.chinese_name for one in Kind if one.value == kind)
    if beyond := sorted(set(listed) - expected):
        yield f"2 {name}列了不该列的任务{beyond[:5]}"
    if total != len(expected):
        yield f"14 {name}说{total}项，应为{len(expected)}项"
    if counted != len(expected) or (section and section.left_out and len(lines) < SHOWN):
        yield f"14 {name}列了{len(listed)}项，连同略去的{counted}项，应为{len(expected)}项"
