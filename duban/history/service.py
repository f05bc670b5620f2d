"""Noting what is done, reading the history and checking its chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role
from duban.core.db import Connection, rollback_dry_run
from duban.core.errors import refuse
from duban.history.queries import (
    ChainedEntry,
    Head,
    HistoryEntry,
    Verified,
    append_entry,
    chained_entries,
    list_entries,
    search_entries,
    verify_chain,
)

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One transaction in somebody's name: what it writes goes through `connection`, what it was is noted."""

    bureau: Bureau
    connection: Connection
    by: Actor
    now: datetime

    def note(
        self,
        verb: str,
        noun: str,
        noun_id: int | None = None,
        *,
        by: Actor | None = None,
        edition_id: int | None = None,
        unit_id: int | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Enter it in the history, after the act's other writes; `by` where somebody else did this part."""
        append_entry(
            self.connection,
            at=self.now,
            by=by or self.by,
            verb=verb,
            noun=noun,
            noun_id=noun_id,
            edition_id=edition_id,
            unit_id=unit_id,
            detail=detail,
            flow_run_id=self.bureau.flow_run_id,
        )


@contextmanager
def acting(bureau: Bureau, *, by: Actor, now: datetime, dry_run: bool = False) -> Iterator[Act]:
    """A transaction that commits whole or not at all; a dry run is undone at its end."""
    with bureau.store.writing() as connection:
        yield Act(bureau=bureau, connection=connection, by=by, now=now)
        if dry_run:
            rollback_dry_run(connection)


def verify_history(bureau: Bureau, *, noted: Head | None = None, now: datetime | None = None) -> Verified:
    """Check every entry in order; `noted` is a head that somebody wrote down earlier."""
    with bureau.store.reading() as connection:
        return verify_chain(connection, noted=noted, now=now)


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
    with bureau.store.reading() as connection:
        found = search_entries(
            connection,
            actor=actor.strip(),
            verb=verb,
            noun=noun,
            words=words.strip(),
            since=_midnight(first_on),
            until=_midnight(last_on + timedelta(days=1)) if last_on else None,
            before=before,
            limit=PAGE + 1,
        )
    return HistoryPage(entries=found[:PAGE], older=found[PAGE - 1].id if len(found) > PAGE else None)


def audit_history(bureau: Bureau, *, by: Actor, now: datetime) -> Verified:
    """Check the whole chain, entry by entry."""
    refuse(*auditing_refusals(by))
    with bureau.store.reading() as connection:
        return verify_chain(connection, now=now)


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, datetime.min.time(), clock.ZONE) if day else None


def pull_history(bureau: Bureau, *, after: int, limit: int, by: Actor) -> tuple[ChainedEntry, ...]:
    """Entries after this one, in order, at most so many; for auditors and coordinators."""
    if not by.roles & {Role.AUDITOR, Role.COORDINATOR}:
        refuse(f"{by.name}没有查阅留痕的权限，请由审计或统筹科室的令牌查询。")
    with bureau.store.reading() as connection:
        return chained_entries(connection, after=after, limit=limit)


def auditing_refusals(by: Actor) -> tuple[str, ...]:
    """The whole history is read by the auditor; everybody else reads that of the matters he sees."""
    if by.person_id is None or Role.AUDITOR in by.roles:
        return ()
    return (f"{by.name}不能查阅全部留痕，请由审计办理。",)
