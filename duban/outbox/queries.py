"""The outbox: one row per message, address and day, written before anything leaves, claimed under a lease, and
recorded with the provider's own answer.

Every change to a claimed row is conditional on its lease, so that several workers split what waits and nobody writes
over another's result. Knows who is told; knows nothing of words or channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from enum import IntFlag
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    TextClause,
    and_,
    bindparam,
    func,
    select,
    text,
    update,
)

from calendars.quiet_hours import next_opening, quiet_hours
from duban.core import clock
from duban.core.access import VisibleUnits
from duban.core.db import Moment, upsert
from duban.core.settings import Settings
from duban.outbox.tables import dispatch
from duban.rounds.tables import MORNING, round_
from duban.units.queries import Officer, visible
from duban.units.tables import contact, unit

DIGEST = "digest"


class Part(IntFlag):
    """What of a unit's letters a contact gets."""

    OWN = 1
    SUPERIOR = 2
    COPY = 4
    OFFICE = 8  # the queues of coordinators and reviewers


# Every active contact with what it is told: contact_id, unit_id, name, channel, address, rank, and 1 or 0 for own,
# superior, copy. The first rank among those who do the work gets the unit's own letters, the first rank among those
# who lead it what is escalated to the unit; where one of the two groups is empty the other stands in. Deputy leaders
# get copies of chases; officers of the bureau get none of these. Each question is one look into the index over (unit_id, duty, rank).
AUDIENCE = """
    SELECT c.id AS contact_id, c.unit_id, c.name, c.channel, c.address, c.rank,
        CASE WHEN c.duty IN ('handler', 'backup') THEN
            CASE WHEN {better_worker} THEN 0 ELSE 1 END
        ELSE
            CASE WHEN {worker} OR {better_leader} THEN 0 ELSE 1 END
        END AS own,
        CASE WHEN c.duty IN ('handler', 'backup') THEN
            CASE WHEN {better_worker} OR {leader} THEN 0 ELSE 1 END
        ELSE
            CASE WHEN {better_leader} THEN 0 ELSE 1 END
        END AS superior,
        CASE WHEN c.duty = 'deputy_leader' THEN 1 ELSE 0 END AS copy
    FROM contact AS c WHERE c.active AND c.duty <> 'officer'
""".format(
    **{
        name: f"EXISTS (SELECT 1 FROM contact AS p WHERE p.unit_id = c.unit_id AND p.active AND {condition})"
        for name, condition in {
            "worker": "p.duty IN ('handler', 'backup')",
            "better_worker": "p.duty IN ('handler', 'backup') AND p.rank < c.rank",
            "leader": "p.duty IN ('leader', 'deputy_leader')",
            "better_leader": "p.duty IN ('leader', 'deputy_leader') AND p.rank < c.rank",
        }.items()
    }
)


NO_CONTACT = "没有联系人，无法送达；请补录该单位的联系人后重发。"
NO_CHANNEL = "none"

_TOLD = text(
    f"""
    SELECT * FROM ({AUDIENCE}) AS told
    WHERE unit_id = :unit_id AND (own + 2 * superior + 4 * copy) & :part <> 0 ORDER BY contact_id
    """
)


def enqueue_urgent(
    connection: Connection,
    *,
    kind: str,
    unit_id: int,
    ref: str,
    payload: Mapping[str, object],
    now: datetime,
    settings: Settings,
    part: Part = Part.OWN,
) -> int:
    """Write one message per contact of the first rank, in the caller's transaction; returns how many are new.

    `kind` is a notifications Kind value, `ref` what the message is about: the same (day, kind, ref) to the same
    address is written once. `part` is SUPERIOR for a message to the unit's leaders. A unit without any contact gets
    a row that failed with the reason, so that the coordinator sees it; it is not counted.
    """
    values = {
        "day": clock.civil(now),
        "kind": kind,
        "ref": ref,
        "unit_id": unit_id,
        # Days off are asked at delivery, which has the workdays at hand.
        "not_before": next_opening(now, quiet_hours(settings.quiet_from, settings.quiet_until), None),
        "parts": int(part),
        "items": 1,
        "payload": dict(payload),
    }
    told = [
        {"contact_id": row.contact_id, "channel": row.channel, "address": row.address, "status": "pending"}
        for row in connection.execute(_TOLD, {"unit_id": unit_id, "part": int(part)})
    ]
    return write_dispatches(connection, [values | one for one in told or [nobody_row(unit_id)]])


def nobody_row(unit_id: int) -> dict[str, object]:
    """What a row says of a message that no contact can be told."""
    return {
        "contact_id": None,
        "channel": NO_CHANNEL,
        "address": str(unit_id),
        "status": "failed",
        "reason": NO_CONTACT,
    }


