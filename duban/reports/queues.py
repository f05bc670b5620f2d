"""Work queues in figures: how much waits for a person, and since when. Writes nothing; shows what the person may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, VisibleUnits, visible_units
from duban.editions.pages import unresolved_items
from duban.letters.chases import UNREAD_WORKDAYS, opened_until
from duban.letters.queries import count_unread
from duban.obligations.queue_queries import count_extensions, count_submitted
from duban.obligations.states import State
from duban.outbox.queries import failed_reasons
from duban.outbox.service import failed_since
from duban.rounds.escalation_queries import HeldSelection, count_held_escalations


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
        return (
            *_decisions(connection, sight),
            _escalations(connection, sight),
            _unread(bureau, connection, sight, today),
            _failed(connection, sight, today),
            Queue(key="waiting", count=unresolved_items(connection).count if sight.everything else 0),
        )


def _decisions(connection: Connection, sight: VisibleUnits) -> tuple[Queue, Queue, Queue]:
    reviews = count_submitted(connection, State.SUBMITTED, sight)
    closings = count_submitted(connection, State.ACCEPTED, sight)
    asked, asked_at = count_extensions(connection, sight)
    return (
        Queue(key="reviews", count=reviews.count, since=reviews.since),
        Queue(key="sign_offs", count=closings.count, since=closings.since),
        Queue(key="extensions", count=asked, since=clock.civil(asked_at) if asked_at else None),
    )


def _escalations(connection: Connection, sight: VisibleUnits) -> Queue:
    held, superiors, due_on = count_held_escalations(connection, sight, HeldSelection())
    return Queue(key="escalations", count=held, since=due_on, units=superiors)


def _unread(bureau: Bureau, connection: Connection, sight: VisibleUnits, today: date) -> Queue:
    until = opened_until(bureau, today, UNREAD_WORKDAYS)
    count, units, opened_on = count_unread(connection, sight, opened_until=until)
    return Queue(key="receipts", count=count, since=opened_on, units=units)


def _failed(connection: Connection, sight: VisibleUnits, today: date) -> Queue:
    failed = failed_reasons(connection, sight, since=failed_since(today))
    return Queue(
        key="dispatches",
        count=sum(one.messages for one in failed),
        since=min((one.first_on for one in failed), default=None),
    )
