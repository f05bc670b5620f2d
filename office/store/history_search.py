"""Looking things up in the history: by person, verb, day and words, the newest first, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from office.store.history import HistoryEntry
from office.store.tables import history


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; empty is anything. `before` is the entry to go on from."""

    actor: str = ""
    verbs: tuple[str, ...] = ()
    noun: str = ""
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def search(connection: Connection, wanted: Wanted, *, limit: int) -> tuple[HistoryEntry, ...]:
    """The newest entries that fit."""
    rows = connection.execute(_statement(wanted).order_by(history.c.id.desc()).limit(limit))
    return tuple(_entry(row) for row in rows)


def _statement(wanted: Wanted) -> Select[Any]:
    found = select(*(history.c[name] for name in _COLUMNS))
    if wanted.actor:
        found = found.where(history.c.actor == wanted.actor)
    if wanted.verbs:
        found = found.where(history.c.verb.in_(wanted.verbs))
    if wanted.noun:
        found = found.where(history.c.noun == wanted.noun)
    if wanted.words:
        found = found.where(history.c.detail.contains(wanted.words, autoescape=True))
    if wanted.since:
        found = found.where(history.c.at >= wanted.since)
    if wanted.until:
        found = found.where(history.c.at < wanted.until)
    if wanted.before:
        found = found.where(history.c.id < wanted.before)
    return found


_COLUMNS = (
    "id",
    "at",
    "actor",
    "verb",
    "noun",
    "noun_id",
    "edition_id",
    "unit_id",
    "detail",
    "flow_run_id",
)


def _entry(row: Row[Any]) -> HistoryEntry:
    return HistoryEntry(**row._mapping)
