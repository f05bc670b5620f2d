"""Campaign editions with their milestones and dated points, as applied from the calendar files."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from duban.core.db import Id, Moment, metadata

edition = Table(
    "edition",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign", String(64), nullable=False),
    Column("year", Integer, nullable=False),
    Column("name", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subject_year", Integer),
    Column("coordinator_unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("ladder", String(32), nullable=False),
    Column("state", String(16), nullable=False),  # draft, published, paused, withdrawn
    Column("published_on", Date),
    Column("content_hash", String(64), nullable=False),  # of the file's content: same hash, nothing to apply
    Column("body", JSON, nullable=False),  # the whole Edition value, for show and diff
    # What the last round decided on and until when that stands: an edition that has not moved since is passed over.
    Column("planned_on", Date),
    Column("planned_signature", String(64)),
    Column("next_fire_on", Date),
    Column("flow_run_id", String(36)),
    Column("updated_at", Moment, nullable=False),
    # Changed in the portal: loading the year's files leaves it alone.
    Column("own", Boolean, nullable=False, server_default=false()),
    # A campaign of every year: without an edition for the next one somebody has to be told.
    Column("recurs", Boolean, nullable=False, server_default=true()),
    UniqueConstraint("campaign", "year"),
)

milestone = Table(
    "milestone",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edition_id", Id, ForeignKey("edition.id"), nullable=False),
    Column("key", String(64), nullable=False),
    Column("position", Integer, nullable=False),
    Column("stage", Integer),
    Column("title", String(200), nullable=False),
    Column("source_document", String(200), nullable=False),
    Column("source_item", String(64), nullable=False),
    Column("due_phrase", String(200), nullable=False),
    Column("rule", String(200), nullable=False),
    Column("undated", Text),  # why it has no date: waits for a person
    Column("implied", Boolean, nullable=False, server_default=false()),
    Column("gate", Boolean, nullable=False, server_default=false()),
    Column("per_subject", Boolean, nullable=False, server_default=false()),
    Column("problem_ledger", Boolean, nullable=False, server_default=false()),
    Column("review_levels", Integer, nullable=False, server_default="1"),
    Column("ladder", String(32)),  # what its obligations begin with; none on rows older than the column
    Column(
        "withdrawn", Boolean, nullable=False, server_default=false()
    ),  # gone from the file, kept for history
    Column("body", JSON, nullable=False),  # the Milestone value: evidence, quota, after, notes
    UniqueConstraint("edition_id", "key"),
)

milestone_support = Table(
    "milestone_support",
    metadata,
    Column("milestone_id", Id, ForeignKey("milestone.id"), primary_key=True),
    Column("unit_id", Id, ForeignKey("unit.id"), primary_key=True),
)

# What a milestone follows: the stages before it, and those its file names in `after`.
milestone_order = Table(
    "milestone_order",
    metadata,
    Column("milestone_id", Id, ForeignKey("milestone.id"), primary_key=True),
    Column("earlier_id", Id, ForeignKey("milestone.id"), primary_key=True),
)

point = Table(
    "point",
    metadata,
    Column("id", Id, primary_key=True),
    Column("milestone_id", Id, ForeignKey("milestone.id"), nullable=False),
    Column("edition_id", Id, ForeignKey("edition.id"), nullable=False, index=True),
    Column("label", String(64), nullable=False, server_default=""),
    Column("starts_on", Date),
    Column("due_on", Date, nullable=False, index=True),
    Column("hard_due_on", Date),
    Column("last_workday", Date, nullable=False),
    Column("provisional", Boolean, nullable=False, server_default=false()),
    Column("assumptions", JSON, nullable=False),
    Column("withdrawn", Boolean, nullable=False, server_default=false()),
    Column("event_on", Date),  # the day it is counted from, where its milestone hangs on an event
    # Filled once, when the stage's gate closes: the exact result with the list of those missing.
    Column("gate_closed_at", Moment),
    Column("gate_result", JSON),
    UniqueConstraint("milestone_id", "label"),
)


# What hangs on an event: one row for each unit, or subject, that will owe it. Without its day the duty waits, and no
# obligation is there yet.
event_date = Table(
    "event_date",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edition_id", Id, ForeignKey("edition.id"), nullable=False, index=True),
    Column("milestone_id", Id, ForeignKey("milestone.id"), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("subject_id", Id, nullable=False, server_default="0"),  # 0: not per subject
    Column("event_on", Date),
    # closing: the day on which another milestone is signed off; roster: of the subject's column; else entered.
    Column("source", String(16), nullable=False),
    Column("entered_by", Id, ForeignKey("person.id")),
    Column("entered_at", Moment),
    Column("note", Text, nullable=False, server_default=""),
    UniqueConstraint("milestone_id", "unit_id", "subject_id"),
    Index(
        "ix_event_date_waiting",
        "unit_id",
        "edition_id",
        sqlite_where=text("event_on IS NULL"),
        postgresql_where=text("event_on IS NULL"),
    ),
)


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
