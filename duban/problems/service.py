"""The problem ledger: read as people read it, filled by hand or from a sheet, and worked through to the last problem.

Found is always fixed plus open. A sheet with any fault enters nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, VisibleUnits, person_id, visible_units
from duban.core.db import Connection
from duban.core.errors import NotFound, Refused, refuse
from duban.core.text import cleaned
from duban.history.queries import HistoryEntry, NewEntry, append_entries, list_entries
from duban.history.service import Act, acting
from duban.imports.sheets import SHOWN_ROW_FAULTS, CellFault, RowFaults, write_sheet
from duban.problems.importing import NewProblem, ProblemSheet, faults_of, read_problems
from duban.problems.queries import (
    LedgerEntry,
    ProblemFilter,
    ProblemSelection,
    ProblemShown,
    ProblemTally,
    chosen_problems,
    count_problems,
    insert_carries,
    insert_problems,
    ledger_milestones,
    owing_ledgers,
    problem_codes,
    problem_ledgers,
    problem_rows,
    problem_tallies,
    problem_tally,
    problem_units,
    set_measure_finished,
    settle_problems,
)
from duban.problems.rules import (
    ACTS,
    PACE_NAMES,
    PROBLEM_STATE_NAMES,
    Problem,
    ProblemAct,
    act_refusals,
    adding_refusals,
    carrying_refusals,
    left_because,
    own_units_only,
    person_refusals,
    words_refusals,
)
from duban.units.queries import unit_names

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemLedger:
    """The problems asked for, a page of them from 1, and the tally of the whole edition or unit they belong to.

    `total` counts all that the filter finds.
    """

    tally: ProblemTally
    problems: tuple[ProblemShown, ...]
    total: int
    page: int
    page_size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemStep:
    """One thing that was done about a problem; `words` is the note or the reason, `nth` the measure it was about,
    `due_on` the day it was carried on to.
    """

    at: datetime
    actor: str
    verb: str
    words: str
    nth: int | None
    due_on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFile:
    """One problem with everything that was done about it."""

    problem: ProblemShown
    story: tuple[ProblemStep, ...]


def list_problems(
    bureau: Bureau,
    wanted: ProblemFilter,
    *,
    by: Actor,
    page: int = 1,
    page_size: int | None = None,
) -> ProblemLedger:
    """The ledger, by edition and number, as far as the person may see; all of it unless pages are asked for."""
    sight = visible_units(by)
    whole = ProblemFilter(edition_id=wanted.edition_id, unit_id=wanted.unit_id)
    with bureau.store.reading() as connection:
        return ProblemLedger(
            tally=problem_tally(connection, whole, sight),
            problems=problem_rows(
                connection, wanted, sight, offset=(page - 1) * (page_size or 0), limit=page_size
            ),
            total=count_problems(connection, wanted, sight),
            page=page,
            page_size=page_size,
        )


def show_problem(bureau: Bureau, problem_id: int, *, by: Actor) -> ProblemFile:
    """One problem; one of a foreign unit is not there."""
    with bureau.store.reading() as connection:
        found = problem_rows(connection, ProblemFilter(), visible_units(by), problem_id=problem_id)
        if not found:
            raise NotFound("没有这个问题，或不属于您的单位，请从问题台账里重新选择。")
        done = list_entries(connection, noun="problem", noun_id=problem_id)
    return ProblemFile(problem=found[0], story=tuple(map(_step, done)))


def ledger_units(bureau: Bureau, edition_id: int, *, by: Actor) -> tuple[tuple[int, str], ...]:
    """The units with problems on a ledger, by id and name."""
    with bureau.store.reading() as connection:
        return problem_units(connection, edition_id, visible_units(by))


def list_ledgers(bureau: Bureau, *, by: Actor) -> tuple[LedgerEntry, ...]:
    """Every edition that keeps a problem ledger, or has problems, with its tally; a handler's own are those with his
    units' problems and those that ask his units for a ledger.
    """
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        tallies = problem_tallies(connection, sight)
        found = problem_ledgers(connection, tallies)
        own = {*tallies, *(() if sight.everything else owing_ledgers(connection, sight))}
    return tuple(one for one in found if sight.everything or one.edition_id in own)


def find_ledger(bureau: Bureau, edition_id: int, *, by: Actor) -> LedgerEntry:
    """One edition's ledger. Raises NotFound."""
    for one in list_ledgers(bureau, by=by):
        if one.edition_id == edition_id:
            return one
    raise NotFound("没有这份问题台账，或不属于您的单位，请从问题台账的清单里重新选择。")


def _step(entry: HistoryEntry) -> ProblemStep:
    detail = json.loads(entry.detail)
    return ProblemStep(
        at=entry.at,
        actor=entry.actor,
        verb=entry.verb,
        words=str(detail.get("reason") or detail.get("note") or ""),
        nth=detail.get("nth"),
        due_on=detail.get("due_on"),
    )


