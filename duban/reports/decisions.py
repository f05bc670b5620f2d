"""What waits for this person's own decision: extensions, last review levels, sign-offs, what is past the wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from duban.bureau import Bureau
from duban.core.access import Actor, visible_units
from duban.obligations.list_queries import ObligationRow, obligation_rows_by_id
from duban.obligations.lists import ListedObligation, classified
from duban.obligations.review_queues import WaitingExtension, WaitingReview, read_extensions, read_reviews
from duban.obligations.states import State, Transition, role_refusals
from duban.reports.queries import LateProblem, beyond_wall, late_problems, waiting_at_last_level
from duban.rounds.gate_queries import gate_snapshot

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
    over_wall: tuple[ObligationRow, ...]
    over_wall_total: int
    problems: tuple[LateProblem, ...]
    problems_total: int

    @property
    def total(self) -> int:
        """How many things wait for a decision; what is past the wall is told beside it."""
        return self.extensions_total + self.last_levels_total + self.sign_offs_total


def read_decisions(bureau: Bureau, *, by: Actor, today: date, limit: int = LISTED) -> Decisions:
    """What this person may decide; a queue that is not theirs is empty."""
    sight = visible_units(by)
    decides = not role_refusals(Transition.DECIDE_EXTENSION, by)
    extensions = read_extensions(bureau, by=by, today=today, limit=limit) if decides else None
    closes = not role_refusals(Transition.SIGN_OFF, by)
    sign_offs = (
        read_reviews(bureau, by=by, today=today, state=State.ACCEPTED, limit=limit) if closes else None
    )
    with bureau.store.reading() as connection:
        gate_snapshot(connection)
        ids, levels = (
            waiting_at_last_level(connection, sight, limit=limit)
            if not role_refusals(Transition.PASS, by)
            else ([], 0)
        )
        rows = obligation_rows_by_id(connection, ids, sight=sight) if ids else ()
        wall_ids, walls_total = beyond_wall(connection, sight, today=today, limit=limit)
        walls = obligation_rows_by_id(connection, wall_ids, sight)
        problems, problems_total = late_problems(connection, sight, today=today, limit=limit)
    return Decisions(
        as_of_on=today,
        extensions=extensions.extensions if extensions else (),
        extensions_total=extensions.total if extensions else 0,
        last_levels=tuple(classified(bureau, row, today) for row in rows),
        last_levels_total=levels,
        sign_offs=sign_offs.reviews if sign_offs else (),
        sign_offs_total=sign_offs.total if sign_offs else 0,
        sign_offs_since=sign_offs.since if sign_offs else None,
        over_wall=tuple(sorted(walls, key=lambda one: (one.unit_id, one.id))),
        over_wall_total=walls_total,
        problems=problems,
        problems_total=problems_total,
    )
