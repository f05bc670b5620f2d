"""What somebody had typed when the session ended, kept for a while for that person alone."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from duban.accounts.tables import kept_form
from duban.bureau import Bureau
from duban.core.access import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDraft:
    """A form as it was sent: where to, and every field in its order."""

    path: str
    fields: tuple[tuple[str, str], ...]
    made_at: datetime


def insert_form_draft(
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


def find_form_draft(
    connection: Connection, kept_id: str, *, person_id: int, now: datetime
) -> FormDraft | None:
    row = connection.execute(
        select(kept_form).where(
            kept_form.c.id == kept_id, kept_form.c.person_id == person_id, kept_form.c.expires_at > now
        )
    ).first()
    if row is None:
        return None
    typed = tuple((name, value) for name, value in json.loads(row.fields))
    return FormDraft(path=row.path, fields=typed, made_at=row.made_at)


def delete_form_draft(connection: Connection, kept_id: str, *, person_id: int) -> None:
    connection.execute(delete(kept_form).where(kept_form.c.id == kept_id, kept_form.c.person_id == person_id))


def delete_expired_form_drafts(connection: Connection, now: datetime) -> None:
    connection.execute(delete(kept_form).where(kept_form.c.expires_at <= now))


_FOR = timedelta(days=1)
_LONGEST = 200_000
_LONGEST_PATH = 300


def keep_form_draft(
    bureau: Bureau, *, person_id: int, path: str, fields: Sequence[tuple[str, str]], now: datetime
) -> str | None:
    """Keep a form for a day; None where it is larger than anybody types."""
    if len(path) > _LONGEST_PATH or sum(len(name) + len(value) for name, value in fields) > _LONGEST:
        return None
    kept_id = secrets.token_urlsafe(24)
    with bureau.store.writing() as connection:
        delete_expired_form_drafts(connection, now)
        insert_form_draft(
            connection,
            kept_id=kept_id,
            person_id=person_id,
            path=path,
            fields=fields,
            made_at=now,
            expires_at=now + _FOR,
        )
    return kept_id


def take_form_draft(bureau: Bureau, kept_id: str, *, by: Actor, now: datetime) -> FormDraft | None:
    """The form as it was typed, if it is this person's and still kept. It stays until it was sent or dropped."""
    if by.person_id is None:
        return None
    with bureau.store.reading() as connection:
        return find_form_draft(connection, kept_id, person_id=by.person_id, now=now)


def drop_form_draft(bureau: Bureau, kept_id: str, *, by: Actor) -> None:
    """It has been sent, or is not wanted any more."""
    assert by.person_id is not None, "somebody is signed in"
    with bureau.store.writing() as connection:
        delete_form_draft(connection, kept_id, person_id=by.person_id)
