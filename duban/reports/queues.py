"""What waits for people: every queue in figures, and what waits for this person's own decision. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, visible_units
from duban.editions.pages import unresolved_items
from duban.letters.office import opened_until
from duban.letters.queries import count_unread
from duban.obligations.list_queries import ListedObligation, listed_by_id
from duban.obligations.queue_queries import count_extensions, count_forwards, count_submitted
from duban.obligations.review_queues import WaitingExtension, WaitingReview, read_extensions, read_reviews
from duban.obligations.states import State, Transition, role_refusals
from duban.obligations.support_queries import SupportFilter, count_supports
from duban.obligations.support_rules import SupportState
from duban.outbox.queries import failed_reasons
from duban.outbox.service import failed_since
from duban.reports.queries import (
    LateProblem,
    beyond_wall,
    count_drafted,
    late_problems,
    waiting_at_last_level,
)
from duban.rounds.gate_queries import gate_snapshot
from duban.rounds.queries import HeldSelection, count_held_escalations


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One queue: how many wait, since when the first, and of how many units where that says more."""

    key: str
    count: int
    since: date | None = None
    units: int | None = None


def read_queues(bureau: Bureau, *, by: Actor, now: datetime) -> tuple[Queue, ...]:
    """Every queue in figures."""
    today, sight = clock.civil(now), visible_units(by)
    with bureau.store.reading() as connection:
        reviews = count_submitted(connection, State.SUBMITTED, sight)
        closings = count_submitted(connection, State.ACCEPTED, sight)
        asked, asked_at = count_extensions(connection, sight)
        forwards, forwarded_at = count_forwards(connection, sight)
        drafted, named, drafted_due_on = count_drafted(connection, sight)
        held, superiors, held_due_on = count_held_escalations(connection, sight, HeldSelection())
        until = opened_until(bureau, today, bureau.settings.silent_workdays)
        unread, units, opened_on = count_unread(connection, sight, opened_until=until)
        failed = failed_reasons(connection, sight, since=failed_since(today))
        pending = SupportFilter(states=frozenset({SupportState.PENDING}), led=True, opened_until=until)
        silent, silent_units, silent_due_on = count_supports(connection, pending, sight)
        waiting = unresolved_items(connection, today).count if sight.everything else 0
    return (
        Queue(key="reviews", count=reviews.count, since=reviews.since),
        Queue(key="sign_offs", count=closings.count, since=closings.since),
        Queue(key="extensions", count=asked, since=clock.civil(asked_at) if asked_at else None),
        Queue(key="forwards", count=forwards, since=clock.civil(forwarded_at) if forwarded_at else None),
        Queue(key="escalations", count=held, since=held_due_on, units=superiors),
        Queue(key="bulletin", count=drafted, since=drafted_due_on, units=named),
        Queue(key="receipts", count=unread, since=opened_on, units=units),
        Queue(key="supports", count=silent, since=silent_due_on, units=silent_units),
        Queue(
            key="dispatches",
            count=sum(one.messages for one in failed),
            since=min((one.first_on for one in failed), default=None),
        ),
        Queue(key="waiting", count=waiting),
    )


LISTED = 20
_DECIDED = (Transition.DECIDE_EXTENSION, Transition.SIGN_OFF, Transition.PASS)


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
    over_wall: tuple[ListedObligation, ...]
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
    may = {verb: not role_refusals(verb, by) for verb in _DECIDED}
    extensions = (
        read_extensions(bureau, by=by, today=today, limit=limit) if may[Transition.DECIDE_EXTENSION] else None
    )
    sign_offs = (
        read_reviews(bureau, by=by, today=today, state=State.ACCEPTED, limit=limit)
        if may[Transition.SIGN_OFF]
        else None
    )
    with bureau.store.reading() as connection:
        gate_snapshot(connection)
        ids, levels = (
            waiting_at_last_level(connection, sight, limit=limit) if may[Transition.PASS] else ([], 0)
        )
        last_levels = listed_by_id(bureau, connection, ids, sight, today)
        wall_ids, walls_total = beyond_wall(connection, sight, today=today, limit=limit)
        walls = listed_by_id(bureau, connection, wall_ids, sight, today)
        problems, problems_total = late_problems(connection, sight, today=today, limit=limit)
    return Decisions(
        as_of_on=today,
        extensions=extensions.extensions if extensions else (),
        extensions_total=extensions.total if extensions else 0,
        last_levels=last_levels,
        last_levels_total=levels,
        sign_offs=sign_offs.reviews if sign_offs else (),
        sign_offs_total=sign_offs.total if sign_offs else 0,
        sign_offs_since=sign_offs.since if sign_offs else None,
        over_wall=tuple(sorted(walls, key=lambda one: (one.unit_id, one.id))),
        over_wall_total=walls_total,
        problems=problems,
        problems_total=problems_total,
    )
