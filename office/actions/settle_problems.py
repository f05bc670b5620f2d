"""Many problems at once: struck off, or given back with one reason. Each keeps its own line of history.

Whatever may not be settled is left alone and counted with the reason; if nothing may be, the act is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from office.actions.acting import cleaned, person_id, refuse
from office.actions.office import Office
from office.store import history, problem_ledgers
from office.store.dry_run import take_back
from office.store.engine import Connection
from office.store.history import NewEntry
from office.store.problem_ledgers import Choice, ChosenProblem
from rules.people import Actor
from rules.problems import confirming_refusals, left_because, striking_refusals
from rules.sight import sight_of

# One line of history each: more than a ledger holds, little enough for one transaction.
MOST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemsSettled:
    """How many were settled, and how many of the choice were left alone, by the reason."""

    settled: int
    left: Mapping[str, int]


def strike_off_many(
    office: Office,
    choice: Choice,
    *,
    expected: int,
    note: str = "",
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> ProblemsSettled:
    """Strike off all of the choice that others have reported as fixed. `expected` is how many the person saw."""
    facts = {"note": cleaned(note)}

    def settle(connection: Connection, ids: Sequence[int]) -> int:
        return problem_ledgers.strike_off(connection, ids, by=person_id(by), at=now)

    return _settle(office, choice, expected, "strike_off", settle, facts, by, now, dry_run=dry_run)


def return_many(
    office: Office,
    choice: Choice,
    *,
    expected: int,
    reason: str,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> ProblemsSettled:
    """Give back all of the choice that are not really fixed, with one reason."""
    reason = cleaned(reason)
    if not reason:
        refuse("退回整改要写明原因，请补写。")
    return _settle(
        office,
        choice,
        expected,
        "return_problem",
        problem_ledgers.give_back,
        {"reason": reason},
        by,
        now,
        dry_run=dry_run,
    )


def _settle(
    office: Office,
    choice: Choice,
    expected: int,
    verb: str,
    settle: Callable[[Connection, Sequence[int]], int],
    facts: Mapping[str, str],
    by: Actor,
    now: datetime,
    *,
    dry_run: bool,
) -> ProblemsSettled:
    refuse(*confirming_refusals(by))
    with office.store.writing() as connection:
        found = problem_ledgers.chosen_problems(connection, choice, sight_of(by))
        refuse(*_choice_refusals(found, expected))
        good = [one for one in found if not striking_refusals(one.seen, by)]
        left = Counter(why for one in found if (why := left_because(one.seen, by)))
        refuse(*_nothing_left(good, found, by))
        settled = settle(connection, [one.id for one in good])
        history.append_many(connection, [_entry(one, choice, verb, facts) for one in good], at=now, by=by)
        if dry_run:
            take_back(connection)
    return ProblemsSettled(settled=settled, left=dict(left))


def _choice_refusals(found: Sequence[ChosenProblem], expected: int) -> tuple[str, ...]:
    if not expected:
        return ("还没有选择问题，请先勾选，或选“符合条件的全部”。",)
    if len(found) != expected:
        return (
            f"您看到的是{expected}个问题，现在符合的是{len(found)}个，台账刚刚有变动；没有办理，请核对后再办。",
        )
    return (f"一次最多办理{MOST}个问题，请用筛选分批办理。",) if len(found) > MOST else ()


def _nothing_left(
    good: Sequence[ChosenProblem], found: Sequence[ChosenProblem], by: Actor
) -> tuple[str, ...]:
    if good:
        return ()
    reasons: list[str] = []
    for one in found[:5]:
        reasons += striking_refusals(one.seen, by)
    return tuple(dict.fromkeys(reasons))


def _entry(one: ChosenProblem, choice: Choice, verb: str, facts: Mapping[str, str]) -> NewEntry:
    said = {key: value for key, value in facts.items() if value}
    return NewEntry(
        verb=verb,
        noun="problem",
        noun_id=one.id,
        edition_id=choice.edition_id,
        unit_id=one.unit_id,
        detail={"code": one.seen.code, "together": True} | said,
    )
