"""Tokens by which other systems use the API, stored as hashes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, select, update

from duban.accounts.tables import api_answer, client_token
from duban.units.tables import person


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientToken:
    """One token as the list shows it; whose rights it has is `person`."""

    id: int
    name: str
    scopes: str
    person_id: int
    person: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


def insert_client_token(connection: Connection, **values: object) -> int:
    key = connection.execute(client_token.insert().values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def all_client_tokens(connection: Connection) -> tuple[ClientToken, ...]:
    """All of them, the newest first."""
    rows = connection.execute(_TOKENS.order_by(client_token.c.id.desc()))
    return tuple(ClientToken(**row._mapping) for row in rows)


def client_token_by_hash(connection: Connection, token_hash: str) -> ClientToken | None:
    row = connection.execute(_TOKENS.where(client_token.c.token_hash == token_hash)).first()
    return ClientToken(**row._mapping) if row else None


def client_token_by_id(connection: Connection, token_id: int) -> ClientToken | None:
    row = connection.execute(_TOKENS.where(client_token.c.id == token_id)).first()
    return ClientToken(**row._mapping) if row else None


def touch_client_token(connection: Connection, token_id: int, now: datetime) -> None:
    connection.execute(update(client_token).where(client_token.c.id == token_id).values(used_at=now))


def revoke_client_token_row(connection: Connection, token_id: int, now: datetime) -> bool:
    """Revoke it; False when it was revoked before."""
    open_ = update(client_token).where(client_token.c.id == token_id, client_token.c.revoked_at.is_(None))
    return connection.execute(open_.values(revoked_at=now)).rowcount == 1


_TOKENS = select(
    *(
        person.c.name.label("person") if one.name == "person" else client_token.c[one.name]
        for one in fields(ClientToken)
    )
).join_from(client_token, person, person.c.id == client_token.c.person_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """The answer to an earlier request; without a status it is under way, or was cut off."""

    fingerprint: str
    status: int | None
    body: str | None


def find_kept_answer(connection: Connection, token_id: int, key: str) -> KeptAnswer | None:
    row = connection.execute(
        select(api_answer).where(api_answer.c.token_id == token_id, api_answer.c.key == key)
    ).first()
    return KeptAnswer(fingerprint=row.fingerprint, status=row.status, body=row.body) if row else None


def insert_kept_answer(
    connection: Connection, token_id: int, key: str, fingerprint: str, at: datetime
) -> None:
    connection.execute(
        api_answer.insert().values(token_id=token_id, key=key, fingerprint=fingerprint, made_at=at)
    )


def finish_kept_answer(connection: Connection, token_id: int, key: str, status: int, body: str) -> None:
    connection.execute(
        api_answer.update()
        .where(api_answer.c.token_id == token_id, api_answer.c.key == key)
        .values(status=status, body=body)
    )


def delete_kept_answer(connection: Connection, token_id: int, key: str) -> None:
    """The request changed nothing, so it may be made again."""
    connection.execute(api_answer.delete().where(api_answer.c.token_id == token_id, api_answer.c.key == key))


def sweep_kept_answers(connection: Connection, before: datetime) -> None:
    """Drop what nobody will ask again."""
    connection.execute(api_answer.delete().where(api_answer.c.made_at < before))
