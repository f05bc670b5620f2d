"""A round's digests: one dispatch per address of each unit that is owed something, written in sets.

Statements are written out: SQLAlchemy compiles an INSERT with ON CONFLICT anew each time, which took longer than a
whole ordinary round.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

from sqlalchemy import Connection, Date, TextClause, bindparam, text

from office.store.audience import AUDIENCE
from office.store.dispatches import NO_CHANNEL, NO_CONTACT
from office.store.types import Moment

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
