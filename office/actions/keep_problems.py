"""Putting problems on a ledger: one by hand, or a whole sheet at once; a sheet with any fault enters nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from office.actions.acting import cleaned, refuse
from office.actions.office import Office
from office.actions.problem_rows import Fault, Ledger, NewProblem, faults_of, problem_rows
from office.actions.row_faults import SHOWN_FAULTS, RowFaults
from office.store import history, problems
from office.store.dry_run import take_back
from office.store.engine import Connection
from office.store.units import unit_names
from rules.people import Actor
from rules.problems import adding_refusals

# A ledger is worked through one by one; more rows than this are no ledger but somebody's database.
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemsKept:
    """What was entered, in order."""

    edition_id: int
    added: tuple[NewProblem, ...]
    measures: int


def add_problem(
    office: Office, edition_id: int, new: NewProblem, *, by: Actor, now: datetime, dry_run: bool = False
) -> ProblemsKept:
    """Enter one problem."""
    refuse(*adding_refusals(by))
    clean = replace(
        new,
        code=cleaned(new.code),
        title=cleaned(new.title),
        measures=tuple(cleaned(measure) for measure in new.measures),
    )
    with office.store.writing() as connection:
        ledger = _ledger(connection, edition_id)
        refuse(*(fault.message for fault in faults_of(clean, ledger)))
        return _enter(office, connection, edition_id, [clean], ledger, by=by, now=now, dry_run=dry_run)


def import_problems(
    office: Office, edition_id: int, path: Path, *, by: Actor, now: datetime, dry_run: bool = False
) -> ProblemsKept:
    """Enter every row of a sheet (csv, xlsx), or none: all faulty rows are reported with their numbers.

    A faulty sheet is refused before anybody else has to wait for it.
    """
    refuse(*adding_refusals(by))
    with office.store.reading() as connection:
        _read(path, _ledger(connection, edition_id), keep=SHOWN_FAULTS)
    with office.store.writing() as connection:
        ledger = _ledger(connection, edition_id)
        news = _read(path, ledger, keep=SHOWN_FAULTS)
        return _enter(office, connection, edition_id, news, ledger, by=by, now=now, dry_run=dry_run)


def check_problems(office: Office, edition_id: int, path: Path, *, by: Actor, keep: int) -> None:
    """Read the sheet and enter nothing. Raises RowsRefused with up to `keep` of its faults in full."""
    refuse(*adding_refusals(by))
    with office.store.reading() as connection:
        _read(path, _ledger(connection, edition_id), keep=keep)


def _ledger(connection: Connection, edition_id: int) -> Ledger:
    return Ledger(
        find_unit=unit_names(connection).find,
        milestones=problems.ledger_milestones(connection, edition_id),
        taken=set(problems.codes(connection, edition_id)),
    )


def _read(path: Path, ledger: Ledger, *, keep: int) -> list[NewProblem]:
    """The problems of the sheet; refused for all its faults at once."""
    faults = RowFaults(keep=keep)
    news: list[NewProblem] = []
    for number, row in problem_rows(path):
        found = [row] if isinstance(row, Fault) else list(faults_of(row, ledger))
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
    office: Office,
    connection: Connection,
    edition_id: int,
    news: Sequence[NewProblem],
    ledger: Ledger,
    *,
    by: Actor,
    now: datetime,
    dry_run: bool,
) -> ProblemsKept:
    problems.insert_problems(
        connection,
        edition_id,
        [_values(one, ledger) for one in news],
        {one.code: one.measures for one in news},
    )
    kept = ProblemsKept(
        edition_id=edition_id, added=tuple(news), measures=sum(len(new.measures) for new in news)
    )
    _record(office, connection, kept, by, now)
    if dry_run:
        take_back(connection)
    return kept


def _values(new: NewProblem, ledger: Ledger) -> dict[str, object]:
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


def _record(office: Office, connection: Connection, kept: ProblemsKept, by: Actor, now: datetime) -> None:
    history.append(
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
        flow_run_id=office.flow_run_id,
    )
