"""How invented people work through a rehearsed year: most in time, some late, some sent back, a few let off.

Each obligation gets its habit from the seed, so the same year with the same seed is the same story. What they hand in
are real files of the types that are expected, each different from every other.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from calendars.model import EvidenceType, ExpectedEvidence
from duban.core.access import Actor, Role
from duban.core.errors import Refused
from duban.evidence.service import FigureItem, FileItem, LinkItem, submit
from duban.obligations.states import Transition
from duban.obligations.transitions import (
    ExtensionDecision,
    ExtensionRequest,
    Grounds,
    SendBack,
    TransitionDone,
    TransitionInput,
    transition,
)
from duban.problems.rules import LEDGER_FIGURES
from duban.rehearse.queries import OwedReminder
from duban.rehearse.world import World

_EXTENSION, _GRANTED = timedelta(days=14), timedelta(days=10)
_PLAIN = ExpectedEvidence(key="report", title="情况说明")


Given = TransitionInput | None
# One matter in so many sees somebody try what he must not; what was refused is tried again so often.
_TEMPTED, _TRIES = 4, 8
_JUDGES = {Transition.PASS: {Role.REVIEWER}, Transition.SIGN_OFF: {Role.COORDINATOR, Role.LEADER}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of an act, and what was given with it."""

    done: TransitionDone
    given: Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One act that is to happen on a day."""

    on: date
    verb: Transition
    owed: OwedReminder
    tries: int = 0

    @property
    def again(self) -> Plan | None:
        """What the rules did not allow is tried again some days later, a few times."""
        later = self.on + timedelta(days=3)
        return replace(self, on=later, tries=self.tries + 1) if self.tries < _TRIES else None


def plans_for(owed: OwedReminder, seed: int | None, today: date) -> list[Plan]:
    """The whole story of one obligation, in order of time; nothing lies before `today`."""
    dice = random.Random(f"habit/{seed}/{owed.id}")
    if dice.random() < 0.02:
        acts = [(dice.randint(1, 60), Transition.WAIVE)]
    else:
        hand_in = owed.due_on + timedelta(days=_days_from_due(dice))
        first = owed.opened_on + timedelta(days=dice.randint(1, 10))
        start = max((first - today).days, 0)
        at = max((max(hand_in, first) - today).days, start)
        detour = _detour(dice, (owed.due_on - today).days)
        acts = [(start, Transition.ACKNOWLEDGE), *detour, *_handing_in(dice, owed, at)]
    return [
        Plan(on=today + timedelta(days=offset), verb=verb, owed=owed) for offset, verb in acts if offset >= 0
    ]


def _days_from_due(dice: random.Random) -> int:
    chance = dice.random()
    if chance < 0.72:
        return -dice.randint(1, 12)
    if chance < 0.86:
        return 0
    return dice.randint(1, 4) if chance < 0.95 else dice.randint(8, 25)


def _detour(dice: random.Random, left: int) -> list[tuple[int, Transition]]:
    chance = dice.random()
    if chance < 0.06:
        return [(left - 4, Transition.ASK_EXTENSION), (left - 3, Transition.DECIDE_EXTENSION)]
    if chance < 0.10:
        return [(left - 20, Transition.SUSPEND), (left - 10, Transition.RESUME)]
    return []


def _handing_in(dice: random.Random, owed: OwedReminder, at: int) -> Iterator[tuple[int, Transition]]:
    """Hand in, perhaps come back once, pass every level, be struck off."""
    yield at, Transition.SUBMIT
    if dice.random() < 0.12:
        yield at + 2, Transition.SEND_BACK
        at += 4
        yield at, Transition.SUBMIT
    for level in range(owed.review_levels):
        yield at + 1 + level, Transition.PASS
    yield at + 2 + owed.review_levels, Transition.SIGN_OFF


def do(world: World, plan: Plan, now: datetime) -> Done:
    """Let it happen; now and then somebody tries first who must not. Raises Refused by the rules, which is a normal
    part of a year.
    """
    if plan.owed.id % _TEMPTED == 0:
        for by, given in _temptations(world, plan):
            with suppress(Refused):
                return _do(world, plan, given, by, now)
    return _do(world, plan, _given(plan), _who(world, plan, now), now)


def _do(world: World, plan: Plan, given: Given, by: Actor, now: datetime) -> Done:
    owed = plan.owed
    if plan.verb is Transition.SUBMIT:
        expected = owed.evidence or (_PLAIN,)
        # What a ledger knows is not given a second time.
        ledger = owed.problem_ledger
        zero = ledger and owed.id not in world.listed
        items = [
            _item(world.folder, one, owed.id, now.toordinal())
            for one in expected
            if not (ledger and one.key in LEDGER_FIGURES)
        ]
        done = submit(world.calm, owed.id, items=items, note="演练报送", zero_report=zero, by=by, now=now)
    else:
        done = transition(world.calm, owed.id, plan.verb, given, by=by, now=now)
    world.hands[owed.id].append(by)
    return Done(done=done, given=given)


def _temptations(world: World, plan: Plan) -> Iterator[tuple[Actor, Given]]:
    """Who had a hand in a matter judges it himself; what is asked for lies behind the superior's wall."""
    given = _given(plan)
    if plan.verb in (Transition.PASS, Transition.SIGN_OFF):
        yield from ((by, given) for by in world.hands[plan.owed.id] if by.roles & _JUDGES[plan.verb])
    wall = plan.owed.hard_due_on
    if isinstance(given, ExtensionRequest) and wall:
        beyond = given.model_copy(update={"wanted_on": wall + timedelta(days=1)})
        yield world.handlers[plan.owed.unit_id], beyond
    if isinstance(given, ExtensionDecision) and wall:
        decided = ExtensionDecision(granted_on=wall + timedelta(days=1), reply="同意")
        yield world.people[Role.LEADER][0], decided


