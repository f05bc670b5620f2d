"""Dispatches: one row per message, address and day, written before anything leaves.

Knows who is told; knows nothing of words or channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, text

from office import clock
from office.settings import Settings
from office.store.audience import AUDIENCE, Part
from office.store.conflicts import insert
from office.store.tables import dispatch
from rules.quiet import next_opening, quiet_hours

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
    shared = {
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
    found = connection.execute(_TOLD, {"unit_id": unit_id, "part": int(part)})
    rows = [
        {**shared, "contact_id": row.contact_id, "channel": row.channel, "address": row.address}
        for row in found
    ]
    if not rows:
        nobody = {"channel": NO_CHANNEL, "address": str(unit_id), "reason": NO_CONTACT}
        _write(connection, {**shared, **nobody, "status": "failed"})
    return sum(_write(connection, {**row, "status": "pending"}) for row in rows)


def _write(connection: Connection, values: Mapping[str, object]) -> int:
    """1 if the row is new, 0 if the same message is already there."""
    statement = insert(connection, dispatch).values(**values).on_conflict_do_nothing()
    return len(connection.execute(statement.returning(dispatch.c.id)).all())
