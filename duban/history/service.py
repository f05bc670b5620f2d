"""Reading the history and checking its chain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role
from duban.core.errors import refuse
from duban.history.queries import (
    ChainedEntry,
    Head,
    HistoryEntry,
    HistoryFilter,
    Verified,
    chained_entries,
    list_entries,
    search_entries,
    verify_chain,
)
from duban.history.rules import auditing_refusals


def verify_history(bureau: Bureau, *, noted: Head | None = None) -> Verified:
    """Check every entry in order; `noted` is a head that somebody wrote down earlier."""
    with bureau.store.reading() as connection:
        return verify_chain(connection, noted=noted)


def show_history(
    bureau: Bureau,
    *,
    noun: str | None = None,
    noun_id: int | None = None,
    edition_id: int | None = None,
    limit: int = 200,
) -> tuple[HistoryEntry, ...]:
    """The newest entries about something, oldest first."""
    with bureau.store.reading() as connection:
        return list_entries(connection, noun=noun, noun_id=noun_id, edition_id=edition_id, limit=limit)


PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Entries that fit, the newest first; `older` is where the next page begins."""

    entries: tuple[HistoryEntry, ...]
    older: int | None


def search_history(
    bureau: Bureau,
    *,
    actor: str = "",
    verb: str = "",
    noun: str = "",
    words: str = "",
    first_on: date | None = None,
    last_on: date | None = None,
    before: int | None = None,
    by: Actor,
) -> HistoryPage:
    """A page of what fits."""
    refuse(*auditing_refusals(by))
    wanted = HistoryFilter(
        actor=actor.strip(),
        verbs=(verb,) if verb else (),
        noun=noun,
        words=words.strip(),
        since=_midnight(first_on),
        until=_midnight(last_on + timedelta(days=1)) if last_on else None,
        before=before,
    )
    with bureau.store.reading() as connection:
        found = search_entries(connection, wanted, limit=PAGE + 1)
    return HistoryPage(entries=found[:PAGE], older=found[PAGE - 1].id if len(found) > PAGE else None)


def audit_history(bureau: Bureau, *, by: Actor) -> Verified:
    """Check the whole chain, entry by entry."""
    refuse(*auditing_refusals(by))
    with bureau.store.reading() as connection:
        return verify_chain(connection)


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, datetime.min.time(), clock.ZONE) if day else None


_MAY = frozenset({Role.AUDITOR, Role.COORDINATOR})


def pull_history(bureau: Bureau, *, after: int, limit: int, by: Actor) -> tuple[ChainedEntry, ...]:
    """Entries after this one, in order, at most so many; for auditors and coordinators."""
    if not by.roles & _MAY:
        refuse(f"{by.name}没有查阅留痕的权限，请由审计或统筹科室的令牌查询。")
    with bureau.store.reading() as connection:
        return chained_entries(connection, after=after, limit=limit)
