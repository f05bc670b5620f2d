"""What people do beside the acts on an obligation: rosters come in, problems are found and struck off or carried on,
supporting units answer, matters are asked to be given to another unit.

Each errand falls on a day that follows from the seed, and goes through the service that a page or command would call.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from calendars.model import Edition
from duban.core import clock
from duban.core.access import Role
from duban.evidence.support import acknowledge_support, report_support
from duban.obligations.states import Transition
from duban.obligations.transitions import EarlyGrounds, ForwardDecision, Forwarding, transition
from duban.problems.importing import NewProblem
from duban.problems.rules import ProblemAct
from duban.problems.service import add_problem, settle_problem
from duban.rehearse.queries import OwedReminder, SupportOwed, subject_unit
from duban.rehearse.world import World
from duban.rosters.service import record_outcome
from duban.rosters.sheets import import_roster

# Subjects that each unit has on a roster.
SUBJECTS = 2
_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One thing that is done on a day. `brings`: it makes new obligations, whose stories begin then."""

    on: date
    do: Callable[[World, datetime], object]
    brings: bool = False


def roster_errands(world: World, first: date, seed: int | None) -> Iterator[Errand]:
    """A roster for every edition that goes by one, and what its subjects do in the year."""
    for place, edition in enumerate(world.editions):
        if edition.roster is None or not any(one.per_subject for one in edition.milestones):
            continue
        dice = random.Random(f"roster/{seed}/{edition.campaign}")
        codes = [
            (_code(10_000 * place + 10 * nth + number), unit)
            for nth, unit in enumerate(sorted({lead for one in edition.milestones for lead in one.leads}))
            for number in range(SUBJECTS)
        ]
        comes_on = first + timedelta(days=dice.randint(4, 9))
        yield Errand(on=comes_on, do=_roster(edition, codes), brings=True)
        for code, _ in codes:
            took_part = comes_on + timedelta(days=dice.randint(5, 60))
            yield Errand(on=took_part, do=_record(edition, code, None))
            if dice.random() < 0.8:
                yield Errand(on=took_part + timedelta(days=10), do=_record(edition, code, "合格"))


def _roster(edition: Edition, codes: list[tuple[str, str]]) -> Callable[[World, datetime], object]:
    def come(world: World, now: datetime) -> object:
        path = world.folder / f"roster-{edition.campaign}.csv"
        lines = [f"{code},演练社{nth},{unit}" for nth, (code, unit) in enumerate(codes)]
        path.write_text("\n".join(["统一社会信用代码,名称,业务主管单位", *lines]), encoding="utf-8-sig")
        by = world.people[Role.COORDINATOR][0]
        return import_roster(world.calm, edition.campaign, edition.year, path, by=by, now=now)

    return come


def _record(edition: Edition, code: str, outcome: str | None) -> Callable[[World, datetime], object]:
    """A day of participation, entered by the subject's unit, or the coordinator's conclusion."""

    def record(world: World, now: datetime) -> object:
        on = None if outcome else clock.civil(now)
        with world.calm.store.reading() as connection:
            unit_id = subject_unit(connection, code)
        by = world.people[Role.COORDINATOR][0] if outcome else world.handlers[unit_id]
        return record_outcome(
            world.calm,
            edition.campaign,
            edition.year,
            code,
            taken_part_on=on,
            outcome=outcome,
            by=by,
            now=now,
        )

    return record


def _code(number: int) -> str:
    """An invented credit code whose check sign is right."""
    body = f"51320400{number:09d}"
    total = sum(weight * _SIGNS.index(sign) for sign, weight in zip(body, _WEIGHTS, strict=True))
    return body + _SIGNS[(31 - total % 31) % 31]


def problem_errands(owed: OwedReminder, first: date, seed: int | None) -> Iterator[Errand]:
    """On a ledger: two units in three find problems, most of which are struck off; one is carried on."""
    dice = random.Random(f"problems/{seed}/{owed.id}")
    if not owed.problem_ledger or dice.random() < 0.33:
        return
    found_on = max(owed.due_on - timedelta(days=24), first + timedelta(days=1))
    for nth in range(dice.randint(1, 3)):
        code = f"演练{owed.id}-{nth}"
        yield Errand(on=found_on, do=_found(owed, code))
        if nth == 2:
            yield Errand(on=owed.due_on + timedelta(days=1), do=_carry(owed, code))
            continue
        fixed_on = max(found_on, owed.due_on - timedelta(days=dice.randint(2, 20)))
        yield Errand(on=fixed_on, do=_settle(owed, code, ProblemAct.FIX))
        struck_on = fixed_on + timedelta(days=dice.randint(1, 12))
        yield Errand(on=struck_on, do=_settle(owed, code, ProblemAct.STRIKE_OFF))


