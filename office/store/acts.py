"""The rows that the acts on an obligation leave behind, besides its own: extensions, suspensions and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Table, func, select, update

from office.store.tables import (
    extension,
    forwarding,
    handover,
    obligation,
    sign_off,
    spot_check,
    suspension,
    waiver,
)
from rules.moves import Verb, allowed

_ON_THE_DESK = sorted(state.value for state in allowed(Verb.HAND_OVER))


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingExtension:
    """A request for more time that nobody has decided yet."""

    id: int
    asked_by: int
    asked_at: datetime
    wanted_on: date
    reason: str
    progress: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSuspension:
    """A suspension that still stops the clock."""

    id: int
    suspended_on: date


def pending_extension(connection: Connection, obligation_id: int) -> PendingExtension | None:
    """The request that waits for a decision; there is at most one."""
    row = connection.execute(
        select(
            extension.c.id,
            extension.c.asked_by,
            extension.c.asked_at,
            extension.c.wanted_on,
            extension.c.reason,
            extension.c.progress,
        )
        .where(extension.c.obligation_id == obligation_id, extension.c.decided_at.is_(None))
        .order_by(extension.c.id.desc())
    ).first()
    return PendingExtension(**row._mapping) if row else None


def insert_extension(connection: Connection, **values: object) -> int:
    """A request for more time: obligation_id, asked_by, asked_at, reason, progress, wanted_on."""
    return _insert(connection, extension, **values)


def decide_extension(connection: Connection, extension_id: int, **values: object) -> None:
    """The answer to it: decided_by, decided_at, verdict, granted_on, previous_due_on, reply."""
    connection.execute(update(extension).where(extension.c.id == extension_id).values(**values))


def open_suspension(connection: Connection, obligation_id: int) -> OpenSuspension | None:
    """The suspension under way."""
    row = connection.execute(
        select(suspension.c.id, suspension.c.suspended_on)
        .where(suspension.c.obligation_id == obligation_id, suspension.c.resumed_on.is_(None))
        .order_by(suspension.c.id.desc())
    ).first()
    return OpenSuspension(**row._mapping) if row else None


def insert_suspension(connection: Connection, **values: object) -> int:
    """obligation_id, reason, authority, suspended_by, suspended_on."""
    return _insert(connection, suspension, **values)


def end_suspension(connection: Connection, suspension_id: int, *, by: int | None, on: date) -> None:
    """The clock runs again."""
    connection.execute(
        update(suspension).where(suspension.c.id == suspension_id).values(resumed_by=by, resumed_on=on)
    )


def insert_waiver(connection: Connection, **values: object) -> int:
    """obligation_id, reason, authority, waived_by, waived_at."""
    return _insert(connection, waiver, **values)


def insert_sign_off(connection: Connection, **values: object) -> int:
    """obligation_id, signed_by, signed_at, note."""
    return _insert(connection, sign_off, **values)


def insert_spot_check(connection: Connection, **values: object) -> int:
    """obligation_id, checked_by, checked_at, passed, finding."""
    return _insert(connection, spot_check, **values)


def insert_forwarding(connection: Connection, **values: object) -> int:
    """obligation_id, point_id, from_unit_id, to_unit_id, reason, forwarded_by, forwarded_at."""
    return _insert(connection, forwarding, **values)


def forwarded_by_unit(connection: Connection, obligation_id: int, unit_id: int) -> bool:
    """Whether the unit has had the obligation and given it on."""
    found = select(forwarding.c.id).where(
        forwarding.c.obligation_id == obligation_id, forwarding.c.from_unit_id == unit_id
    )
    return connection.execute(found).first() is not None


def owes_already(connection: Connection, *, point_id: int, unit_id: int, subject_id: int) -> bool:
    """Whether the unit has its own obligation for the same point."""
    found = select(obligation.c.id).where(
        obligation.c.point_id == point_id,
        obligation.c.unit_id == unit_id,
        obligation.c.subject_id == subject_id,
    )
    return connection.execute(found).first() is not None


def hand_over(connection: Connection, *, unit_id: int, from_id: int, to_id: int) -> int:
    """Give everything on one handler's desk to another of the same unit, in two statements; returns how many."""
    desk = (obligation.c.unit_id == unit_id, obligation.c.state.in_(_ON_THE_DESK))
    bump = {"version": obligation.c.version + 1}
    # Whoever takes over cannot be his own backup.
    handled = connection.execute(
        update(obligation)
        .where(*desk, obligation.c.handler_id == from_id)
        .values(handler_id=to_id, backup_id=func.nullif(obligation.c.backup_id, to_id), **bump)
    )
    backed = connection.execute(
        update(obligation)
        .where(*desk, obligation.c.backup_id == from_id)
        .values(backup_id=func.nullif(to_id, obligation.c.handler_id), **bump)
    )
    return int(handled.rowcount + backed.rowcount)


def insert_handover(connection: Connection, **values: object) -> int:
    """unit_id, from_person_id, to_person_id, handed_by, handed_at, obligations."""
    return _insert(connection, handover, **values)


def _insert(connection: Connection, table: Table, **values: object) -> int:
    key = connection.execute(table.insert().values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])
