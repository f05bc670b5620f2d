"""Editions being written in the portal, as the text of a campaign file, until they are applied."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from office.store.tables.base import metadata
from office.store.types import Id, Moment

edition_draft = Table(
    "edition_draft",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign", String(64), nullable=False),
    Column("year", Integer, nullable=False),
    Column("name", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    # The content hash of the edition it was written against; null where there was none.
    Column("based_on", String(64)),
    Column("made_by", Id, ForeignKey("person.id"), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("changed_by", Id, ForeignKey("person.id"), nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("applied_at", Moment),
    Column("dropped_at", Moment),
)
