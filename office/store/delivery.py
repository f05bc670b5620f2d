"""Claiming dispatches, noting that they are handed over, and recording what the channels answered, in batches.

A claim is a conditional update with a lease; between the claim and the record no transaction is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, text, update

from office.store.digests import DIGEST
from office.store.tables import dispatch, round_
from office.store.types import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A dispatch that this worker holds until its lease runs out."""

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
    not_before: datetime
    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt. `not_before` is set where it is to be tried again."""

    id: int
    status: str  # accepted, pending, failed, unsure, withdrawn
    reason: str | None = None
    provider_code: str | None = None
    provider_message: str | None = None
    accepted_at: datetime | None = None
    not_before: datetime | None = None
    fall_back: bool = False


def may_send_digests(connection: Connection, today: date) -> bool:
    """Whether today's round is finished: before that it could still merge yesterday's digests into today's.

    Keeps the newest round's row as it is until the transaction ends, so that no round plans while digests are claimed.
    """
    newest = connection.execute(
        select(round_.c.held_on, round_.c.finished_at)
        .order_by(round_.c.held_on.desc())
        .limit(1)
        .with_for_update(read=True)
    ).first()
    return newest is not None and newest.held_on >= today and newest.finished_at is not None


def claim(
    connection: Connection, *, now: datetime, lease_until: datetime, worker: str, limit: int, today: date
) -> tuple[Claimed, ...]:
    """Up to `limit` dispatches whose time has come, now `sending` and leased to `worker`; the oldest first."""
    ready = (
        select(dispatch.c.id)
        .where(dispatch.c.status == "pending", dispatch.c.not_before <= now)
        .order_by(dispatch.c.not_before, dispatch.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if not may_send_digests(connection, today):
        ready = ready.where(dispatch.c.kind != DIGEST)
    columns = [dispatch.c[name] for name in Claimed.__dataclass_fields__]
    claimed = connection.execute(
        update(dispatch)
        .where(dispatch.c.id.in_(ready), dispatch.c.status == "pending")
        .values(
            status="sending",
            lease_until=lease_until,
            lease_by=worker,
            handed_at=None,
            attempts=dispatch.c.attempts + 1,
        )
        .returning(*columns)
    )
    return tuple(
        sorted((Claimed(**row._mapping) for row in claimed), key=lambda one: (one.not_before, one.id))
    )


def hand_over(connection: Connection, ids: Sequence[int], *, worker: str, now: datetime) -> frozenset[int]:
    """Note that these are about to be given to their channel; returns those that are still this worker's."""
    if not ids:
        return frozenset()
    kept = connection.scalars(
        update(dispatch)
        .where(dispatch.c.id.in_(ids), dispatch.c.status == "sending", dispatch.c.lease_by == worker)
        .values(handed_at=now)
        .returning(dispatch.c.id)
    )
    return frozenset(kept)


def record(connection: Connection, outcomes: Iterable[Outcome], *, worker: str) -> None:
    """Write what happened to what this worker holds; what it lost in the meantime stays as it is."""
    rows = [
        {
            "id": outcome.id,
            "worker": worker,
            "status": outcome.status,
            "reason": outcome.reason,
            "code": (outcome.provider_code or "")[:32] or None,
            "message": outcome.provider_message,
            "accepted_at": outcome.accepted_at,
            "not_before": outcome.not_before,
        }
        for outcome in outcomes
    ]
    if rows:
        connection.execute(_RECORD, rows)


_RECORD = text(
    """
    UPDATE dispatch SET status = :status, reason = :reason, provider_code = :code, provider_message = :message,
        accepted_at = :accepted_at, not_before = coalesce(:not_before, not_before), lease_until = NULL, lease_by = NULL
    WHERE id = :id AND status = 'sending' AND lease_by = :worker
    """
).bindparams(bindparam("accepted_at", type_=Moment()), bindparam("not_before", type_=Moment()))


def fall_back(connection: Connection, failed: Iterable[int], not_before: datetime) -> int:
    """For each dispatch that failed for good, one to the unit's next contact that has not had it; returns how many."""
    ids = list(failed)
    if not ids:
        return 0
    statement = _FALL_BACK.bindparams(bindparam("ids", expanding=True))
    return len(connection.execute(statement, {"ids": ids, "not_before": not_before}).all())


_FALL_BACK = text(
    """
    INSERT INTO dispatch (
        day, kind, ref, round_id, since_round_id, unit_id, contact_id, parts, channel, address,
        status, not_before, items, payload, fallback_of
    )
    SELECT d.day, d.kind, d.ref, d.round_id, d.since_round_id, d.unit_id, c.id, d.parts, c.channel, c.address,
        'pending', :not_before, d.items, d.payload, d.id
    FROM dispatch AS d JOIN contact AS c ON c.id = (
        SELECT n.id FROM contact AS n
        WHERE n.unit_id = d.unit_id AND n.active
            -- Who is out of the list already, or has it by another row, is not next.
            AND n.rank > (SELECT f.rank FROM contact AS f WHERE f.id = d.contact_id)
            AND NOT EXISTS (
                SELECT 1 FROM dispatch AS o WHERE o.day = d.day AND o.kind = d.kind AND o.ref = d.ref
                    AND o.unit_id = d.unit_id AND o.contact_id = n.id
            )
        ORDER BY n.rank, n.id LIMIT 1
    )
    WHERE d.id IN :ids AND d.status = 'failed'
    ON CONFLICT DO NOTHING RETURNING id
    """
).bindparams(bindparam("not_before", type_=Moment()))


def put_off(connection: Connection, *, now: datetime, until: datetime) -> int:
    """Everything whose time has come waits until then; returns how many."""
    moved = connection.execute(
        update(dispatch)
        .where(dispatch.c.status == "pending", dispatch.c.not_before <= now)
        .values(not_before=until)
    )
    return int(moved.rowcount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Leases that ran out: nothing had been handed over, or it had and nobody knows."""

    to_send: int
    unsure: int


def release_expired(connection: Connection, now: datetime) -> Released:
    """Give back what a worker claimed and left; what it had already handed over is marked unsure and not repeated."""
    expired = [
        dispatch.c.status == "sending",
        or_(dispatch.c.lease_until.is_(None), dispatch.c.lease_until <= now),
    ]
    unsure = connection.execute(
        update(dispatch)
        .where(*expired, dispatch.c.handed_at.is_not(None))
        .values(status="unsure", reason=UNSURE, lease_until=None, lease_by=None)
    )
    back = connection.execute(
        update(dispatch)
        .where(*expired)
        # The attempt that was never made does not count.
        .values(status="pending", attempts=dispatch.c.attempts - 1, lease_until=None, lease_by=None)
    )
    return Released(to_send=int(back.rowcount), unsure=int(unsure.rowcount))


UNSURE = "发送途中中断，对方是否收到不能确定；请向对方核实，未收到的用 duban dispatch retry 重发。"


def counts(connection: Connection) -> dict[str, int]:
    """How many dispatches there are in each status."""
    found = connection.execute(select(dispatch.c.status, func.count()).group_by(dispatch.c.status))
    return {row[0]: row[1] for row in found}
