"""Requests for more time that nobody has answered, in the order they were made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from office import clock
from office.actions.office import Office
from office.actions.read_reviews import PAGE_SIZE, waited
from office.store import queues
from office.store.queues import AskedExtension
from rules.extensions import Clocks, deciding_refusals
from rules.moves import Matter
from rules.people import Actor
from rules.sight import sight_of


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
    office: Office, *, by: Actor, today: date, after: int | None = None, limit: int = PAGE_SIZE
) -> ExtensionPage:
    """What waits for whoever decides on extensions."""
    sight = sight_of(by)
    with office.store.reading() as connection:
        found = queues.asked_extensions(connection, sight, after=after, limit=limit)
        total, _ = queues.count_extensions(connection, sight)
    return ExtensionPage(
        extensions=tuple(_waiting(office, one, by, today) for one in found),
        total=total,
        next_after=found[-1].id if len(found) == limit else None,
    )


def _waiting(office: Office, one: AskedExtension, by: Actor, today: date) -> WaitingExtension:
    """Whether this person may decide at all is asked of the same rule, as if it were refused with a word."""
    dates = Clocks(due_on=one.due_on, hard_due_on=one.hard_due_on, today=today)
    matter = Matter(state=one.state, unit_id=one.unit_id)
    return WaitingExtension(
        asked=one,
        waited_workdays=waited(office.workdays, clock.civil(one.asked_at), today),
        refusals=deciding_refusals(
            matter, by, dates, asked_by=one.asked_by_id, granted_on=None, reply="不同意"
        ),
    )
