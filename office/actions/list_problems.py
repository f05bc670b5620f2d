"""The problem ledger as people read it, with its tally: found is always fixed plus open."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

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


def show_problem(office: Office, problem_id: int, *, by: Actor) -> ProblemFile:
    """One problem; one of a foreign unit is not there."""
    with office.store.reading() as connection:
        found = problems.problems(connection, ProblemFilter(), sight_of(by), problem_id=problem_id)
        if not found:
            raise NotFound("没有这个问题，或不属于您的单位，请从问题台账里重新选择。")
        done = history.entries(connection, noun="problem", noun_id=problem_id)
        return ProblemFile(problem=found[0], history=done)


def ledger_units(office: Office, edition_id: int, *, by: Actor) -> tuple[tuple[int, str], ...]:
    """The units with problems on a ledger, by id and name."""
    with office.store.reading() as connection:
        return problem_ledgers.units_of(connection, edition_id, sight_of(by))


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


def _step(entry: HistoryEntry) -> ProblemStep:
    detail = json.loads(entry.detail)
    return ProblemStep(
        at=entry.at,
        actor=entry.actor,
        verb=entry.verb,
        words=str(detail.get("reason") or detail.get("note") or ""),
        nth=detail.get("nth"),
    )