def write_dispatches(connection: Connection, rows: Iterable[Mapping[str, object]]) -> int:
    """Write what is not there yet; returns how many of them wait to be sent."""
    written = 0
    for row in rows:
        new = upsert(connection, dispatch).values(**row).on_conflict_do_nothing().returning(dispatch.c.status)
        written += connection.scalar(new) == "pending"
    return written


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


def write_office_digests(
    connection: Connection,
    told: Sequence[tuple[Officer, int]],
    *,
    round_id: int,
    day: date,
    not_before: datetime,
    fault: str | None = None,
) -> int:
    """A row per officer, with how many queues wait for him; where his unit's digest goes to him as well it is the same
    row. What of earlier mornings has not left is merged into it. With a `fault` the rows have failed for it. Returns how many
    are new.
    """
    if not told:
        return 0
    contacts = [one.contact_id for one, _ in told]
    older = dict(
        connection.execute(
            select(dispatch.c.contact_id, func.min(dispatch.c.since_round_id))
            .where(*_WAITING, dispatch.c.day < day, dispatch.c.contact_id.in_(contacts))
            .group_by(dispatch.c.contact_id)
        )
        .tuples()
        .all()
    )
    new = 0
    for one, queues in told:
        row = upsert(connection, dispatch).values(
            day=day,
            kind=DIGEST,
            ref=str(one.unit_id),
            round_id=round_id,
            since_round_id=older.get(one.contact_id, round_id),
            unit_id=one.unit_id,
            contact_id=one.contact_id,
            parts=Part.OFFICE.value,
            channel=one.channel,
            address=one.address,
            status="failed" if fault else "pending",
            reason=fault,
            not_before=not_before,
            items=queues,
        )
        with_office = dispatch.c.parts.bitwise_or(Part.OFFICE.value)
        done = connection.execute(
            row.on_conflict_do_update(
                index_elements=["day", "channel", "address", "kind", "ref"],
                set_={"parts": with_office},
                where=and_(dispatch.c.status == "pending", dispatch.c.parts != with_office),
            ).returning(dispatch.c.parts)
        )
        new += done.scalar() == Part.OFFICE.value
    if older:
        reason = f"尚未发出，已并入{day}的汇总"
        connection.execute(_WITHDRAW, {"round_id": round_id, "day": day, "reason": reason})
    return new


_WAITING = (dispatch.c.status == "pending", dispatch.c.kind == DIGEST)
_DAY = bindparam("day", type_=Date)
_MOMENT = bindparam("not_before", type_=Moment())
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
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
_COUNTS = """
    SELECT target_unit_id AS unit_id, count(*) AS items,
        sum(CASE WHEN kind = 'escalate' THEN 1 ELSE 0 END) AS superior,
        sum(CASE WHEN kind = 'chase' THEN 1 ELSE 0 END) AS chases
    FROM {} WHERE round_id = :round_id AND status = 'planned' GROUP BY target_unit_id
"""
# Each counted from its own index first, so that what is put together is a row or two a unit.
_NEED = f"""
    SELECT unit_id, CAST(sum(items) AS INTEGER) AS items, CAST(sum(superior) AS INTEGER) AS superior,
        CAST(sum(chases) AS INTEGER) AS chases
    FROM ({_COUNTS.format("reminder")} UNION ALL {_COUNTS.format("support_reminder")}) AS counted GROUP BY unit_id
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
        ON CONFLICT (day, channel, address, kind, ref) DO UPDATE
        SET items = excluded.items, parts = dispatch.parts | excluded.parts
        WHERE dispatch.status = 'pending'
            AND (dispatch.items <> excluded.items OR dispatch.parts <> dispatch.parts | excluded.parts)
        """
    ).bindparams(_DAY, _MOMENT)


_WAITS_FOR_ROUND = timedelta(hours=1)
# An older digest that left later than its day still counts against the one letter a day of its address.
_LOOKS_BACK_DAYS = 7


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
    """What became of one claimed message. `falls_back`: the unit's next contact takes over.

    `counted_as` is a name of DeliveryReport: what waits again is temporary (tried) or deferred (not tried).
    """

    id: int
    counted_as: str
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


def round_is_over(connection: Connection, day: date) -> bool:
    """Whether the day's round has written its digests."""
    held = select(round_.c.finished_at).where(round_.c.kind == MORNING, round_.c.held_on == day)
    return connection.scalar(held) is not None


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
    names = [one.name for one in fields(DispatchOutcome)]
    rows = [{name: getattr(one, name) for name in names} | {"lease_by": lease_by} for one in outcomes]
    connection.execute(_RECORD, rows)
    failed = [one for one in outcomes if one.falls_back]
    if failed:
        values = {"ids": [one.id for one in failed], "not_before": failed[0].not_before}
        connection.execute(_FALL_BACK, values)


