"""Reading the history and checking its chain."""

from __future__ import annotations

from office.actions.office import Office
from office.store import history
from office.store.history import Head, HistoryEntry, Verified


def verify_history(office: Office, *, noted: Head | None = None) -> Verified:
    """Check every entry in order; `noted` is a head that somebody wrote down earlier."""
    with office.store.reading() as connection:
        return history.verify(connection, noted=noted)


def show_history(
    office: Office,
    *,
    noun: str | None = None,
    noun_id: int | None = None,
    edition_id: int | None = None,
    limit: int = 200,
) -> tuple[HistoryEntry, ...]:
    """The newest entries about something, oldest first."""
    with office.store.reading() as connection:
        return history.entries(connection, noun=noun, noun_id=noun_id, edition_id=edition_id, limit=limit)
