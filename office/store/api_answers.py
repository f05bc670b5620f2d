"""What requests with an idempotency key were answered, so that a repeated request acts once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from office.store.tables import api_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """The answer to an earlier request; without a status it is under way, or was cut off."""

    fingerprint: str
    status: int | None
    body: str | None


def find(connection: Connection, token_id: int, key: str) -> KeptAnswer | None:
    row = connection.execute(
        select(api_answer).where(api_answer.c.token_id == token_id, api_answer.c.key == key)
    ).first()
    return KeptAnswer(fingerprint=row.fingerprint, status=row.status, body=row.body) if row else None


def begin(connection: Connection, token_id: int, key: str, fingerprint: str, at: datetime) -> None:
    connection.execute(
        api_answer.insert().values(token_id=token_id, key=key, fingerprint=fingerprint, made_at=at)
    )


def finish(connection: Connection, token_id: int, key: str, status: int, body: str) -> None:
    connection.execute(
        api_answer.update()
        .where(api_answer.c.token_id == token_id, api_answer.c.key == key)
        .values(status=status, body=body)
    )


def forget(connection: Connection, token_id: int, key: str) -> None:
    """The request changed nothing, so it may be made again."""
    connection.execute(api_answer.delete().where(api_answer.c.token_id == token_id, api_answer.c.key == key))


def sweep(connection: Connection, before: datetime) -> None:
    """Drop what nobody will ask again."""
    connection.execute(api_answer.delete().where(api_answer.c.made_at < before))
