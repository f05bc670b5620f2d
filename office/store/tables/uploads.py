"""Files on their way in: received piece by piece, so that a broken connection goes on where it stopped."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table

from office.store.tables.base import metadata
from office.store.types import Id, Moment

upload = Table(
    "upload",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("obligation_id", Id, ForeignKey("obligation.id"), nullable=False),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False),
    Column("key", String(64), nullable=False),  # which expected evidence it answers
    Column("filename", String(255), nullable=False),
    Column("size_bytes", Id, nullable=False),  # as announced
    Column("received_bytes", Id, nullable=False, server_default="0"),
    Column("made_at", Moment, nullable=False),
    Column("touched_at", Moment, nullable=False),
    Column("used_at", Moment),  # handed in: the bytes are in the vault
    Index("ix_upload_obligation_id_person_id", "obligation_id", "person_id"),
)
