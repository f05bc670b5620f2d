"""What waits for this person's own decision: extensions, last review levels, sign-offs, what is past the wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from office.actions.list_obligations import ListedObligation, seen
from office.actions.office import Office
from office.actions.read_extensions import WaitingExtension, read_extensions
from office.actions.read_reviews import WaitingReview, read_reviews
from office.store import decisions, gates, obligation_list
from office.store.board import Shown
from office.store.decisions import LateProblem
from rules.moves import State, Verb, role_refusals
from rules.people import Actor
from rules.sight import sight_of

LISTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """At most LISTED of each, with the totals. `over_wall` and `problems` cannot be granted more time here: they are
    to be reported to the superior, or cleared.
    """

    as_of_on: date
    extensions: tuple[WaitingExtension, ...]
    extensions_total: int
    last_levels: tuple[ListedObligation, ...]
    last_levels_total: int
    sign_offs: tuple[WaitingReview, ...]
    sign_offs_total: int
    sign_offs_since: date | None
    over_wall: tuple[Shown, ...]
    over_wall_total: int
    problems: tuple[LateProblem, ...]
    problems_total: int

    @property
    def total(self) -> int:
        """How many things wait for a decision; what is past the wall is told beside it."""
        return self.extensions_total + self.last_levels_total + self.sign_offs_total


def read_decisions(office: Office, *, by: Actor, today: date, limit: int = LISTED) -> Decisions:
    """What this person may decide; a queue that is not theirs is empty."""
    sight = sight_of(by)
    decides = not role_refusals(Verb.DECIDE_EXTENSION, by)
    extensions = read_extensions(office, by=by, today=today, limit=limit) if decides else None
    closes = not role_refusals(Verb.SIGN_OFF, by)
    sign_offs = (
        read_reviews(office, by=by, today=today, state=State.ACCEPTED, limit=limit) if closes else None
    )
    with office.store.reading() as connection:
        gates.snapshot(connection)
        ids, levels = (
            decisions.last_levels(connection, sight, limit=limit)
            if not role_refusals(Verb.PASS, by)
            else ([], 0)
        )
        rows = obligation_list.rows_of(connection, ids, sight=sight) if ids else ()
        walls, walls_total = decisions.over_wall(connection, sight, today=today, limit=limit)
        problems, problems_total = decisions.late_problems(connection, sight, today=today, limit=limit)
    return Decisions(
        as_of_on=today,
        extensions=extensions.extensions if extensions else (),
        extensions_total=extensions.total if extensions else 0,
        last_levels=tuple(seen(office, row, today) for row in rows),
        last_levels_total=levels,
        sign_offs=sign_offs.reviews if sign_offs else (),
        sign_offs_total=sign_offs.total if sign_offs else 0,
        sign_offs_since=sign_offs.since if sign_offs else None,
        over_wall=walls,
        over_wall_total=walls_total,
        problems=problems,
        problems_total=problems_total,
    )
