"""What somebody had typed when the session ended, kept for a while for that person alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from office.store.tables import kept_form


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A form as it was sent: where to, and every field in its order."""

    path: str
    fields: tuple[tuple[str, str], ...]
    made_at: datetime


def insert(
    connection: Connection,
    *,
    kept_id: str,
    person_id: int,
    path: str,
    fields: Sequence[tuple[str, str]],
    made_at: datetime,
    expires_at: datetime,
) -> None:
    connection.execute(
        kept_form.insert().values(
            id=kept_id,
            person_id=person_id,
            path=path,
            fields=json.dumps(fields, ensure_ascii=False),
            made_at=made_at,
            expires_at=expires_at,
        )
    )


def find(connection: Connection, kept_id: str, *, person_id: int, now: datetime) -> Kept | None:
    row = connection.execute(
        select(kept_form).where(
            kept_form.c.id == kept_id, kept_form.c.person_id == person_id, kept_form.c.expires_at > now
        )
    ).first()
    if row is None:
        return None
    typed = tuple((name, value) for name, value in json.loads(row.fields))
    return Kept(path=row.path, fields=typed, made_at=row.made_at)


def drop(connection: Connection, kept_id: str, *, person_id: int) -> None:
    connection.execute(delete(kept_form).where(kept_form.c.id == kept_id, kept_form.c.person_id == person_id))


def drop_expired(connection: Connection, now: datetime) -> None:
    connection.execute(delete(kept_form).where(kept_form.c.expires_at <= now))
