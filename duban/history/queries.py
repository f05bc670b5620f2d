"""Writing and checking the history: append-only, hash-chained, one order for all writers.

Every act appends in its own transaction. Writers take turns from their first append until they commit, so an
act appends after its other writes, or it could wait for a row whose holder waits for the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from duban.core.access import Actor
from duban.core.db import advisory_lock
from duban.history.hash_chain import GENESIS, canonical, seal
from duban.history.tables import history

# Any number that nothing else locks; the letters of "duban".
_LOCK = 0x647562616E
_PAGE = 1_000
# Clocks are set right by moments, and an act's moment is that of its beginning.
TOLERANCE = timedelta(minutes=10)
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last entry: noting it elsewhere makes a cut-off tail visible."""

    entries: int
    entry_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfOrder:
    """An entry whose moment cannot be: before that of an entry that was there before it, or still to come (`than` None)."""

    id: int
    at: datetime
    actor: str
    verb: str
    than: int | None
    than_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """`entries` were checked in order; `broken_at` is the position of the first that does not hold.

    `out_of_order` counts entries whose moment cannot be, `shown` are the first of them: whole, but not true.
    """

    entries: int
    head: str
    broken_at: int | None = None
    reason: str | None = None
    out_of_order: int = 0
    shown: tuple[OutOfOrder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One line of the history as people read it."""

    id: int
    at: datetime
    actor: str
    verb: str
    noun: str
    noun_id: int | None
    edition_id: int | None
    unit_id: int | None
    detail: str
    flow_run_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """One of many entries that an act appends together."""

    verb: str
    noun: str
    noun_id: int | None = None
    edition_id: int | None = None
    unit_id: int | None = None
    detail: Mapping[str, object]


def append_entry(
    connection: Connection,
    *,
    at: datetime,
    by: Actor,
    verb: str,
    noun: str,
    noun_id: int | None = None,
    edition_id: int | None = None,
    unit_id: int | None = None,
    detail: Mapping[str, object] | None = None,
    flow_run_id: str | None = None,
) -> None:
    """Add one entry at the end of the chain, in the caller's transaction."""
    new = NewEntry(
        verb=verb, noun=noun, noun_id=noun_id, edition_id=edition_id, unit_id=unit_id, detail=detail or {}
    )
    append_entries(connection, [new], at=at, by=by, flow_run_id=flow_run_id)


def append_entries(
    connection: Connection,
    news: Sequence[NewEntry],
    *,
    at: datetime,
    by: Actor,
    flow_run_id: str | None = None,
) -> None:
    """Add entries at the end of the chain in their order, in the caller's transaction."""
    if not news:
        return
    advisory_lock(connection, _LOCK)
    last = chain_head(connection)
    rows: list[dict[str, object]] = []
    previous = last.entry_hash
    for position, new in enumerate(news, start=last.entries + 1):
        row: dict[str, object] = {
            "id": position,
            "at": at,
            "actor_id": by.person_id,
            "actor": by.name,
            "verb": new.verb,
            "noun": new.noun,
            "noun_id": new.noun_id,
            "edition_id": new.edition_id,
            "unit_id": new.unit_id,
            "detail": canonical(new.detail),
            "flow_run_id": flow_run_id,
            "previous_hash": previous,
        }
        row["entry_hash"] = previous = seal(row, previous)
        rows.append(row)
    connection.execute(_APPEND, rows)


def chain_head(connection: Connection) -> Head:
    """The end of the chain; position 0 while nothing has happened."""
    row = connection.execute(_HEAD).first()
    return Head(entries=row.id, entry_hash=row.entry_hash) if row else Head(entries=0, entry_hash=GENESIS)


# Built once: every act appends.
_APPEND = history.insert()
_HEAD = select(history.c.id, history.c.entry_hash).order_by(history.c.id.desc()).limit(1)


def verify_chain(
    connection: Connection, *, noted: Head | None = None, now: datetime | None = None
) -> Verified:
    """Check every entry in order, in constant memory; `noted` is an earlier head that must still stand.

    With `now`, an entry of a moment still to come is out of order too.
    """
    previous, seen = GENESIS, 0
    order = _Order(now)
    every = select(history).order_by(history.c.id).execution_options(yield_per=_PAGE)
    for row in connection.execute(every):
        reason = _fault(row, seen + 1, previous, noted)
        if reason:
            return order.verified(entries=seen, head=previous, broken_at=seen + 1, reason=reason)
        previous, seen = row.entry_hash, row.id
        order.look_at(row)
    if noted and seen < noted.entries:
        gone = f"第 {seen + 1} 条至第 {noted.entries} 条留痕已不在库中，请从备份恢复并追查。"
        return order.verified(entries=seen, head=previous, broken_at=seen + 1, reason=gone)
    return order.verified(entries=seen, head=previous)


class _Order:
    """Whether moments follow each other: each is held against the latest that stood before it."""

    def __init__(self, now: datetime | None) -> None:
        self._now = now
        self._latest: Row[Any] | None = None
        self._count = 0
        self._shown: list[OutOfOrder] = []

    def look_at(self, row: Row[Any]) -> None:
        latest, now = self._latest, self._now
        if latest is not None and row.at < latest.at - TOLERANCE:
            self._note(row, latest.id, latest.at)
        elif now is not None and row.at > now + TOLERANCE:
            self._note(row, None, now)
        if latest is None or row.at > latest.at:
            self._latest = row

    def _note(self, row: Row[Any], than: int | None, than_at: datetime) -> None:
        self._count += 1
        if len(self._shown) < _SHOWN:
            one = OutOfOrder(id=row.id, at=row.at, actor=row.actor, verb=row.verb, than=than, than_at=than_at)
            self._shown.append(one)

    def verified(self, **found: Any) -> Verified:
        return Verified(**found, out_of_order=self._count, shown=tuple(self._shown))


def list_entries(
    connection: Connection,
    *,
    noun: str | None = None,
    noun_id: int | None = None,
    edition_id: int | None = None,
    limit: int = 200,
) -> tuple[HistoryEntry, ...]:
    """The newest entries about something, oldest first."""
    return search_entries(connection, noun=noun, noun_id=noun_id, edition_id=edition_id, limit=limit)[::-1]


def search_entries(
    connection: Connection,
    *,
    words: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int,
    **same: object,
) -> tuple[HistoryEntry, ...]:
    """The newest entries that fit, the newest first. `same` names columns; what is empty is anything.

    `before` is the entry to go on from.
    """
    found = select(*(history.c[one.name] for one in fields(HistoryEntry)))
    found = found.where(
        *(history.c[name] == value for name, value in same.items() if value not in (None, ""))
    )
    if words:
        found = found.where(history.c.detail.contains(words, autoescape=True))
    if since:
        found = found.where(history.c.at >= since)
    if until:
        found = found.where(history.c.at < until)
    if before:
        found = found.where(history.c.id < before)
    rows = connection.execute(found.order_by(history.c.id.desc()).limit(limit))
    return tuple(HistoryEntry(**row._mapping) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainedEntry(HistoryEntry):
    """One entry with what binds it to the one before: enough to check the chain elsewhere."""

    actor_id: int | None
    previous_hash: str
    entry_hash: str


def chained_entries(connection: Connection, *, after: int, limit: int) -> tuple[ChainedEntry, ...]:
    """Entries after a position, in order, exactly as they were sealed."""
    found = select(history).where(history.c.id > after).order_by(history.c.id).limit(limit)
    return tuple(ChainedEntry(**row._mapping) for row in connection.execute(found))


def _fault(row: Row[Any], position: int, previous: str, noted: Head | None) -> str | None:
    if row.id != position:
        return f"缺少第 {position} 条留痕（下一条编号是 {row.id}），请从备份恢复并追查。"
    if row.previous_hash != previous:
        return f"第 {position} 条留痕与前一条接不上，请从备份恢复并追查。"
    if seal(row._mapping, previous) != row.entry_hash:
        return f"第 {position} 条留痕的内容被改动过，请从备份恢复并追查。"
    if noted and noted.entries == position and noted.entry_hash != row.entry_hash:
        return f"第 {position} 条留痕与先前记下的指纹不符，整条链可能被重写，请从备份恢复并追查。"
    return None