def _who(world: World, plan: Plan, now: datetime) -> Actor:
    """Every level of review wants other eyes: the day decides who of the reviewers takes it."""
    match plan.verb:
        case Transition.DECIDE_EXTENSION:
            role, nth = Role.LEADER, 0
        case Transition.SUSPEND | Transition.RESUME | Transition.WAIVE:
            role, nth = Role.COORDINATOR, 0
        case Transition.SIGN_OFF:
            role, nth = Role.COORDINATOR, plan.tries
        case Transition.SEND_BACK:
            role, nth = Role.REVIEWER, 0
        case Transition.PASS:
            role, nth = Role.REVIEWER, now.toordinal()
        case _:
            return world.handlers[world.moved.get(plan.owed.id, plan.owed.unit_id)]
    people = world.people[role]
    return people[nth % len(people)]


def _given(plan: Plan) -> Given:
    match plan.verb:
        case Transition.ASK_EXTENSION:
            wanted_on = plan.owed.due_on + _EXTENSION
            return ExtensionRequest(wanted_on=wanted_on, reason="材料汇总需要时间", progress="已完成过半")
        case Transition.DECIDE_EXTENSION:
            return ExtensionDecision(granted_on=plan.owed.due_on + _GRANTED, reply="同意")
        case Transition.SUSPEND:
            return Grounds(reason="场地施工", authority="局长办公会")
        case Transition.WAIVE:
            return Grounds(reason="本地无此类机构", authority="局长办公会")
        case Transition.SEND_BACK:
            return SendBack(reason="数据与台账不一致，请核对")
    return None


def _item(folder: Path, expected: ExpectedEvidence, owed: int, nth: int) -> FileItem | FigureItem | LinkItem:
    mark = f"{owed}/{expected.key}/{nth}"
    match expected.type:
        case EvidenceType.FIGURE:
            low = Decimal(1) if expected.minimum is None else expected.minimum
            high = expected.maximum
            value = high if high is not None and high < low else max(low, Decimal(0))
            return FigureItem(key=expected.key, value=value, unit_of_measure=expected.unit_of_measure)
        case EvidenceType.LINK:
            return LinkItem(key=expected.key, link=f"https://city.example/notice/{owed}-{nth}")
        case EvidenceType.ROSTER:
            ending, data = "csv", f"编号,名称\n1,{mark}\n".encode("utf-8-sig")
        case EvidenceType.ATTACHMENT:
            ending, data = "png", _picture(mark)
        case _:
            ending, data = "txt", f"演练材料 {mark}\n".encode()
    path = folder / "handed-in" / f"{owed}-{expected.key}-{nth}.{ending}"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return FileItem(key=expected.key, path=path)


def _picture(mark: str) -> bytes:
    """A picture of one pixel that carries its mark, so that no two are alike."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    text = _chunk(b"tEXt", b"Comment\0" + mark.encode())
    return (
        b"\x89PNG\r\n\x1a\n" + header + text + _chunk(b"IDAT", zlib.compress(b"\0\0")) + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
