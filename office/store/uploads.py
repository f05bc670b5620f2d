"""Rows of files on their way in: who announced what, how much has come, and whether it was handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select, update

from office.store.tables import upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file on its way in. `used_at` is set once it belongs to a submission."""

    id: str
    obligation_id: int
    person_id: int
    key: str
    filename: str
    size_bytes: int
    received_bytes: int
    made_at: datetime
    touched_at: datetime
    used_at: datetime | None

    @property
    def complete(self) -> bool:
        return self.received_bytes == self.size_bytes


def insert(connection: Connection, new: Upload) -> None:
    """A file is announced."""
    connection.execute(upload.insert().values({name: getattr(new, name) for name in Upload.__slots__}))


def one(connection: Connection, upload_id: str, *, person_id: int) -> Upload | None:
    """The upload of that id, if it is this person's."""
    row = connection.execute(
        select(upload).where(upload.c.id == upload_id, upload.c.person_id == person_id)
    ).first()
    return Upload(**row._mapping) if row else None


def unused(connection: Connection, obligation_id: int, *, person_id: int) -> tuple[Upload, ...]:
    """What the person has sent for the obligation and not handed in, in the order it was announced."""
    rows = connection.execute(
        select(upload)
        .where(
            upload.c.obligation_id == obligation_id,
            upload.c.person_id == person_id,
            upload.c.used_at.is_(None),
        )
        .order_by(upload.c.made_at, upload.c.id)
    )
    return tuple(Upload(**row._mapping) for row in rows)


def advance(connection: Connection, before: Upload, *, by_bytes: int, now: datetime) -> bool:
    """Count a piece that follows what has come; False when another piece was faster. Decides between two senders."""
    done = connection.execute(
        update(upload)
        .where(
            upload.c.id == before.id,
            upload.c.received_bytes == before.received_bytes,
            upload.c.used_at.is_(None),
        )
        .values(received_bytes=before.received_bytes + by_bytes, touched_at=now)
    )
    return done.rowcount == 1


def use(
    connection: Connection, ids: Sequence[str], *, person_id: int, obligation_id: int, now: datetime
) -> int:
    """Mark whole files of this person as handed in; returns how many were still free to be."""
    done = connection.execute(
        update(upload)
        .where(
            upload.c.id.in_(ids),
            upload.c.person_id == person_id,
            upload.c.obligation_id == obligation_id,
            upload.c.received_bytes == upload.c.size_bytes,
            upload.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return done.rowcount


def remove(connection: Connection, upload_id: str) -> None:
    """The file is not wanted any more."""
    connection.execute(delete(upload).where(upload.c.id == upload_id, upload.c.used_at.is_(None)))


def remove_before(connection: Connection, moment: datetime) -> tuple[str, ...]:
    """Forget what nobody has gone on with since, and what was handed in before; returns their ids."""
    old = or_(upload.c.touched_at < moment, upload.c.used_at < moment)
    gone = tuple(connection.scalars(select(upload.c.id).where(old)))
    connection.execute(delete(upload).where(old))
    return gone


def ids(connection: Connection) -> frozenset[str]:
    """Every upload whose bytes are still needed."""
    return frozenset(connection.scalars(select(upload.c.id).where(upload.c.used_at.is_(None))))
