"""Which system is there: from the token of an API request to the person whose rights it has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from office.actions.office import Office
from office.actions.secret_tokens import token_hash
from office.store import client_tokens, people
from rules.accounts import Scope
from rules.people import Actor

_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Another system at the API: which token, in whose name, and what it may do."""

    token_id: int
    name: str
    by: Actor
    scopes: frozenset[Scope]


def find_client(office: Office, token: str, *, now: datetime) -> Client | None:
    """The system behind a token; None when there is none, or it has ended."""
    with office.store.reading() as connection:
        found = client_tokens.by_hash(connection, token_hash(token))
        if found is None or found.revoked_at is not None or now >= found.expires_at:
            return None
        person = people.person_by_id(connection, found.person_id)
    if person is None or not person.active:
        return None
    if found.used_at is None or now - found.used_at >= _SEEN_EVERY:
        with office.store.writing() as connection:
            client_tokens.touch(connection, found.id, now)
    return Client(
        token_id=found.id,
        name=found.name,
        by=person.actor,
        scopes=frozenset(Scope(word) for word in found.scopes.split()),
    )
