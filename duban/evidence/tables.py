"""Submissions with their typed evidence, and the reviews upon them. Rows here are never updated in content."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from duban.core.db import Amount, Id, Moment, metadata

submission = Table(
    "submission",
    metadata,
    Column("id", Id, primary_key=True),
    Column("obligation_id", Id, ForeignKey("obligation.id"), nullable=False),
    Column("nth", Integer, nullable=False),
    Column("submitted_by", Id, ForeignKey("person.id"), nullable=False),
    Column("submitted_at", Moment, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    UniqueConstraint("obligation_id", "nth"),
)

# 零报告: handed in with the unit's word that it found no problem.
zero_report = Table(
    "zero_report",
    metadata,
    Column("submission_id", Id, ForeignKey("submission.id"), primary_key=True),
)

# Opened by a reviewer or taken back by its unit, whichever came first: its key decides between the two.
submission_fate = Table(
    "submission_fate",
    metadata,
    Column("submission_id", Id, ForeignKey("submission.id"), primary_key=True),
    Column("what", String(16), nullable=False),  # opened, taken_back
    Column("by", Id, ForeignKey("person.id"), nullable=False),
    Column("at", Moment, nullable=False),
)

evidence_item = Table(
    "evidence_item",
    metadata,
    Column("id", Id, primary_key=True),
    Column("submission_id", Id, ForeignKey("submission.id"), nullable=False, index=True),
    Column("key", String(64), nullable=False),  # which expected evidence it answers
    Column("type", String(16), nullable=False),
    Column("title", String(200), nullable=False),
    Column("sha256", String(64), index=True),  # document, attachment, roster
    Column("size_bytes", Id),
    Column("media_type", String(100)),  # by its bytes, not by its name
    Column("filename", String(255)),
    Column("value", Amount),  # figure
    Column("unit_of_measure", String(32)),
    Column("link", String(1000)),
    Column("doubt", Text),  # why the figure was doubtful when it came, and what the unit said to it
    Column("reason", Text),
)

review = Table(
    "review",
    metadata,
    Column("id", Id, primary_key=True),
    Column("submission_id", Id, ForeignKey("submission.id"), nullable=False),
    Column("level", Integer, nullable=False),
    Column("reviewed_by", Id, ForeignKey("person.id"), nullable=False),
    Column("reviewed_at", Moment, nullable=False),
    Column("verdict", String(16), nullable=False),  # passed, sent_back
    Column("reason", Text, nullable=False, server_default=""),
    UniqueConstraint("submission_id", "level"),
    Index("ix_review_reviewed_by", "reviewed_by"),
)


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
