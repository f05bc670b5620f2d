"""Rosters: the exact list of subjects of a check, each with its unit and its outcome."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from duban.core.db import Amount, Id, Moment, metadata

roster = Table(
    "roster",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edition_id", Id, ForeignKey("edition.id"), nullable=False),
    Column("key", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("filename", String(255), nullable=False),
    Column("subjects", Integer, nullable=False),
    Column("imported_by", Id, ForeignKey("person.id"), nullable=False),
    Column("imported_at", Moment, nullable=False),
    UniqueConstraint("edition_id", "key"),
)

subject = Table(
    "subject",
    metadata,
    Column("id", Id, primary_key=True),
    Column("roster_id", Id, ForeignKey("roster.id"), nullable=False),
    Column("code", String(64), nullable=False),  # unified social credit code or another number
    Column("name", String(200), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("in_scope", Integer, nullable=False, server_default="1"),  # 应参检
    Column("taken_part_on", Date),  # 已参检
    Column("outcome", String(16)),  # passed 合格, basically_passed 基本合格, failed 不合格
    Column("outcome_on", Date),
    Column("attributes", JSON),
    UniqueConstraint("roster_id", "code"),
    Index("ix_subject_roster_id_unit_id", "roster_id", "unit_id"),
    # Counting reads every subject of a roster; this index answers it alone.
    Index("ix_subject_counts", "roster_id", "unit_id", "in_scope", "taken_part_on", "outcome"),
)


# 双随机: the lot by which subjects and inspectors are drawn. Its pool is fixed before the seed is known.
draw = Table(
    "draw",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edition_id", Id, ForeignKey("edition.id"), nullable=False, index=True),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),  # who draws, and inspects what is drawn
    Column("level", String(8), nullable=False),  # 县级, 市级 …: the legal share follows from it
    Column("share", Amount, nullable=False),  # per cent of all that are registered
    Column("each", Integer, nullable=False),  # inspectors on each visit
    Column("seed_source", Text, nullable=False),  # where the seed will come from, said beforehand
    Column("subjects", Integer, nullable=False),
    Column("excluded", Integer, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("inspectors", JSON, nullable=False),  # duban.rosters.draw_rules.Inspector
    Column("pool_sha256", String(64), nullable=False),
    Column("prepared_by", Id, ForeignKey("person.id"), nullable=False),
    Column("prepared_at", Moment, nullable=False),
    Column("seed", Text),
    Column("held_by", Id, ForeignKey("person.id")),
    Column("held_at", Moment),
    Column("dropped_by", Id, ForeignKey("person.id")),
    Column("dropped_at", Moment),
    Column("dropped_why", Text),
)

draw_subject = Table(
    "draw_subject",
    metadata,
    Column("draw_id", Id, ForeignKey("draw.id"), primary_key=True),
    Column("code", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("excluded", String(200)),  # why it takes no part in the lot
    Column("place", Integer),  # 1 is the first drawn; null: not drawn
    Column("inspectors", JSON),  # their numbers
    sqlite_with_rowid=False,
)