def put_off_dispatches(connection: Connection, *, now: datetime, until: datetime) -> int:
    """Nothing leaves before `until`; returns how many messages wait for it."""
    waiting = update(dispatch).where(dispatch.c.status == "pending", dispatch.c.not_before <= now)
    return int(connection.execute(waiting.values(not_before=until)).rowcount)


def digests_told(
    connection: Connection, rows: Sequence[ClaimedDispatch], batch: Sequence[ClaimedDispatch], today: date
) -> frozenset[int]:
    """The digests among these rows whose address has had another one today, or gets it with a later row of the batch."""
    digests = [row for row in rows if row.kind == DIGEST]
    if not digests:
        return frozenset()
    found = connection.execute(
        select(dispatch.c.channel, dispatch.c.address, dispatch.c.ref).where(
            dispatch.c.day.in_([today - timedelta(days=n) for n in range(_LOOKS_BACK_DAYS + 1)]),
            dispatch.c.channel.in_({row.channel for row in digests}),
            dispatch.c.address.in_({row.address for row in digests}),
            dispatch.c.kind == DIGEST,
            dispatch.c.status.in_(("sending", "accepted", "unsure")),
            dispatch.c.handed_at >= clock.at(today, time.min),
            dispatch.c.id.not_in([row.id for row in digests]),
        )
    )
    told = {(row.channel, row.address, row.ref) for row in found}
    newest = {
        (row.channel, row.address, row.ref): row.id
        for row in sorted(batch, key=lambda row: (row.day, row.id))
        if row.kind == DIGEST
    }
    return frozenset(
        row.id
        for row in digests
        if (to := (row.channel, row.address, row.ref)) in told or newest[to] != row.id
    )


_RECORD = text(
    """
    UPDATE dispatch SET status = CAST(:status AS VARCHAR(12)), reason = :reason, attempts = :attempts, not_before = :not_before,
        provider_code = :provider_code, provider_message = :provider_message, accepted_at = :accepted_at,
        lease_until = NULL, lease_by = NULL,
        handed_at = CASE WHEN CAST(:status AS VARCHAR(12)) IN ('accepted', 'unsure') THEN handed_at END
    WHERE id = :id AND lease_by = :lease_by AND status IN ('sending', 'unsure')
    """
).bindparams(_MOMENT, bindparam("accepted_at", type_=Moment()))


_TAKE_OVER = """
    INSERT INTO dispatch (
        day, kind, ref, round_id, since_round_id, unit_id, items, payload, fallback_of, status, not_before,
        parts, contact_id, channel, address
    )
    SELECT d.day, d.kind, d.ref, d.round_id, d.since_round_id, d.unit_id, d.items, d.payload, d.id, 'pending', :not_before,
"""
# The next contact among those who do the work, or among those who lead it. An address that has the same message
# already gets no second one.
_FALL_BACK = text(
    _TAKE_OVER
    + """
    d.parts, next.id, next.channel, next.address
    FROM dispatch AS d
    JOIN contact AS c ON c.id = d.contact_id
    JOIN contact AS next ON next.id = (
        SELECT x.id FROM contact AS x
        WHERE x.unit_id = c.unit_id AND x.active AND x.rank > c.rank
            AND (x.duty IN ('handler', 'backup')) = (c.duty IN ('handler', 'backup'))
            -- Every officer has a letter of his own.
            AND 'officer' NOT IN (x.duty, c.duty)
        ORDER BY x.rank, x.id LIMIT 1
    )
    WHERE d.id IN :ids AND d.status = 'failed'
    ON CONFLICT (day, channel, address, kind, ref) DO NOTHING
    """
).bindparams(_IDS, _MOMENT)


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