PROBLEM_COLUMNS = (
    ("编号", 14),
    ("专项行动", 20),
    ("问题", 50),
    ("责任单位", 20),
    ("整改类型", 10),
    ("发现日期", 12),
    ("整改时限", 12),
    ("状态", 14),
    ("措施", 50),
    ("措施完成", 10),
    ("整改人", 10),
    ("销号人", 10),
    ("销号日期", 12),
    ("结转理由", 30),
)


def export_problems(bureau: Bureau, wanted: ProblemFilter, *, to: Path, by: Actor, now: datetime) -> int:
    """Write what the filter finds, as far as the person may see; returns how many problems."""
    with bureau.store.reading() as connection:
        found = problem_rows(connection, wanted, visible_units(by))
    made = f"导出时间：{now.astimezone(clock.ZONE):%Y-%m-%d %H:%M}，导出人：{by.name}"
    return write_sheet(to, "问题台账", PROBLEM_COLUMNS, _rows(found), notes=(made,))


def _rows(found: tuple[ProblemShown, ...]) -> Iterator[tuple[object, ...]]:
    for one in found:
        done = sum(measure.done_on is not None for measure in one.measures)
        yield (
            one.code,
            one.campaign_name,
            one.title,
            one.unit,
            PACE_NAMES[one.pace],
            one.found_on,
            one.due_on,
            PROBLEM_STATE_NAMES[one.state],
            "；".join(measure.title for measure in one.measures),
            f"{done}/{len(one.measures)}" if one.measures else None,
            one.fixed_by,
            one.closed_by,
            clock.civil(one.closed_at) if one.closed_at else None,
            one.carried,
        )


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
    with acting(bureau, by=by, now=now, dry_run=dry_run) as tx:
        ledger = _ledger(tx.connection, edition_id, by, now)
        refuse(*(fault.message for fault in faults_of(clean, ledger)))
        return _enter(tx, edition_id, [clean], ledger)


def import_problems(
    bureau: Bureau, edition_id: int, path: Path, *, by: Actor, now: datetime, dry_run: bool = False
) -> ProblemsKept:
    """Enter every row of a sheet (csv, xlsx), or none: all faulty rows are reported with their numbers.

    A faulty sheet is refused before anybody else has to wait for it.
    """
    refuse(*adding_refusals(by))
    with bureau.store.reading() as connection:
        _read(path, _ledger(connection, edition_id, by, now), keep=SHOWN_ROW_FAULTS)
    with acting(bureau, by=by, now=now, dry_run=dry_run) as tx:
        ledger = _ledger(tx.connection, edition_id, by, now)
        return _enter(tx, edition_id, _read(path, ledger, keep=SHOWN_ROW_FAULTS), ledger)


def check_problems(
    bureau: Bureau, edition_id: int, path: Path, *, by: Actor, now: datetime, keep: int
) -> None:
    """Read the sheet and enter nothing. Raises RowsRefused with up to `keep` of its faults in full."""
    refuse(*adding_refusals(by))
    with bureau.store.reading() as connection:
        _read(path, _ledger(connection, edition_id, by, now), keep=keep)


