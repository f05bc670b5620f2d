"""What somebody had typed when the session ended is kept, and shown again to the same person after signing in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from office.actions.office import Office
from office.store import kept_forms
from office.store.kept_forms import Kept
from rules.people import Actor

_FOR = timedelta(days=1)
_LONGEST = 200_000
_LONGEST_PATH = 300


def keep_form(
    office: Office, *, person_id: int, path: str, fields: Sequence[tuple[str, str]], now: datetime
) -> str | None:
    """Keep a form for a day; None where it is larger than anybody types."""
    if len(path) > _LONGEST_PATH or sum(len(name) + len(value) for name, value in fields) > _LONGEST:
        return None
    kept_id = secrets.token_urlsafe(24)
    with office.store.writing() as connection:
        kept_forms.drop_expired(connection, now)
        kept_forms.insert(
            connection,
            kept_id=kept_id,
            person_id=person_id,
            path=path,
            fields=fields,
            made_at=now,
            expires_at=now + _FOR,
        )
    return kept_id


def take_kept_form(office: Office, kept_id: str, *, by: Actor, now: datetime) -> Kept | None:
    """The form as it was typed, if it is this person's and still kept. It stays until it was sent or dropped."""
    if by.person_id is None:
        return None
    with office.store.reading() as connection:
        return kept_forms.find(connection, kept_id, person_id=by.person_id, now=now)


def drop_kept_form(office: Office, kept_id: str, *, by: Actor) -> None:
    """It has been sent, or is not wanted any more."""
    assert by.person_id is not None, "somebody is signed in"
    with office.store.writing() as connection:
        kept_forms.drop(connection, kept_id, person_id=by.person_id)
