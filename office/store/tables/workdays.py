"""Workday notices that this bureau imported, in the order they came; a later one supersedes an earlier."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table

from office.store.tables.base import metadata
from office.store.types import Id, Moment

workday_notice = Table(
    "workday_notice",
    metadata,
    Column("id", Id, primary_key=True),
    Column("year", Integer, nullable=False, index=True),
    Column("document", String(200), nullable=False),
    Column("state", String(16), nullable=False),  # proposed, confirmed, rejected
    Column("content_hash", String(64), nullable=False, unique=True),
    Column("body", JSON, nullable=False),  # the YearTable's days
    Column("imported_by", Id, ForeignKey("person.id")),
    Column("imported_at", Moment, nullable=False),
    Column("confirmed_by", Id, ForeignKey("person.id")),
    Column("confirmed_at", Moment),
)