def _found(owed: OwedReminder, code: str) -> Callable[[World, datetime], object]:
    def find(world: World, now: datetime) -> object:
        new = NewProblem(
            code=code,
            title="演练问题",
            unit=world.unit_names[owed.unit_id],
            found_on=clock.civil(now),
            due_on=owed.due_on,
            milestone=owed.milestone,
        )
        by = world.people[Role.COORDINATOR][0]
        done = add_problem(world.calm, owed.edition_id, new, by=by, now=now)
        world.listed.add(owed.id)
        return done

    return find


def _settle(owed: OwedReminder, code: str, act: ProblemAct) -> Callable[[World, datetime], object]:
    def settle(world: World, now: datetime) -> object:
        by = world.people[Role.REVIEWER][0] if act is ProblemAct.STRIKE_OFF else world.handlers[owed.unit_id]
        return settle_problem(world.calm, owed.edition_id, code, act, words="演练", by=by, now=now)

    return settle


def _carry(owed: OwedReminder, code: str) -> Callable[[World, datetime], object]:
    def carry(world: World, now: datetime) -> object:
        return settle_problem(
            world.calm,
            owed.edition_id,
            code,
            ProblemAct.CARRY,
            words="场地未腾空",
            due_on=owed.due_on + timedelta(days=200),
            by=world.people[Role.COORDINATOR][0],
            now=now,
        )

    return carry


def support_errands(duties: Iterable[SupportOwed], seed: int | None) -> Iterator[Errand]:
    """Supporting units: most acknowledge, three in four report before the date."""
    for duty in duties:
        dice = random.Random(f"support/{seed}/{duty.id}")
        on = duty.opened_on + timedelta(days=dice.randint(4, 12))
        if dice.random() < 0.85:
            yield Errand(on=on, do=_answer(duty, None))
        if dice.random() < 0.75:
            yield Errand(
                on=max(on, duty.due_on - timedelta(days=dice.randint(1, 15))), do=_answer(duty, "已配合。")
            )


def _answer(duty: SupportOwed, words: str | None) -> Callable[[World, datetime], object]:
    def answer(world: World, now: datetime) -> object:
        by = world.handlers[duty.unit_id]
        if words is None:
            return acknowledge_support(world.calm, duty.id, by=by, now=now)
        return report_support(world.calm, duty.id, words, by=by, now=now)

    return answer


def forward_errands(owed: OwedReminder, first: date, seed: int | None) -> Iterator[Errand]:
    """A few ask that another unit takes the matter; the coordinator agrees to half of it. Others are let go first."""
    dice = random.Random(f"forward/{seed}/{owed.id}")
    on = max(owed.opened_on, first) + timedelta(days=dice.randint(3, 9))
    if dice.random() < 0.03:
        yield Errand(on=on, do=_ask_forward(owed))
        yield Errand(on=on + timedelta(days=1), do=_decide_forward(owed, granted=dice.random() < 0.5))
    if owed.staged and dice.random() < 0.15:
        yield Errand(on=on, do=_allow_early(owed))


def _ask_forward(owed: OwedReminder) -> Callable[[World, datetime], object]:
    def ask(world: World, now: datetime) -> object:
        others = [number for number in world.handlers if number != owed.unit_id]
        to = world.unit_names[others[owed.id % len(others)]]
        given = Forwarding(to_unit=to, reason="不属本单位职责")
        by = world.handlers[owed.unit_id]
        return transition(world.calm, owed.id, Transition.ASK_FORWARD, given, by=by, now=now)

    return ask


def _decide_forward(owed: OwedReminder, *, granted: bool) -> Callable[[World, datetime], object]:
    def decide(world: World, now: datetime) -> object:
        given = ForwardDecision(granted=granted, reply="同意改派" if granted else "仍由原单位办理")
        by = world.people[Role.COORDINATOR][0]
        done = transition(world.calm, owed.id, Transition.DECIDE_FORWARD, given, by=by, now=now)
        if granted:
            number = next(key for key, name in world.unit_names.items() if name == done.unit)
            world.moved[owed.id], world.came_from[owed.id] = number, owed.unit_id
        return done

    return decide


def _allow_early(owed: OwedReminder) -> Callable[[World, datetime], object]:
    def allow(world: World, now: datetime) -> object:
        given = EarlyGrounds(reason="前一阶段材料在途")
        by = world.people[Role.COORDINATOR][0]
        return transition(world.calm, owed.id, Transition.ALLOW_EARLY, given, by=by, now=now)

    return allow
