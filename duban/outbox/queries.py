"""Dispatches: one row per message, address and day, written before anything leaves.

Knows who is told; knows nothing of words or channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntFlag
from typing import Any

from sqlalchemy import Connection, Row, select, text

from calendars.quiet_hours import next_opening, quiet_hours
from duban.core import clock
from duban.core.db import upsert
from duban.core.settings import Settings
from duban.outbox.tables import dispatch
from duban.rounds.tables import round_


class Part(IntFlag):
    """What of a unit's letters a contact gets."""

    OWN = 1
    SUPERIOR = 2
    COPY = 4


# Every active contact with what it is told: contact_id, unit_id, name, channel, address, rank, and 1 or 0 for own,
# superior, copy. The first rank among those who do the work gets the unit's own letters, the first rank among those
# who lead it what is escalated to the unit; where one of the two groups is empty the other stands in. Deputy leaders
# get copies of chases. Each question is one look into the index over (unit_id, duty, rank).
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
    FROM contact AS c WHERE c.active
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
    statement = upsert(connection, dispatch).values(**values).on_conflict_do_nothing()
    return len(connection.execute(statement.returning(dispatch.c.id)).all())


MORNING = "morning"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionNote:
    """What a round did for one edition."""

    edition_id: int
    name: str
    planned: int = 0
    superseded: int = 0
    provisional: bool = False
    error: str | None = None
    held: int = 0  # escalations that a coordinator approves first


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRow:
    """One round as it stands. `status`: planning, planned, failed (some edition could not be planned)."""

    id: int
    kind: str
    held_on: date
    status: str
    started_at: datetime
    finished_at: datetime | None
    planned: int
    superseded: int
    dispatches: int
    editions: tuple[EditionNote, ...]

    def note(self, edition_id: int) -> EditionNote | None:
        return next((note for note in self.editions if note.edition_id == edition_id), None)


def round_on(connection: Connection, held_on: date) -> RoundRow | None:
    row = connection.execute(
        select(round_).where(round_.c.kind == MORNING, round_.c.held_on == held_on)
    ).first()
    return _round(row) if row else None


def _round(row: Row[Any]) -> RoundRow:
    notes = tuple(EditionNote(**entry) for entry in row.detail.get("editions", ()))
    names = (name for name in RoundRow.__dataclass_fields__ if name != "editions")
    return RoundRow(**{name: getattr(row, name) for name in names}, editions=notes)
