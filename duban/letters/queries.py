"""Dispatches on their way: claimed under a lease, handed over, and recorded with the provider's own answer.

Every change is conditional on the lease, so that several workers split what waits and nobody writes over another's
result. Knows nothing of words or channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Connection, Date, TextClause, bindparam, func, select, text, update

from duban.core import clock
from duban.core.db import Moment
from duban.outbox.queries import AUDIENCE, NO_CHANNEL, NO_CONTACT
from duban.outbox.tables import dispatch
from duban.rounds.tables import round_

DIGEST = "digest"


def write_digests(connection: Connection, *, round_id: int, day: date, not_before: datetime) -> int:
    """A row per first-rank contact; a unit without any contact gets one that failed with the reason.

    An earlier digest to the same contact that has not left by now is merged into the new one and withdrawn. Run
    again it writes what is missing and brings the counts of what is still waiting up to date. Returns how many
    rows the round has.
    """
    merges = connection.scalar(_ANY_WAITING, {"day": day}) is not None
    values = {
        "round_id": round_id,
        "day": day,
        "not_before": not_before,
        "no_channel": NO_CHANNEL,
        "no_contact": NO_CONTACT,
    }
    connection.execute(_insert(merges=merges), values)
    if merges:
        reason = f"尚未发出，已并入{day}的汇总"
        connection.execute(_WITHDRAW, {"round_id": round_id, "day": day, "reason": reason})
    return int(connection.scalar(_COUNT, {"round_id": round_id}) or 0)


_DAY = bindparam("day", type_=Date)
_WAITS = "status = 'pending' AND kind = 'digest' AND day < :day"
_ANY_WAITING = text(f"SELECT id FROM dispatch WHERE {_WAITS} LIMIT 1").bindparams(_DAY)
_COUNT = text("SELECT count(*) FROM dispatch WHERE round_id = :round_id")
_WITHDRAW = text(
    f"""
    UPDATE dispatch SET status = 'withdrawn', reason = :reason
    WHERE {_WAITS} AND contact_id IN (
        SELECT newer.contact_id FROM dispatch AS newer
        WHERE newer.round_id = :round_id AND newer.kind = 'digest' AND newer.since_round_id < newer.round_id
    )
    """
).bindparams(_DAY)

# How many of each part a unit is owed in the round.
_NEED = """
    SELECT target_unit_id AS unit_id, count(*) AS items,
        sum(CASE WHEN kind = 'escalate' THEN 1 ELSE 0 END) AS superior,
        sum(CASE WHEN kind = 'chase' THEN 1 ELSE 0 END) AS chases
    FROM reminder WHERE round_id = :round_id AND status = 'planned' GROUP BY target_unit_id
"""
_ITEMS = """(
    CASE WHEN told.own = 1 THEN need.items - need.superior WHEN told.copy = 1 THEN need.chases ELSE 0 END
    + CASE WHEN told.superior = 1 THEN need.superior ELSE 0 END
)"""
_MERGED = f"""
    LEFT JOIN (
        SELECT contact_id, min(since_round_id) AS since_round_id FROM dispatch WHERE {_WAITS} GROUP BY contact_id
    ) AS waiting ON waiting.contact_id = told.contact_id
