"""Submissions that wait for a reviewer or a closer, the longest waiting first, and whether this person may take them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from office.actions.office import Office
from office.store import queues
from office.store.queues import After, Submitted
from rules.moves import Matter, State, Verb
from rules.people import Actor
from rules.reviews import review_refusals
from rules.sight import sight_of
from rules.workdays import WorkdayTable, YearUnknown

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingReview:
    """One submission that waits. `level` is the next review level; `refusals` say why this person may not do it."""

    submitted: Submitted
    level: int
    waited_workdays: int
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """One page of reviews or sign-offs; `next_after` leads to the following one."""

    reviews: tuple[WaitingReview, ...]
    total: int
    since: date | None
    next_after: After | None


def read_reviews(
    office: Office,
    *,
    by: Actor,
    today: date,
    state: State = State.SUBMITTED,
    edition_id: int | None = None,
    unit_id: int | None = None,
    after: After | None = None,
    limit: int = PAGE_SIZE,
) -> ReviewPage:
    """What waits for a reviewer (submitted) or for a closer (accepted)."""
    sight = sight_of(by)
    with office.store.reading() as connection:
        found = queues.submitted(
            connection, state, sight, edition_id=edition_id, unit_id=unit_id, after=after, limit=limit
        )
        matters = queues.matters(connection, found, state)
        total = queues.count_submitted(connection, state, sight, edition_id=edition_id, unit_id=unit_id)
    last = found[-1] if len(found) == limit else None
    return ReviewPage(
        reviews=tuple(_review(office, one, matters[one.id], by, today) for one in found),
        total=total.count,
        since=total.since,
        next_after=After(last.submitted_on, last.id) if last else None,
    )


def _review(office: Office, one: Submitted, matter: Matter, by: Actor, today: date) -> WaitingReview:
    verb = Verb.PASS if matter.state is State.SUBMITTED else Verb.SIGN_OFF
    return WaitingReview(
        submitted=one,
        level=len(matter.passed_by) + 1,
        waited_workdays=waited(office.workdays, one.submitted_on, today),
        refusals=review_refusals(matter, verb, by),
    )


def waited(workdays: WorkdayTable, since: date, today: date) -> int:
    """Workdays since then, that day not counted; in a year nobody knows, days."""
    try:
        return workdays.between(since + timedelta(days=1), today)
    except YearUnknown:
        return (today - since).days