def _ledger(connection: Connection, edition_id: int, by: Actor, now: datetime) -> ProblemSheet:
    return ProblemSheet(
        find_unit=unit_names(connection).find_answering,
        milestones=ledger_milestones(connection, edition_id),
        taken=set(problem_codes(connection, edition_id)),
        today=clock.civil(now),
        own=own_units_only(by),
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


def _enter(tx: Act, edition_id: int, news: Sequence[NewProblem], ledger: ProblemSheet) -> ProblemsKept:
    insert_problems(
        tx.connection,
        edition_id,
        [_values(one, ledger) for one in news],
        {one.code: one.measures for one in news},
    )
    measures = sum(len(new.measures) for new in news)
    tx.note(
        "add_problems",
        "edition",
        edition_id,
        edition_id=edition_id,
        detail={"problems": len(news), "measures": measures, "codes": [one.code for one in news]},
    )
    return ProblemsKept(edition_id=edition_id, added=tuple(news), measures=measures)


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


# One line of history each: more than a ledger holds, little enough for one transaction.
MOST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemsSettled:
    """How many were settled, and how many of the choice were left alone, by the reason."""

    settled: int
    left: Mapping[str, int]


def settle_problem(
    bureau: Bureau,
    edition_id: int,
    code: str,
    act: ProblemAct,
    *,
    words: str = "",
    nth: int = 0,
    due_on: date | None = None,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> ProblemShown:
    """Do one thing about one problem. `words` is the note or the reason, `nth` the measure that is finished, `due_on`
    the day to which it is carried on.
    """
    if act is ProblemAct.CARRY:
        refuse(*carrying_refusals(due_on, clock.civil(now)))
    choice = ProblemSelection(edition_id=edition_id, codes=frozenset({code}))
    with acting(bureau, by=by, now=now, dry_run=dry_run) as tx:
        found = chosen_problems(tx.connection, choice, visible_units(by))
        if not found:
            raise NotFound(f"没有编号为{code}的问题，请用 duban problem list 查看编号。")
        refuse(*act_refusals(act, found[0], by, words, due_on))
        # A finished measure touches its problem too, so that it and a fix at the same time cannot pass each other.
        if _settle(tx, act, found, words, due_on) != 1:
            raise Refused(f"问题{code}刚刚被别人改动，您的操作没有生效，请查看最新情况后再办。")
        if act is ProblemAct.FINISH_MEASURE:
            set_measure_finished(tx.connection, found[0].id, nth, by=by.person_id, on=clock.civil(now))
        told = {"nth": nth} if act is ProblemAct.FINISH_MEASURE else _told(act, words, due_on)
        _note(tx, act, edition_id, found, told)
        everything = VisibleUnits(everything=True)
        [shown] = problem_rows(tx.connection, ProblemFilter(), everything, problem_id=found[0].id)
    return shown


def settle_many(
    bureau: Bureau,
    choice: ProblemSelection,
    act: ProblemAct,
    *,
    expected: int,
    words: str = "",
    due_on: date | None = None,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> ProblemsSettled:
    """Strike off, or give back, all of the choice that others have reported as fixed, or carry on what is open, to
    `due_on`. `expected` is how many the person saw.
    """
    if act is ProblemAct.CARRY:
        refuse(*carrying_refusals(due_on, clock.civil(now)))
    refuse(*words_refusals(act, words))
    refuse(*person_refusals(act, by))
    with acting(bureau, by=by, now=now, dry_run=dry_run) as tx:
        found = chosen_problems(tx.connection, choice, visible_units(by))
        refuse(*_choice_refusals(found, expected))
        good = [one for one in found if not act_refusals(act, one, by, words, due_on)]
        if not good:
            every = (why for one in found[:5] for why in act_refusals(act, one, by, words, due_on))
            refuse(*dict.fromkeys(every))
        settled = _settle(tx, act, good, words, due_on)
        _note(tx, act, choice.edition_id, good, {"together": True} | _told(act, words, due_on))
    left = Counter(why for one in found if (why := left_because(act, one, by, due_on)))
    return ProblemsSettled(settled=settled, left=left)


def _told(act: ProblemAct, words: str, due_on: date | None) -> dict[str, object]:
    said: dict[str, object] = {ACTS[act].words: cleaned(words)}
    return said | ({"due_on": due_on} if act is ProblemAct.CARRY else {})


def _choice_refusals(found: Sequence[Problem], expected: int) -> tuple[str, ...]:
    if not expected:
        return ("还没有选择问题，请先勾选，或选“符合条件的全部”。",)
    if len(found) != expected:
        return (
            f"您看到的是{expected}个问题，现在符合的是{len(found)}个，台账刚刚有变动；没有办理，请核对后再办。",
        )
    return (f"一次最多办理{MOST}个问题，请用筛选分批办理。",) if len(found) > MOST else ()


def _settle(tx: Act, act: ProblemAct, problems: Sequence[Problem], words: str, due_on: date | None) -> int:
    by, at = person_id(tx.by), tx.now
    if act is ProblemAct.CARRY and due_on:
        carried = {"reason": cleaned(words), "due_on": due_on, "carried_by": by, "carried_at": at}
        insert_carries(tx.connection, problems, **carried)
    marks: dict[ProblemAct, dict[str, object]] = {
        ProblemAct.FIX: {"fixed_by": by, "fixed_at": at},
        ProblemAct.RETURN: {"fixed_by": None, "fixed_at": None},
        ProblemAct.STRIKE_OFF: {"closed_by": by, "closed_at": at},
        ProblemAct.CARRY: {"due_on": due_on},
    }
    rule, ids = ACTS[act], [one.id for one in problems]
    return settle_problems(tx.connection, ids, rule.state, state=rule.becomes.value, **marks.get(act, {}))


def _note(
    tx: Act, act: ProblemAct, edition_id: int, problems: Sequence[Problem], told: Mapping[str, object]
) -> None:
    said = {key: value for key, value in told.items() if value != ""}
    entries = [
        NewEntry(
            verb=act.value,
            noun="problem",
            noun_id=one.id,
            edition_id=edition_id,
            unit_id=one.unit_id,
            detail={"code": one.code} | said,
        )
        for one in problems
    ]
    append_entries(tx.connection, entries, at=tx.now, by=tx.by, flow_run_id=tx.bureau.flow_run_id)
