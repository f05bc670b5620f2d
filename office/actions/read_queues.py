"""Work queues in figures: how much waits for a person, and since when. Writes nothing; shows what the person may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from office import clock
from office.actions.office import Office
from office.actions.read_failed import failed_since
from office.actions.read_loose_ends import loose_ends
from office.actions.read_unread import UNREAD_WORKDAYS, opened_until
from office.store import dispatch_list, escalations, queues, unread
from office.store.engine import Connection
from office.store.escalations import Chosen
from rules.moves import State
from rules.people import Actor
from rules.sight import Sight, sight_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One queue: how many wait, since when the first, and of how many units where that says more."""

    key: str
    count: int
    since: date | None = None
    units: int | None = None


def read_queues(office: Office, *, by: Actor, now: datetime) -> tuple[Queue, ...]:
    """Every queue in figures."""
    today, sight = clock.civil(now), sight_of(by)
    with office.store.reading() as connection:
        return (
            *_decisions(connection, sight),
            _escalations(connection, sight),
            _unread(office, connection, sight, today),
            _failed(connection, sight, today),
            Queue(key="waiting", count=loose_ends(connection).count if sight.everything else 0),
        )


def _decisions(connection: Connection, sight: Sight) -> tuple[Queue, Queue, Queue]:
    reviews = queues.count_submitted(connection, State.SUBMITTED, sight)
    closings = queues.count_submitted(connection, State.ACCEPTED, sight)
    asked, asked_at = queues.count_extensions(connection, sight)
    return (
        Queue(key="reviews", count=reviews.count, since=reviews.since),
        Queue(key="sign_offs", count=closings.count, since=closings.since),
        Queue(key="extensions", count=asked, since=clock.civil(asked_at) if asked_at else None),
    )


def _escalations(connection: Connection, sight: Sight) -> Queue:
    held, superiors, due_on = escalations.count_held(connection, sight, Chosen())
    return Queue(key="escalations", count=held, since=due_on, units=superiors)


def _unread(office: Office, connection: Connection, sight: Sight, today: date) -> Queue:
    until = opened_until(office, today, UNREAD_WORKDAYS)
    count, units, opened_on = unread.count_unread(connection, sight, opened_until=until)
    return Queue(key="receipts", count=count, since=opened_on, units=units)


def _failed(connection: Connection, sight: Sight, today: date) -> Queue:
    failed = dispatch_list.failed_reasons(connection, sight, since=failed_since(today))
    return Queue(
        key="dispatches",
        count=sum(one.messages for one in failed),
        since=min((one.first_on for one in failed), default=None),
    )