def dispatch_statuses(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """How these stand; what does not exist is left out."""
    rows = connection.execute(select(dispatch.c.id, dispatch.c.status).where(dispatch.c.id.in_(list(ids))))
    return {row.id: row.status for row in rows}


_other = dispatch.alias("other")
_TAKEN_OVER = (
    select(_other.c.id).where(_other.c.fallback_of == dispatch.c.id, _other.c.status != "failed").exists()
)


def failed_dispatch_ids(connection: Connection) -> tuple[int, ...]:
    """Every message that ended as failed, apart from those that another contact has taken over."""
    failed = select(dispatch.c.id).where(dispatch.c.status == "failed", ~_TAKEN_OVER)
    return tuple(connection.scalars(failed.order_by(dispatch.c.id)))


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


_TO_NEW_CONTACTS = text(
    _TAKE_OVER
    + f"""
    CASE WHEN d.kind = 'digest' THEN told.own + 2 * told.superior + 4 * told.copy ELSE d.parts END,
        told.contact_id, told.channel, told.address
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDispatch:
    """One message to one address. `accepted_at` is when the provider took it: it has not arrived by that."""

    id: int
    day: date
    kind: str
    ref: str
    unit_id: int
    unit: str
    contact: str | None
    channel: str
    address: str
    status: str
    reason: str | None
    attempts: int
    items: int
    not_before: datetime
    handed_at: datetime | None
    accepted_at: datetime | None
    provider_code: str | None
    provider_message: str | None
    fallback_of: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchFilter:
    """What is looked for; None asks nothing."""

    statuses: Sequence[str] = ()
    unit_id: int | None = None
    day: date | None = None
    kinds: Sequence[str] = ()
    reason: str | None = None
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedReason:
    """Messages that did not go out for one reason, and the days they are of. `status` is failed or unsure."""

    status: str
    reason: str | None
    messages: int
    units: int
    first_on: date
    last_on: date


def list_dispatch_rows(
    connection: Connection,
    wanted: DispatchFilter,
    sight: VisibleUnits,
    *,
    limit: int,
    before: int | None = None,
) -> tuple[ListedDispatch, ...]:
    """The newest first, at most `limit`; `before` is the number of the last one of the page before."""
    statement = (
        select(*_SHOWN)
        .join_from(dispatch, unit, unit.c.id == dispatch.c.unit_id)
        .outerjoin(contact, contact.c.id == dispatch.c.contact_id)
        .where(*_conditions(wanted, sight))
        .order_by(dispatch.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(dispatch.c.id < before)
    return tuple(ListedDispatch(**row._mapping) for row in connection.execute(statement))


def dispatch_counts(connection: Connection, wanted: DispatchFilter, sight: VisibleUnits) -> dict[str, int]:
    """How many there are of each status."""
    statement = (
        select(dispatch.c.status, func.count()).where(*_conditions(wanted, sight)).group_by(dispatch.c.status)
    )
    return {status: int(number) for status, number in connection.execute(statement)}


def failed_reasons(connection: Connection, sight: VisibleUnits, *, since: date) -> tuple[FailedReason, ...]:
    """What did not go out since that day and nobody else took over, the most frequent reason first."""
    messages = func.count().label("messages")
    rows = connection.execute(
        select(
            dispatch.c.status,
            dispatch.c.reason,
            messages,
            func.count(func.distinct(dispatch.c.unit_id)).label("units"),
            func.min(dispatch.c.day).label("first_on"),
            func.max(dispatch.c.day).label("last_on"),
        )
        .where(*_stuck(sight, since))
        .group_by(dispatch.c.status, dispatch.c.reason)
        .order_by(messages.desc(), dispatch.c.status, dispatch.c.reason)
    )
    return tuple(FailedReason(**row._mapping) for row in rows)


def stuck_dispatches(
    connection: Connection, sight: VisibleUnits, *, since: date, status: str, reason: str | None
) -> tuple[int, ...]:
    """The numbers of the messages of one reason."""
    same = dispatch.c.reason.is_(None) if reason is None else dispatch.c.reason == reason
    statement = select(dispatch.c.id).where(*_stuck(sight, since), dispatch.c.status == status, same)
    return tuple(connection.scalars(statement.order_by(dispatch.c.id)))


def _stuck(sight: VisibleUnits, since: date) -> list[ColumnElement[bool]]:
    return [
        dispatch.c.status.in_(("failed", "unsure")),
        dispatch.c.day >= since,
        ~_TAKEN_OVER,
        visible(sight, dispatch.c.unit_id),
    ]


def _conditions(wanted: DispatchFilter, sight: VisibleUnits) -> list[ColumnElement[bool]]:
    same = (
        (dispatch.c.unit_id, wanted.unit_id),
        (dispatch.c.day, wanted.day),
        (dispatch.c.reason, wanted.reason),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in same if value is not None]
    if wanted.statuses:
        conditions.append(dispatch.c.status.in_(wanted.statuses))
    if wanted.kinds:
        conditions.append(dispatch.c.kind.in_(wanted.kinds))
    if wanted.since is not None:
        conditions.append(dispatch.c.day >= wanted.since)
    return [*conditions, visible(sight, dispatch.c.unit_id)]


_NAMED: dict[str, Any] = {"unit": unit.c.name.label("unit"), "contact": contact.c.name.label("contact")}
_SHOWN = [
    _NAMED[field.name] if field.name in _NAMED else dispatch.c[field.name] for field in fields(ListedDispatch)
]
