"""The problem ledger as people read it, with its tally: found is always fixed plus open."""

from __future__ import annotations

from dataclasses import dataclass

from office.actions.office import Office
from office.store import problems
from office.store.problems import ProblemShown, Tally
from rules.problems import ProblemState


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemLedger:
    """The problems asked for, and the tally of the whole edition or unit they belong to."""

    tally: Tally
    problems: tuple[ProblemShown, ...]


def list_problems(
    office: Office,
    *,
    edition_id: int | None = None,
    unit_id: int | None = None,
    state: ProblemState | None = None,
) -> ProblemLedger:
    """The ledger, by edition and number."""
    with office.store.reading() as connection:
        return ProblemLedger(
            tally=problems.tally(connection, edition_id=edition_id, unit_id=unit_id),
            problems=problems.problems(connection, edition_id=edition_id, unit_id=unit_id, state=state),
        )
