"""Dispatches on their way: claimed under a lease, handed over, and recorded with the provider's own answer.

Every change is conditional on the lease, so that several workers split what waits and nobody writes over another's
result. Knows nothing of words or channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, text, update

from office import clock
from office.store.digests import DIGEST
from office.store.tables import dispatch, round_
from office.store.types import Moment

_WAITS_FOR_ROUND = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One message that this worker holds, as it stood when it was claimed."""

    id: int
    day: date
    kind: str
    ref: str
    round_id: int | None
    since_round_id: int | None
    unit_id: int
    contact_id: int | None
    parts: int
    channel: str
    address: str
    attempts: int
    payload: Mapping[str, Any] | None

    @property
    def letter_key(self) -> str:
        """The identity of the letter, the same however often it is sent: its day and the row's number."""
        return f"{self.day.isoformat()}-{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one claimed message. `falls_back`: the unit's next contact takes over."""

    id: int
    status: str
    attempts: int
    not_before: datetime
    reason: str | None = None
    provider_code: str | None = None
    provider_message: str | None = None
    accepted_at: datetime | None = None
    falls_back: bool = False


def claim(
    connection: Connection,
    *,
    now: datetime,
    lease_by: str,
    lease_until: datetime,
    limit: int,
    flow_run_id: str | None,
) -> tuple[Claimed, ...]:
    """Take up to `limit` messages whose time has come, the longest waiting first. What others hold is passed over."""
    ready = [dispatch.c.status == "pending", dispatch.c.not_before <= now]
    if not _digests_may_leave(connection, now):
        ready.append(dispatch.c.kind != DIGEST)
    picked = (
        select(dispatch.c.id)
        .where(*ready)
        .order_by(dispatch.c.not_before, dispatch.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    found = connection.execute(
        update(dispatch)
        .where(dispatch.c.id.in_(select(picked.c.id)), dispatch.c.status == "pending")
        .values(
            status="sending",
            lease_by=lease_by,
            lease_until=lease_until,
            handed_at=None,
            flow_run_id=func.coalesce(flow_run_id, dispatch.c.flow_run_id),
        )
        .returning(*(dispatch.c[field.name] for field in fields(Claimed)))
    )
    return tuple(sorted((Claimed(**row._mapping) for row in found), key=lambda one: one.id))


def _digests_may_leave(connection: Connection, now: datetime) -> bool:
    """Not between midnight and the day's round: it merges what is left of older digests into the day's one letter.

    A round that does not come is waited for an hour. Keeps the newest round's row until the transaction ends, so that
    nothing is planned for a unit while its digest is being taken.
    """
    newest = connection.execute(
        select(round_.c.held_on, round_.c.finished_at)
        .order_by(round_.c.held_on.desc())
        .limit(1)
        .with_for_update(read=True)
    ).first()
    today = clock.civil(now)
    held = newest is not None and newest.held_on >= today and newest.finished_at is not None
    return held or now >= clock.at(today) + _WAITS_FOR_ROUND


def hand_over(
    connection: Connection, ids: Sequence[int], *, lease_by: str, now: datetime, lease_until: datetime
) -> frozenset[int]:
    """Mark that the channel gets these now; returns those still held. From here on a lost answer means unsure."""
    if not ids:
        return frozenset()
    found = connection.execute(
        update(dispatch)
        .where(dispatch.c.id.in_(ids), dispatch.c.lease_by == lease_by, dispatch.c.status == "sending")
        .values(handed_at=now, lease_until=lease_until)
        .returning(dispatch.c.id)
    )
    return frozenset(found.scalars())


def record(connection: Connection, outcomes: Sequence[Outcome], *, lease_by: str) -> None:
    """Write what became of messages, and the next contact's where one takes over.

    A row that recovery has marked unsure in between still takes its true answer; one that somebody put back does not.
    """
    if not outcomes:
        return
    connection.execute(_RECORD, [_values(one, lease_by) for one in outcomes])
    failed = [one for one in outcomes if one.falls_back]
    if failed:
        values = {"ids": [one.id for one in failed], "not_before": failed[0].not_before}
        connection.execute(_FALL_BACK, values)


def put_off(connection: Connection, *, now: datetime, until: datetime) -> int:
    """Nothing leaves before `until`; returns how many messages wait for it."""
    waiting = update(dispatch).where(dispatch.c.status == "pending", dispatch.c.not_before <= now)
    return int(connection.execute(waiting.values(not_before=until)).rowcount)


def told_since(
    connection: Connection, rows: Iterable[Claimed], *, days: Sequence[date], since: datetime
) -> frozenset[tuple[str, str, str]]:
    """(channel, address, ref) of the digests of these days, other than the rows themselves, that left since then."""
    wanted = list(rows)
    found = connection.execute(
        select(dispatch.c.channel, dispatch.c.address, dispatch.c.ref).where(
            dispatch.c.day.in_(days),
            dispatch.c.channel.in_({one.channel for one in wanted}),
            dispatch.c.address.in_({one.address for one in wanted}),
            dispatch.c.kind == "digest",
            dispatch.c.status.in_(("sending", "accepted", "unsure")),
            dispatch.c.handed_at >= since,
            dispatch.c.id.not_in([one.id for one in wanted]),
        )
    )
    return frozenset((row.channel, row.address, row.ref) for row in found)


def _values(one: Outcome, lease_by: str) -> dict[str, object]:
    values = {field.name: getattr(one, field.name) for field in fields(one)}
    del values["falls_back"]
    return values | {"lease_by": lease_by}


_MOMENTS = [bindparam(name, type_=Moment()) for name in ("not_before", "accepted_at")]
_RECORD = text(
    """
    UPDATE dispatch SET status = CAST(:status AS VARCHAR(12)), reason = :reason, attempts = :attempts, not_before = :not_before,
        provider_code = :provider_code, provider_message = :provider_message, accepted_at = :accepted_at,
        lease_until = NULL, lease_by = NULL,
        handed_at = CASE WHEN CAST(:status AS VARCHAR(12)) IN ('accepted', 'unsure') THEN handed_at END
    WHERE id = :id AND lease_by = :lease_by AND status IN ('sending', 'unsure')
    """
).bindparams(*_MOMENTS)

# The next contact among those who do the work, or among those who lead it. An address that has the same message
# already gets no second one.
_FALL_BACK = text(
    """
    INSERT INTO dispatch (
        day, kind, ref, round_id, since_round_id, unit_id, contact_id, parts, channel, address,
        status, not_before, items, payload, fallback_of
    )
    SELECT d.day, d.kind, d.ref, d.round_id, d.since_round_id, d.unit_id, next.id, d.parts, next.channel,
        next.address, 'pending', :not_before, d.items, d.payload, d.id
    FROM dispatch AS d
    JOIN contact AS c ON c.id = d.contact_id
    JOIN contact AS next ON next.id = (
        SELECT x.id FROM contact AS x
        WHERE x.unit_id = c.unit_id AND x.active AND x.rank > c.rank
            AND (x.duty IN ('handler', 'backup')) = (c.duty IN ('handler', 'backup'))
        ORDER BY x.rank, x.id LIMIT 1
    )
    WHERE d.id IN :ids AND d.status = 'failed'
    ON CONFLICT (day, channel, address, kind, ref) DO NOTHING
    """
).bindparams(bindparam("ids", expanding=True), bindparam("not_before", type_=Moment()))
