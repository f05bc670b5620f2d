"""Messages of the last weeks that did not go out, by their reason: one remedy serves all that failed alike."""

from __future__ import annotations

from datetime import date, timedelta

from office.actions.office import Office
from office.store import dispatch_list
from office.store.dispatch_list import FailedReason
from rules.people import Actor
from rules.sight import sight_of

# Older failures have been overtaken by later letters to the same unit.
_DAYS = 30


def read_failed(office: Office, *, by: Actor, today: date) -> tuple[FailedReason, ...]:
    """The most frequent reason first."""
    with office.store.reading() as connection:
        return dispatch_list.failed_reasons(connection, sight_of(by), since=failed_since(today))


def failed_alike(
    office: Office, *, status: str, reason: str | None, by: Actor, today: date
) -> tuple[int, ...]:
    """The numbers of all messages that failed for this reason."""
    with office.store.reading() as connection:
        since = failed_since(today)
        return dispatch_list.stuck(connection, sight_of(by), since=since, status=status, reason=reason)


def failed_since(today: date) -> date:
    """The first day whose failures still ask for somebody."""
    return today - timedelta(days=_DAYS)
