"""Who may come in: accounts, sessions, one-time sign-ins, links of units and tokens of other systems.

Nothing here can be used by whoever reads it: passwords, session tokens and client tokens are stored as hashes only.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from duban.core.db import Id, Moment, metadata

account = Table(
    "account",
    metadata,
    Column("person_id", Id, ForeignKey("person.id"), primary_key=True),
    Column("password_hash", String(200)),  # null: signs in by one-time link or OpenID Connect only
    Column("password_set_at", Moment),
    Column("failed", Integer, nullable=False, server_default="0"),  # tries in a row since the last success
    Column("locked_until", Moment),
    Column("oidc_subject", String(255), unique=True),
)

# A person belongs to person.unit_id and may act for further units too.
person_unit = Table(
    "person_unit",
    metadata,
    Column("person_id", Id, ForeignKey("person.id"), primary_key=True),
    Column("unit_id", Id, ForeignKey("unit.id"), primary_key=True),
)


def _secret() -> tuple[Column[Any], ...]:
    """What every secret that somebody bears has in common: its hash, whose it is, and from when to when it serves."""
    return (
        Column("id", Id, primary_key=True),
        Column("token_hash", String(64), nullable=False, unique=True),
        Column("person_id", Id, ForeignKey("person.id"), nullable=False),  # whose rights it has
        Column("made_at", Moment, nullable=False),
        Column("expires_at", Moment, nullable=False),  # the end whatever is done
    )


session = Table(
    "session",
    metadata,
    *_secret(),
    Column("way", String(16), nullable=False),  # password, one_time, oidc, link
    # Of a session by link: the one unit it is bound to and the contact the link was sent to.
    Column("unit_id", Id, ForeignKey("unit.id")),
    Column("contact_id", Id, ForeignKey("contact.id")),
    Column("device", String(200), nullable=False, server_default=""),
    Column("seen_at", Moment, nullable=False),  # idleness ends it earlier
    Column("ended_at", Moment),
    Column("ended_why", String(32)),  # signed_out, revoked, password_changed, retired
    Index("ix_session_person_id", "person_id"),
)

one_time = Table("one_time", metadata, *_secret(), Column("used_at", Moment))

# Links carry the generation they were made in; a unit's links are revoked together by raising it. No row: 1.
link_generation = Table(
    "link_generation",
    metadata,
    Column("unit_id", Id, ForeignKey("unit.id"), primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

client_token = Table(
    "client_token",
    metadata,
    *_secret(),
    Column("name", String(64), nullable=False),  # the other system
    Column("scopes", String(200), nullable=False),  # words with spaces between: read, write
    Column("made_by", Id, ForeignKey("person.id"), nullable=False),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
)

# What somebody had typed when the session ended; shown again to the same person only.
kept_form = Table(
    "kept_form",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False),
    Column("path", String(300), nullable=False),
    Column("fields", Text, nullable=False),  # JSON: list of [name, value]
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

# What a request with an idempotency key was answered; without a status, it is under way or nobody knows.
api_answer = Table(
    "api_answer",
    metadata,
    Column("token_id", Id, ForeignKey("client_token.id"), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column(
        "fingerprint", String(64), nullable=False
    ),  # of the request: the same key for another one is refused
    Column("status", Integer),
    Column("body", Text),
    Column("made_at", Moment, nullable=False),
    Index("ix_api_answer_made_at", "made_at"),
)
