"""The problem ledger as people read it, with its tally: found is always fixed plus open."""

from __future__ import annotations

from dataclasses import dataclass

from office.actions.office import Office
from office.errors import NotFound
from office.store import history, problem_ledgers, problems
from office.store.history import HistoryEntry
from office.store.problem_ledgers import LedgerEntry
from office.store.problems import ProblemFilter, ProblemShown, Tally
from rules.people import Actor
from rules.sight import sight_of

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemLedger:
    """The problems asked for, a page of them from 1, and the tally of the whole edition or unit they belong to.

    `total` counts all that the filter finds.
    """

    tally: Tally
    problems: tuple[ProblemShown, ...]
    total: int
    page: int
    page_size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFile:
    """One problem with everything that was done about it."""

    problem: ProblemShown
    history: tuple[HistoryEntry, ...]


def list_problems(
    office: Office,
    wanted: ProblemFilter,
    *,
    by: Actor,
    page: int = 1,
    page_size: int | None = None,
) -> ProblemLedger:
    """The ledger, by edition and number, as far as the person may see; all of it unless pages are asked for."""
    sight = sight_of(by)
    whole = ProblemFilter(edition_id=wanted.edition_id, unit_id=wanted.unit_id)
    with office.store.reading() as connection:
        return ProblemLedger(
            tally=problems.tally(connection, whole, sight),
            problems=problems.problems(
                connection, wanted, sight, offset=(page - 1) * (page_size or 0), limit=page_size
            ),
            total=problems.count(connection, wanted, sight),
            page=page,
            page_size=page_size,
        )


def show_problem(office: Office, edition_id: int, code: str, *, by: Actor) -> ProblemFile:
    """One problem by its number; one of a foreign unit is not there."""
    with office.store.reading() as connection:
        problem_id, _ = problems.load(connection, edition_id, code, sight_of(by))
        [shown] = problems.problems(connection, ProblemFilter(), sight_of(by), problem_id=problem_id)
        done = history.entries(connection, noun="problem", noun_id=problem_id)
        return ProblemFile(problem=shown, history=done)


def list_ledgers(office: Office, *, by: Actor) -> tuple[tuple[LedgerEntry, Tally], ...]:
    """Every edition that keeps a problem ledger, or has problems, with its tally; a handler's own are those with his units'."""
    sight = sight_of(by)
    nothing = Tally(found=0, fixed=0, open=0, struck_off=0)
    with office.store.reading() as connection:
        tallies = problems.tallies(connection, sight)
        found = problem_ledgers.ledgers(connection, tallies)
    return tuple(
        (one, tallies.get(one.edition_id, nothing))
        for one in found
        if sight.everything or one.edition_id in tallies
    )


def find_ledger(office: Office, edition_id: int, *, by: Actor) -> LedgerEntry:
    """One edition's ledger. Raises NotFound."""
    for one, _ in list_ledgers(office, by=by):
        if one.edition_id == edition_id:
            return one
    raise NotFound("没有这份问题台账，或不属于您的单位，请从问题台账的清单里重新选择。")
