"""What was done, by whom, when: append-only and hash-chained."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from duban.core.db import Id, Moment, metadata

history = Table(
    "history",
    metadata,
    Column("id", Id, primary_key=True),  # also the position in the chain, without gaps
    Column("at", Moment, nullable=False),
    Column("actor_id", Id),
    Column("actor", String(64), nullable=False),
    Column("verb", String(32), nullable=False),
    Column("noun", String(32), nullable=False),  # obligation, edition, round, notice …
    Column("noun_id", Id),
    Column("edition_id", Id),
    Column("unit_id", Id),
    Column("detail", Text, nullable=False),  # canonical JSON, exactly what was hashed
    Column("flow_run_id", String(36)),
    Column("previous_hash", String(64), nullable=False),
    Column("entry_hash", String(64), nullable=False, unique=True),
    Index("ix_history_noun_noun_id", "noun", "noun_id"),
    Index("ix_history_edition_id", "edition_id"),
)
