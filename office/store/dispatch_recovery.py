"""What went wrong on the way: leases that ran out, rounds cut short, and messages that a person puts back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BindParameter, Connection, bindparam, func, select, text, update

from office.store.audience import AUDIENCE
from office.store.tables import dispatch, round_
from office.store.types import Moment

BROKEN_OFF = "发送中断，是否送出不能确定；请向对方核实，确需重发的用 duban dispatch retry --even-unsure。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Rows whose lease had run out."""

    put_back: int
    unsure: int


def release_expired(connection: Connection, now: datetime) -> Released:
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


def cut_short(connection: Connection, before: date) -> tuple[tuple[int, date], ...]:
    """(id, day) of the rounds that planned reminders and never came to write their digests, oldest first."""
    statement = select(round_.c.id, round_.c.held_on).where(
        round_.c.held_on < before, round_.c.finished_at.is_(None), round_.c.status == "planning"
    )
    return tuple((row.id, row.held_on) for row in connection.execute(statement.order_by(round_.c.held_on)))


def first_held_on(connection: Connection) -> date | None:
    """The day of the very first round."""
    return connection.scalar(select(func.min(round_.c.held_on)))


def statuses(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """How these stand; what does not exist is left out."""
    rows = connection.execute(select(dispatch.c.id, dispatch.c.status).where(dispatch.c.id.in_(list(ids))))
    return {row.id: row.status for row in rows}


def all_failed(connection: Connection) -> tuple[int, ...]:
    """Every message that ended as failed, apart from those that another contact has taken over."""
    other = dispatch.alias("other")
    taken_over = (
        select(other.c.id).where(other.c.fallback_of == dispatch.c.id, other.c.status != "failed").exists()
    )
    statement = (
        select(dispatch.c.id).where(dispatch.c.status == "failed", ~taken_over).order_by(dispatch.c.id)
    )
    return tuple(connection.scalars(statement))


def put_back(connection: Connection, ids: Sequence[int], now: datetime) -> frozenset[int]:
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
        nobody |= {number for number, status in statuses(connection, some).items() if status == "failed"}
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
