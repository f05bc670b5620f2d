"""How invented people work through a rehearsed year: most in time, some late, some sent back, a few let off.

Each obligation gets its habit from the seed, so the same year with the same seed is the same story.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from duban.core.access import Actor, Role
from duban.core.errors import Refused
from duban.evidence.service import submit
from duban.obligations.states import Transition
from duban.obligations.transitions import ExtensionDecision, ExtensionRequest, Grounds, SendBack, transition
from duban.rehearse.evidence import items_for
from duban.rehearse.queries import OwedReminder
from duban.rehearse.world import World


class Step(StrEnum):
    """What somebody does on a day of the story."""

    ACKNOWLEDGE = "签收"
    ASK = "申请延期"
    DECIDE = "批复延期"
    SUSPEND = "暂停计时"
    RESUME = "恢复计时"
    WAIVE = "免办"
    SUBMIT = "报结"
    SEND_BACK = "退回"
    PASS = "审核通过"
    SIGN_OFF = "销号"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One step that is to happen on a day."""

    on: date
    step: Step
    owed: OwedReminder


def plans_for(owed: OwedReminder, seed: int | None, today: date) -> tuple[Plan, ...]:
    """The whole story of one obligation, in order of time; nothing lies before `today`."""
    dice = random.Random(f"habit/{seed}/{owed.id}")
    chance = dice.random()
    if chance < 0.01:
        return _plan(owed, today, (dice.randint(1, 60), Step.WAIVE))
    hand_in = _days_from_due(dice)
    first = owed.opened_on + timedelta(days=dice.randint(1, 10))
    done = max(owed.due_on + timedelta(days=hand_in), first)
    start = (max((first - today).days, 0), Step.ACKNOWLEDGE)
    at = max((done - today).days, start[0])
    steps = [start, *_detour(dice, owed, today), *_handing_in(dice, owed, at)]
    return _plan(owed, today, *steps)


def do(world: World, plan: Plan, now: datetime) -> str | None:
    """Let it happen. Returns the rules' refusal, which is a normal part of a year, or None."""
    try:
        _DO[plan.step](world, plan.owed, now)
    except Refused as refusal:
        return str(refusal)
    return None


def _days_from_due(dice: random.Random) -> int:
    chance = dice.random()
    if chance < 0.72:
        return -dice.randint(1, 12)
    if chance < 0.86:
        return 0
    return dice.randint(1, 4) if chance < 0.95 else dice.randint(8, 25)


def _handing_in(dice: random.Random, owed: OwedReminder, at: int) -> list[tuple[int, Step]]:
    """Hand in, perhaps come back once, pass every level, be struck off."""
    steps = [(at, Step.SUBMIT)]
    if dice.random() < 0.08:
        steps += [(at + 2, Step.SEND_BACK), (at + 4, Step.SUBMIT)]
        at += 4
    steps += [(at + 1 + level, Step.PASS) for level in range(owed.review_levels)]
    return [*steps, (at + 2 + owed.review_levels, Step.SIGN_OFF)]


def _detour(dice: random.Random, owed: OwedReminder, today: date) -> list[tuple[int, Step]]:
    left, chance = (owed.due_on - today).days, dice.random()
    if chance < 0.03:
        return [(left - 4, Step.ASK), (left - 3, Step.DECIDE)]
    if chance < 0.04:
        return [(left - 20, Step.SUSPEND), (left - 10, Step.RESUME)]
    return []


def _plan(owed: OwedReminder, today: date, *steps: tuple[int, Step]) -> tuple[Plan, ...]:
    return tuple(
        Plan(on=today + timedelta(days=offset), step=step, owed=owed) for offset, step in steps if offset >= 0
    )


def _handler(world: World, owed: OwedReminder) -> Actor:
    return world.handlers[owed.unit_id]


def _one_of(world: World, role: Role, nth: int = 0) -> Actor:
    found = world.people[role]
    return found[nth % len(found)]


def _coordinator(world: World) -> Actor:
    return _one_of(world, Role.COORDINATOR)


def _acknowledge(world: World, owed: OwedReminder, now: datetime) -> None:
    transition(world.calm, owed.id, Transition.ACKNOWLEDGE, by=_handler(world, owed), now=now)


def _ask(world: World, owed: OwedReminder, now: datetime) -> None:
    wanted = owed.due_on + timedelta(days=14)
    by = _handler(world, owed)
    transition(
        world.calm,
        owed.id,
        Transition.ASK_EXTENSION,
        ExtensionRequest(wanted_on=wanted, reason="材料汇总需要时间", progress="已完成过半"),
        by=by,
        now=now,
    )


def _decide(world: World, owed: OwedReminder, now: datetime) -> None:
    leader = _one_of(world, Role.LEADER)
    granted = owed.due_on + timedelta(days=10)
    transition(
        world.calm,
        owed.id,
        Transition.DECIDE_EXTENSION,
        ExtensionDecision(granted_on=granted, reply="同意"),
        by=leader,
        now=now,
    )


def _suspend(world: World, owed: OwedReminder, now: datetime) -> None:
    transition(
        world.calm,
        owed.id,
        Transition.SUSPEND,
        Grounds(reason="场地施工", authority="局长办公会"),
        by=_coordinator(world),
        now=now,
    )


def _resume(world: World, owed: OwedReminder, now: datetime) -> None:
    transition(world.calm, owed.id, Transition.RESUME, by=_coordinator(world), now=now)


def _waive(world: World, owed: OwedReminder, now: datetime) -> None:
    transition(
        world.calm,
        owed.id,
        Transition.WAIVE,
        Grounds(reason="本地无此类机构", authority="局长办公会"),
        by=_coordinator(world),
        now=now,
    )


def _submit(world: World, owed: OwedReminder, now: datetime) -> None:
    items = items_for(world.folder, owed, nth=now.toordinal())
    submit(world.calm, owed.id, items=items, note="演练报送", by=_handler(world, owed), now=now)


def _send_back(world: World, owed: OwedReminder, now: datetime) -> None:
    reviewer = _one_of(world, Role.REVIEWER)
    transition(
        world.calm,
        owed.id,
        Transition.SEND_BACK,
        SendBack(reason="数据与台账不一致，请核对"),
        by=reviewer,
        now=now,
    )


def _pass(world: World, owed: OwedReminder, now: datetime) -> None:
    # Every level wants other eyes: the day decides who of the reviewers takes it.
    transition(
        world.calm, owed.id, Transition.PASS, by=_one_of(world, Role.REVIEWER, now.toordinal()), now=now
    )


def _sign_off(world: World, owed: OwedReminder, now: datetime) -> None:
    transition(world.calm, owed.id, Transition.SIGN_OFF, by=_one_of(world, Role.COORDINATOR, 1), now=now)


_DO = {
    Step.ACKNOWLEDGE: _acknowledge,
    Step.ASK: _ask,
    Step.DECIDE: _decide,
    Step.SUSPEND: _suspend,
    Step.RESUME: _resume,
    Step.WAIVE: _waive,
    Step.SUBMIT: _submit,
    Step.SEND_BACK: _send_back,
    Step.PASS: _pass,
    Step.SIGN_OFF: _sign_off,
}