"""


@cache
def _insert(*, merges: bool) -> TextClause:
    since = "coalesce(waiting.since_round_id, :round_id)" if merges else ":round_id"
    return text(
        f"""
        INSERT INTO dispatch (
            day, kind, ref, round_id, since_round_id, unit_id, contact_id, parts, channel, address,
            status, reason, not_before, items
        )
        SELECT :day, 'digest', CAST(need.unit_id AS VARCHAR(64)), :round_id, {since}, need.unit_id,
            told.contact_id, coalesce(told.own + 2 * told.superior + 4 * told.copy, 1),
            coalesce(told.channel, :no_channel), coalesce(told.address, CAST(need.unit_id AS VARCHAR(64))),
            CASE WHEN told.contact_id IS NULL THEN 'failed' ELSE 'pending' END,
            CASE WHEN told.contact_id IS NULL THEN :no_contact END, :not_before,
            CASE WHEN told.contact_id IS NULL THEN need.items ELSE {_ITEMS} END
        FROM ({_NEED}) AS need
        LEFT JOIN ({AUDIENCE}) AS told ON told.unit_id = need.unit_id AND {_ITEMS} > 0
        {_MERGED if merges else ""}
        -- Without a condition SQLite reads the ON of the conflict as one of the join.
        WHERE need.items > 0
        ON CONFLICT (day, channel, address, kind, ref) DO UPDATE SET items = excluded.items
        WHERE dispatch.status = 'pending' AND dispatch.items <> excluded.items
        """
    ).bindparams(_DAY, bindparam("not_before", type_=Moment()))


_WAITS_FOR_ROUND = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDispatch:
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
class DispatchOutcome:
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


def claim_dispatches(
    connection: Connection,
    *,
    now: datetime,
    lease_by: str,
    lease_until: datetime,
    limit: int,
    flow_run_id: str | None,
) -> tuple[ClaimedDispatch, ...]:
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
        .returning(*(dispatch.c[field.name] for field in fields(ClaimedDispatch)))
    )
    return tuple(sorted((ClaimedDispatch(**row._mapping) for row in found), key=lambda one: one.id))


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


def mark_sending(
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


def record_outcomes(connection: Connection, outcomes: Sequence[DispatchOutcome], *, lease_by: str) -> None:
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


def put_off_dispatches(connection: Connection, *, now: datetime, until: datetime) -> int:
    """Nothing leaves before `until`; returns how many messages wait for it."""
    waiting = update(dispatch).where(dispatch.c.status == "pending", dispatch.c.not_before <= now)
    return int(connection.execute(waiting.values(not_before=until)).rowcount)


def told_since(
    connection: Connection, rows: Iterable[ClaimedDispatch], *, days: Sequence[date], since: datetime
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


def _values(one: DispatchOutcome, lease_by: str) -> dict[str, object]:
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


BROKEN_OFF = "发送中断，是否送出不能确定；请向对方核实，确需重发的用 duban dispatch retry --even-unsure。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Rows whose lease had run out."""

    put_back: int
    unsure: int


def release_expired_leases(connection: Connection, now: datetime) -> Released:
    """What had not been handed over waits again; what had may have gone out, and stays until a person decides.

    An unsure row keeps the name of its lease, so that a worker that was only slow can still record the answer.
    """
    expired = update(dispatch).where(dispatch.c.status == "sending", dispatch.c.lease_until <= now)
    back = connection.execute(
        expired.where(dispatch.c.handed_at.is_(None)).values(
            status="pending", lease_by=None, lease_until=None
        )
    )
    unsure = connection.execute(
        expired.where(dispatch.c.handed_at.is_not(None)).values(
            status="unsure", reason=BROKEN_OFF, lease_until=None, attempts=dispatch.c.attempts + 1
        )
    )
    return Released(put_back=int(back.rowcount), unsure=int(unsure.rowcount))


def cut_short_digests(connection: Connection, before: date) -> tuple[tuple[int, date], ...]:
    """(id, day) of the rounds that planned reminders and never came to write their digests, oldest first."""
    statement = select(round_.c.id, round_.c.held_on).where(
        round_.c.held_on < before, round_.c.finished_at.is_(None), round_.c.status == "planning"
    )
    return tuple((row.id, row.held_on) for row in connection.execute(statement.order_by(round_.c.held_on)))


def first_undispatched_on(connection: Connection) -> date | None:
    """The day of the very first round."""
    return connection.scalar(select(func.min(round_.c.held_on)))


