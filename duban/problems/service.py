"""Putting problems on a ledger: one by hand, or a whole sheet at once; a sheet with any fault enters nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, VisibleUnits, person_id, visible_units
from duban.core.db import rollback_dry_run
from duban.core.errors import refuse
from duban.core.text import cleaned
from duban.history.queries import NewEntry, append_entries, append_entry
from duban.imports.sheets import SHOWN_ROW_FAULTS, CellFault, RowFaults
from duban.problems.importing import NewProblem, ProblemSheet, faults_of, read_problems
from duban.problems.queries import (
    ChosenProblem,
    ProblemFilter,
    ProblemSelection,
    ProblemShown,
    change_problem,
    chosen_problems,
    insert_problems,
    ledger_milestones,
    load_problem,
    problem_codes,
    problem_rows,
    return_problems,
    set_measure_finished,
    strike_off_problems,
)
from duban.problems.rules import (
    Problem,
    ProblemState,
    adding_refusals,
    fixing_refusals,
    left_because,
    measure_refusals,
    returning_refusals,
    striking_off_refusals,
    striking_refusals,
)
from duban.units.queries import unit_names

# A ledger is worked through one by one; more rows than this are no ledger but somebody's database.
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemsKept:
    """What was entered, in order."""

    edition_id: int
    added: tuple[NewProblem, ...]
    measures: int


def add_problem(
    bureau: Bureau, edition_id: int, new: NewProblem, *, by: Actor, now: datetime, dry_run: bool = False
) -> ProblemsKept:
    """Enter one problem."""
    refuse(*adding_refusals(by))
    clean = replace(
        new,
        code=cleaned(new.code),
        title=cleaned(new.title),
        measures=tuple(cleaned(measure) for measure in new.measures),
    )
    with bureau.store.writing() as connection:
        ledger = _ledger(connection, edition_id)
        refuse(*(fault.message for fault in faults_of(clean, ledger)))
        return _enter(bureau, connection, edition_id, [clean], ledger, by=by, now=now, dry_run=dry_run)


def import_problems(
    bureau: Bureau, edition_id: int, path: Path, *, by: Actor, now: datetime, dry_run: bool = False
) -> ProblemsKept:
    """Enter every row of a sheet (csv, xlsx), or none: all faulty rows are reported with their numbers.

    A faulty sheet is refused before anybody else has to wait for it.
    """
    refuse(*adding_refusals(by))
    with bureau.store.reading() as connection:
        _read(path, _ledger(connection, edition_id), keep=SHOWN_ROW_FAULTS)
    with bureau.store.writing() as connection:
        ledger = _ledger(connection, edition_id)
        news = _read(path, ledger, keep=SHOWN_ROW_FAULTS)
        return _enter(bureau, connection, edition_id, news, ledger, by=by, now=now, dry_run=dry_run)


def check_problems(bureau: Bureau, edition_id: int, path: Path, *, by: Actor, keep: int) -> None:
    """Read the sheet and enter nothing. Raises RowsRefused with up to `keep` of its faults in full."""
    refuse(*adding_refusals(by))
    with bureau.store.reading() as connection:
        _read(path, _ledger(connection, edition_id), keep=keep)


def _ledger(connection: Connection, edition_id: int) -> ProblemSheet:
    return ProblemSheet(
        find_unit=unit_names(connection).find,
        milestones=ledger_milestones(connection, edition_id),
        taken=set(problem_codes(connection, edition_id)),
    )


def _read(path: Path, ledger: ProblemSheet, *, keep: int) -> list[NewProblem]:
    """The problems of the sheet; refused for all its faults at once."""
    faults = RowFaults(keep=keep)
    news: list[NewProblem] = []
    for number, row in read_problems(path):
        found = [row] if isinstance(row, CellFault) else list(faults_of(row, ledger))
        for fault in found:
            faults.add(number, fault.kind, fault.message)
        if isinstance(row, NewProblem):
            ledger.taken.add(row.code)
            if not faults.total and len(news) <= MOST_ROWS:
                news.append(row)
    faults.refuse()
    if len(news) > MOST_ROWS:
        refuse(f"{path.name}超过{MOST_ROWS}行，一次导入不了，请分成几份再导入。")
    if not news:
        refuse(f"{path.name}只有表头，没有问题可导入，请补上内容后再导入。")
    return news


def _enter(
    bureau: Bureau,
    connection: Connection,
    edition_id: int,
    news: Sequence[NewProblem],
    ledger: ProblemSheet,
    *,
    by: Actor,
    now: datetime,
    dry_run: bool,
) -> ProblemsKept:
    insert_problems(
        connection,
        edition_id,
        [_values(one, ledger) for one in news],
        {one.code: one.measures for one in news},
    )
    kept = ProblemsKept(
        edition_id=edition_id, added=tuple(news), measures=sum(len(new.measures) for new in news)
    )
    _record(bureau, connection, kept, by, now)
    if dry_run:
        rollback_dry_run(connection)
    return kept


def _values(new: NewProblem, ledger: ProblemSheet) -> dict[str, object]:
    milestones = ledger.milestones
    # Where a ledger belongs to one milestone only, nobody has to say which.
    only = next(iter(milestones.values())) if len(milestones) == 1 else None
    return {
        "milestone_id": milestones[new.milestone] if new.milestone else only,
        "unit_id": ledger.find_unit(new.unit),
        "code": new.code,
        "title": new.title,
        "pace": new.pace.value,
        "found_on": new.found_on,
        "due_on": new.due_on,
    }


def _record(bureau: Bureau, connection: Connection, kept: ProblemsKept, by: Actor, now: datetime) -> None:
    append_entry(
        connection,
        at=now,
        by=by,
        verb="add_problems",
        noun="edition",
        noun_id=kept.edition_id,
        edition_id=kept.edition_id,
        detail={
            "problems": len(kept.added),
            "measures": kept.measures,
            "codes": [n.code for n in kept.added],
        },
        flow_run_id=bureau.flow_run_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settling:
    """One transaction about one problem."""

    connection: Connection
    problem_id: int
    seen: Problem


def finish_measure(
    bureau: Bureau, edition_id: int, code: str, nth: int, *, by: Actor, now: datetime, dry_run: bool = False
) -> ProblemShown:
    """Tick off the n-th measure beneath a problem."""
    with _settling(bureau, edition_id, code, by, dry_run=dry_run) as one:
        refuse(*measure_refusals(one.seen, by))
        # Touched as well, so that a measure and a fix at the same time cannot pass each other.
        change_problem(one.connection, one.problem_id, one.seen, state=one.seen.state.value)
        set_measure_finished(one.connection, one.problem_id, nth, by=by.person_id, on=clock.civil(now))
        return _settle_problem_record(bureau, one, edition_id, "finish_measure", by, now, {"nth": nth})


def fix_problem(
    bureau: Bureau,
    edition_id: int,
    code: str,
    *,
    note: str = "",
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> ProblemShown:
    """The unit reports the problem as fixed; it still stands on the ledger until it is struck off."""
    with _settling(bureau, edition_id, code, by, dry_run=dry_run) as one:
        refuse(*fixing_refusals(one.seen, by))
        fixed = {"state": ProblemState.FIXED.value, "fixed_by": person_id(by), "fixed_at": now}
        change_problem(one.connection, one.problem_id, one.seen, **fixed)
        return _settle_problem_record(bureau, one, edition_id, "fix", by, now, {"note": cleaned(note)})


def return_problem(
    bureau: Bureau,
    edition_id: int,
    code: str,
    *,
    reason: str,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> ProblemShown:
    """Not really fixed: back to open, with the reason."""
    with _settling(bureau, edition_id, code, by, dry_run=dry_run) as one:
        refuse(*returning_refusals(one.seen, by, reason=reason))
        change_problem(
            one.connection,
            one.problem_id,
            one.seen,
            state=ProblemState.OPEN.value,
            fixed_by=None,
            fixed_at=None,
        )
        return _settle_problem_record(
            bureau, one, edition_id, "return_problem", by, now, {"reason": cleaned(reason)}
        )


def strike_off_problem(
    bureau: Bureau,
    edition_id: int,
    code: str,
    *,
    note: str = "",
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> ProblemShown:
    """Confirm on the spot and strike off: never by whoever reported it as fixed."""
    with _settling(bureau, edition_id, code, by, dry_run=dry_run) as one:
        refuse(*striking_refusals(one.seen, by))
        closed = {"state": ProblemState.CLOSED.value, "closed_by": person_id(by), "closed_at": now}
        change_problem(one.connection, one.problem_id, one.seen, **closed)
        return _settle_problem_record(bureau, one, edition_id, "strike_off", by, now, {"note": cleaned(note)})


@contextmanager
def _settling(bureau: Bureau, edition_id: int, code: str, by: Actor, *, dry_run: bool) -> Iterator[_Settling]:
    with bureau.store.writing() as connection:
        problem_id, seen = load_problem(connection, edition_id, code, visible_units(by))
        yield _Settling(connection=connection, problem_id=problem_id, seen=seen)
        if dry_run:
            rollback_dry_run(connection)


def _settle_problem_record(
    bureau: Bureau,
    one: _Settling,
    edition_id: int,
    verb: str,
    by: Actor,
    now: datetime,
    facts: dict[str, object],
) -> ProblemShown:
    append_entry(
        one.connection,
        at=now,
        by=by,
        verb=verb,
        noun="problem",
        noun_id=one.problem_id,
        edition_id=edition_id,
        unit_id=one.seen.unit_id,
        detail={"code": one.seen.code, **{key: value for key, value in facts.items() if value != ""}},
        flow_run_id=bureau.flow_run_id,
    )
    [shown] = problem_rows(
        one.connection, ProblemFilter(), VisibleUnits(everything=True), problem_id=one.problem_id
    )
    return shown


# One line of history each: more than a ledger holds, little enough for one transaction.
MOST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemsSettled:
    """How many were settled, and how many of the choice were left alone, by the reason."""

    settled: int
    left: Mapping[str, int]


def strike_off_many(
    bureau: Bureau,
    choice: ProblemSelection,
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
        return strike_off_problems(connection, ids, by=person_id(by), at=now)

    return _settle(bureau, choice, expected, "strike_off", settle, facts, by, now, dry_run=dry_run)


def return_many(
    bureau: Bureau,
    choice: ProblemSelection,
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
        bureau,
        choice,
        expected,
        "return_problem",
        return_problems,
        {"reason": reason},
        by,
        now,
        dry_run=dry_run,
    )


def _settle(
    bureau: Bureau,
    choice: ProblemSelection,
    expected: int,
    verb: str,
    settle: Callable[[Connection, Sequence[int]], int],
    facts: Mapping[str, str],
    by: Actor,
    now: datetime,
    *,
    dry_run: bool,
) -> ProblemsSettled:
    refuse(*striking_off_refusals(by))
    with bureau.store.writing() as connection:
        found = chosen_problems(connection, choice, visible_units(by))
        refuse(*_choice_refusals(found, expected))
        good = [one for one in found if not striking_refusals(one.seen, by)]
        left = Counter(why for one in found if (why := left_because(one.seen, by)))
        refuse(*_nothing_left(good, found, by))
        settled = settle(connection, [one.id for one in good])
        append_entries(connection, [_entry(one, choice, verb, facts) for one in good], at=now, by=by)
        if dry_run:
            rollback_dry_run(connection)
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


def _entry(one: ChosenProblem, choice: ProblemSelection, verb: str, facts: Mapping[str, str]) -> NewEntry:
    said = {key: value for key, value in facts.items() if value}
    return NewEntry(
        verb=verb,
        noun="problem",
        noun_id=one.id,
        edition_id=choice.edition_id,
        unit_id=one.unit_id,
        detail={"code": one.seen.code, "together": True} | said,
    )
