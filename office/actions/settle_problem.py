"""A problem's way off the ledger: measures done, fixed by its unit, confirmed and struck off by somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from office import clock
from office.actions.acting import cleaned, person_id, refuse
from office.actions.office import Office
from office.store import history, problems
from office.store.dry_run import take_back
from office.store.engine import Connection
from office.store.problems import ProblemFilter, ProblemShown
from rules.people import Actor
from rules.problems import (
    Problem,
    ProblemState,
    fixing_refusals,
    measure_refusals,
    returning_refusals,
    striking_refusals,
)
from rules.sight import Sight, sight_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settling:
    """One transaction about one problem."""

    connection: Connection
    problem_id: int
    seen: Problem


def finish_measure(
    office: Office, edition_id: int, code: str, nth: int, *, by: Actor, now: datetime, dry_run: bool = False
) -> ProblemShown:
    """Tick off the n-th measure beneath a problem."""
    with _settling(office, edition_id, code, by, dry_run=dry_run) as one:
        refuse(*measure_refusals(one.seen, by))
        # Touched as well, so that a measure and a fix at the same time cannot pass each other.
        problems.change(one.connection, one.problem_id, one.seen, state=one.seen.state.value)
        problems.finish_measure(one.connection, one.problem_id, nth, by=by.person_id, on=clock.civil(now))
        return _record(office, one, edition_id, "finish_measure", by, now, {"nth": nth})


def fix_problem(
    office: Office,
    edition_id: int,
    code: str,
    *,
    note: str = "",
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> ProblemShown:
    """The unit reports the problem as fixed; it still stands on the ledger until it is struck off."""
    with _settling(office, edition_id, code, by, dry_run=dry_run) as one:
        refuse(*fixing_refusals(one.seen, by))
        fixed = {"state": ProblemState.FIXED.value, "fixed_by": person_id(by), "fixed_at": now}
        problems.change(one.connection, one.problem_id, one.seen, **fixed)
        return _record(office, one, edition_id, "fix", by, now, {"note": cleaned(note)})


def return_problem(
    office: Office,
    edition_id: int,
    code: str,
    *,
    reason: str,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> ProblemShown:
    """Not really fixed: back to open, with the reason."""
    with _settling(office, edition_id, code, by, dry_run=dry_run) as one:
        refuse(*returning_refusals(one.seen, by, reason=reason))
        problems.change(
            one.connection,
            one.problem_id,
            one.seen,
            state=ProblemState.OPEN.value,
            fixed_by=None,
            fixed_at=None,
        )
        return _record(office, one, edition_id, "return_problem", by, now, {"reason": cleaned(reason)})


def strike_off(
    office: Office,
    edition_id: int,
    code: str,
    *,
    note: str = "",
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> ProblemShown:
    """Confirm on the spot and strike off: never by whoever reported it as fixed."""
    with _settling(office, edition_id, code, by, dry_run=dry_run) as one:
        refuse(*striking_refusals(one.seen, by))
        closed = {"state": ProblemState.CLOSED.value, "closed_by": person_id(by), "closed_at": now}
        problems.change(one.connection, one.problem_id, one.seen, **closed)
        return _record(office, one, edition_id, "strike_off", by, now, {"note": cleaned(note)})


@contextmanager
def _settling(office: Office, edition_id: int, code: str, by: Actor, *, dry_run: bool) -> Iterator[_Settling]:
    with office.store.writing() as connection:
        problem_id, seen = problems.load(connection, edition_id, code, sight_of(by))
        yield _Settling(connection=connection, problem_id=problem_id, seen=seen)
        if dry_run:
            take_back(connection)


def _record(
    office: Office,
    one: _Settling,
    edition_id: int,
    verb: str,
    by: Actor,
    now: datetime,
    facts: dict[str, object],
) -> ProblemShown:
    history.append(
        one.connection,
        at=now,
        by=by,
        verb=verb,
        noun="problem",
        noun_id=one.problem_id,
        edition_id=edition_id,
        unit_id=one.seen.unit_id,
        detail={"code": one.seen.code, **{key: value for key, value in facts.items() if value != ""}},
        flow_run_id=office.flow_run_id,
    )
    [shown] = problems.problems(
        one.connection, ProblemFilter(), Sight(everything=True), problem_id=one.problem_id
    )
    return shown