def dispatch_statuses(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """How these stand; what does not exist is left out."""
    rows = connection.execute(select(dispatch.c.id, dispatch.c.status).where(dispatch.c.id.in_(list(ids))))
    return {row.id: row.status for row in rows}


def failed_dispatch_ids(connection: Connection) -> tuple[int, ...]:
    """Every message that ended as failed, apart from those that another contact has taken over."""
    other = dispatch.alias("other")
    taken_over = (
        select(other.c.id).where(other.c.fallback_of == dispatch.c.id, other.c.status != "failed").exists()
    )
    statement = (
        select(dispatch.c.id).where(dispatch.c.status == "failed", ~taken_over).order_by(dispatch.c.id)
    )
    return tuple(connection.scalars(statement))


def put_back_dispatches(connection: Connection, ids: Sequence[int], now: datetime) -> frozenset[int]:
    """Let these wait again, to the address that their contact has now; returns those that still have nobody.

    A message that nobody could be told goes to the contacts that its unit has by now.
    """
    nobody: set[int] = set()
    for start in range(0, len(ids), 500):
        some = list(ids[start : start + 500])
        values = {"ids": some, "not_before": now}
        connection.execute(_TO_NEW_CONTACTS, values)
        connection.execute(_HANDED_ON, values)
        connection.execute(_PUT_BACK, values)
        connection.execute(_READDRESS, values)
        nobody |= {
            number for number, status in dispatch_statuses(connection, some).items() if status == "failed"
        }
    return frozenset(nobody)


_MOMENT = bindparam("not_before", type_=Moment())
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_TO_NEW_CONTACTS = text(
    f"""
    INSERT INTO dispatch (
        day, kind, ref, round_id, since_round_id, unit_id, contact_id, parts, channel, address,
        status, not_before, items, payload, fallback_of
    )
    SELECT d.day, d.kind, d.ref, d.round_id, d.since_round_id, d.unit_id, told.contact_id,
        CASE WHEN d.kind = 'digest' THEN told.own + 2 * told.superior + 4 * told.copy ELSE d.parts END,
        told.channel, told.address, 'pending', :not_before, d.items, d.payload, d.id
    FROM dispatch AS d
    JOIN ({AUDIENCE}) AS told ON told.unit_id = d.unit_id
        AND CASE WHEN d.kind = 'digest' THEN 1 WHEN d.parts = 2 THEN told.superior ELSE told.own END = 1
    WHERE d.id IN :ids AND d.contact_id IS NULL
    ON CONFLICT (day, channel, address, kind, ref) DO NOTHING
    """
).bindparams(_IDS, _MOMENT)
_HANDED_ON = text(
    """
    UPDATE dispatch SET status = 'withdrawn', reason = '联系人已补录，改由其接收'
    WHERE id IN :ids AND contact_id IS NULL
        AND EXISTS (SELECT 1 FROM dispatch AS other WHERE other.fallback_of = dispatch.id)
    """
).bindparams(_IDS)
_PUT_BACK = text(
    """
    UPDATE dispatch SET status = 'pending', attempts = 0, reason = NULL, not_before = :not_before,
        lease_by = NULL, lease_until = NULL, handed_at = NULL, provider_code = NULL, provider_message = NULL
    WHERE id IN :ids AND contact_id IS NOT NULL
    """
).bindparams(_IDS, _MOMENT)
# An address that was mended is used at once, unless the same message has gone there already.
_READDRESS = text(
    """
    UPDATE dispatch SET
        channel = (SELECT c.channel FROM contact AS c WHERE c.id = dispatch.contact_id),
        address = (SELECT c.address FROM contact AS c WHERE c.id = dispatch.contact_id)
    WHERE id IN :ids AND contact_id IS NOT NULL
        AND EXISTS (
            SELECT 1 FROM contact AS c WHERE c.id = dispatch.contact_id
                AND (c.channel <> dispatch.channel OR c.address <> dispatch.address)
                AND NOT EXISTS (
                    SELECT 1 FROM dispatch AS other
                    WHERE other.day = dispatch.day AND other.channel = c.channel AND other.address = c.address
                        AND other.kind = dispatch.kind AND other.ref = dispatch.ref
                )
        )
    """
).bindparams(_IDS)
