"""Submissions that wait for a reviewer or a closer, the longest waiting first, and whether this person may take them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from calendars.workdays import WorkdayTable, YearUnknown
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, visible_units
from duban.obligations.queue_queries import (
    AskedExtension,
    AskedForward,
    QueuePosition,
    SubmittedObligation,
    asked_extensions,
    asked_forwards,
    count_extensions,
    count_forwards,
    count_submitted,
    review_facts,
    submitted_obligations,
)
from duban.obligations.rules import (
    Clocks,
    deciding_refusals,
    forward_deciding_refusals,
    review_refusals,
    sign_off_refusals,
)
from duban.obligations.states import ObligationFacts, State, Transition

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingReview:
    """One submission that waits. `level` is the next review level; `refusals` say why this person may not do it."""

    submitted: SubmittedObligation
    level: int
    waited_workdays: int
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """One page of reviews or sign-offs; `next_after` leads to the following one."""

    reviews: tuple[WaitingReview, ...]
    total: int
    since: date | None
    next_after: QueuePosition | None


def read_reviews(
    bureau: Bureau,
    *,
    by: Actor,
    today: date,
    state: State = State.SUBMITTED,
    edition_id: int | None = None,
    unit_id: int | None = None,
    after: QueuePosition | None = None,
    limit: int = PAGE_SIZE,
) -> ReviewPage:
    """What waits for a reviewer (submitted) or for a closer (accepted)."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        found = submitted_obligations(
            connection, state, sight, edition_id=edition_id, unit_id=unit_id, after=after, limit=limit
        )
        matters = review_facts(connection, found, state)
        total = count_submitted(connection, state, sight, edition_id=edition_id, unit_id=unit_id)
    last = found[-1] if len(found) == limit else None
    return ReviewPage(
        reviews=tuple(_review(bureau, one, matters[one.id], by, today) for one in found),
        total=total.count,
        since=total.since,
        next_after=QueuePosition(last.submitted_on, last.id) if last else None,
    )


def _review(
    bureau: Bureau, one: SubmittedObligation, matter: ObligationFacts, by: Actor, today: date
) -> WaitingReview:
    if matter.state is State.SUBMITTED:
        refusals = review_refusals(matter, Transition.PASS, by)
    else:
        refusals = sign_off_refusals(matter, by, today)
    return WaitingReview(
        submitted=one,
        level=len(matter.passed_by) + 1,
        waited_workdays=waited(bureau.workdays, one.submitted_on, today),
        refusals=refusals,
    )


def waited(workdays: WorkdayTable, since: date, today: date) -> int:
    """Workdays since then, that day not counted; in a year nobody knows, days."""
    try:
        return workdays.between(since + timedelta(days=1), today)
    except YearUnknown:
        return (today - since).days


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingExtension:
    """One request; `refusals` say why this person may not decide it."""

    asked: AskedExtension
    waited_workdays: int
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionPage:
    """One page of requests; `next_after` leads to the following one."""

    extensions: tuple[WaitingExtension, ...]
    total: int
    next_after: int | None


def read_extensions(
    bureau: Bureau, *, by: Actor, today: date, after: int | None = None, limit: int = PAGE_SIZE
) -> ExtensionPage:
    """What waits for whoever decides on extensions."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        found = asked_extensions(connection, sight, after=after, limit=limit)
        total, _ = count_extensions(connection, sight)
    return ExtensionPage(
        extensions=tuple(_waiting(bureau, one, by, today) for one in found),
        total=total,
        next_after=found[-1].id if len(found) == limit else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingForward:
    """One request to forward; `refusals` say why this person may not decide it."""

    asked: AskedForward
    waited_workdays: int
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardPage:
    """One page of requests; `next_after` leads to the following one."""

    forwards: tuple[WaitingForward, ...]
    total: int
    next_after: int | None


def read_forwards(
    bureau: Bureau, *, by: Actor, today: date, after: int | None = None, limit: int = PAGE_SIZE
) -> ForwardPage:
    """What units have asked to be forwarded and nobody has decided, as far as the person's own units are concerned."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        found = asked_forwards(connection, sight, after=after, limit=limit)
        total, _ = count_forwards(connection, sight)
    return ForwardPage(
        forwards=tuple(_asked_forward(bureau, one, by, today) for one in found),
        total=total,
        next_after=found[-1].id if len(found) == limit else None,
    )


def _asked_forward(bureau: Bureau, one: AskedForward, by: Actor, today: date) -> WaitingForward:
    return WaitingForward(
        asked=one,
        waited_workdays=waited(bureau.workdays, clock.civil(one.asked_at), today),
        refusals=forward_deciding_refusals(
            ObligationFacts(state=one.state, unit_id=one.unit_id),
            by,
            asked_by=one.asked_by_id,
            to_unit_id=one.to_unit_id,
            receiver_decides=bureau.settings.forward_receiver_decides,
            reply="不同意",
        ),
    )


def _waiting(bureau: Bureau, one: AskedExtension, by: Actor, today: date) -> WaitingExtension:
    """Whether this person may decide at all is asked of the same rule, as if it were refused with a word."""
    dates = Clocks(due_on=one.due_on, hard_due_on=one.hard_due_on, today=today)
    matter = ObligationFacts(state=one.state, unit_id=one.unit_id)
    return WaitingExtension(
        asked=one,
        waited_workdays=waited(bureau.workdays, clock.civil(one.asked_at), today),
        refusals=deciding_refusals(
            matter, by, dates, asked_by=one.asked_by_id, granted_on=None, reply="不同意"
        ),
    )
