"""The problem ledger as people read it, with its tally: found is always fixed plus open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, visible_units
from duban.core.errors import NotFound
from duban.history.queries import HistoryEntry, list_entries
from duban.imports.sheets import write_sheet
from duban.problems.queries import (
    LedgerEntry,
    ProblemFilter,
    ProblemShown,
    ProblemTally,
    count_problems,
    problem_ledgers,
    problem_rows,
    problem_tallies,
    problem_tally,
    problem_units,
)
from duban.problems.rules import PACE_NAMES, PROBLEM_STATE_NAMES

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
    """One thing that was done about a problem; `words` is the note or the reason, `nth` the measure it was about."""

    at: datetime
    actor: str
    verb: str
    words: str
    nth: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFile:
    """One problem with everything that was done about it."""

    problem: ProblemShown
    history: tuple[HistoryEntry, ...]

    @property
    def story(self) -> tuple[ProblemStep, ...]:
        return tuple(_step(one) for one in self.history)


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
        return ProblemFile(problem=found[0], history=done)


def ledger_units(bureau: Bureau, edition_id: int, *, by: Actor) -> tuple[tuple[int, str], ...]:
    """The units with problems on a ledger, by id and name."""
    with bureau.store.reading() as connection:
        return problem_units(connection, edition_id, visible_units(by))


def list_ledgers(bureau: Bureau, *, by: Actor) -> tuple[tuple[LedgerEntry, ProblemTally], ...]:
    """Every edition that keeps a problem ledger, or has problems, with its tally; a handler's own are those with his units'."""
    sight = visible_units(by)
    nothing = ProblemTally(found=0, fixed=0, open=0, struck_off=0)
    with bureau.store.reading() as connection:
        tallies = problem_tallies(connection, sight)
        found = problem_ledgers(connection, tallies)
    return tuple(
        (one, tallies.get(one.edition_id, nothing))
        for one in found
        if sight.everything or one.edition_id in tallies
    )


def find_ledger(bureau: Bureau, edition_id: int, *, by: Actor) -> LedgerEntry:
    """One edition's ledger. Raises NotFound."""
    for one, _ in list_ledgers(bureau, by=by):
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
        )
