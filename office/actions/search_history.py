"""The history for the auditor: looked up by person, verb and day, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from office import clock
from office.actions.acting import refuse
from office.actions.office import Office
from office.store import history, history_search
from office.store.history import HistoryEntry, Verified
from office.store.history_search import Wanted
from rules.accounts import auditing_refusals
from rules.people import Actor

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Entries that fit, the newest first; `older` is where the next page begins."""

    entries: tuple[HistoryEntry, ...]
    older: int | None


def search_history(
    office: Office,
    *,
    actor: str = "",
    verb: str = "",
    noun: str = "",
    words: str = "",
    first_on: date | None = None,
    last_on: date | None = None,
    before: int | None = None,
    by: Actor,
) -> Found:
    """A page of what fits."""
    refuse(*auditing_refusals(by))
    wanted = Wanted(
        actor=actor.strip(),
        verbs=(verb,) if verb else (),
        noun=noun,
        words=words.strip(),
        since=_midnight(first_on),
        until=_midnight(last_on + timedelta(days=1)) if last_on else None,
        before=before,
    )
    with office.store.reading() as connection:
        found = history_search.search(connection, wanted, limit=PAGE + 1)
    return Found(entries=found[:PAGE], older=found[PAGE - 1].id if len(found) > PAGE else None)


def audit_history(office: Office, *, by: Actor) -> Verified:
    """Check the whole chain, entry by entry."""
    refuse(*auditing_refusals(by))
    with office.store.reading() as connection:
        return history.verify(connection)


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, datetime.min.time(), clock.ZONE) if day else None
