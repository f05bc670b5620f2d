"""Rounds and the reminders they plan.

A reminder is unique per (obligation, rung, due date): a round can be run twice, killed and run again, and plans
nothing twice.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from duban.core.db import Id, Moment, metadata

MORNING = "morning"

round_ = Table(
    "round",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),  # morning, recovery …
    Column("held_on", Date, nullable=False),
    Column("status", String(16), nullable=False),  # planning, planned, failed
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("planned", Integer, nullable=False, server_default="0"),
    Column("superseded", Integer, nullable=False, server_default="0"),
    Column("dispatches", Integer, nullable=False, server_default="0"),
    Column("detail", JSON, nullable=False),  # per campaign: what was planned, closed, and what failed
    Column("flow_run_id", String(36)),
    UniqueConstraint("kind", "held_on"),
)

reminder = Table(
    "reminder",
    metadata,
    Column("obligation_id", Id, primary_key=True),
    Column("rung", String(16), primary_key=True),
    Column("due_on", Date, primary_key=True),
    Column("kind", String(12), nullable=False),  # the rung's kind: assign, advance, due, chase …
    Column("round_id", Id, nullable=False),
    Column("target_unit_id", Id, nullable=False),  # who is told: the unit, its superior, the coordinator
    # planned, superseded; where escalations are approved first: held, approved (goes with the next digest); draft: on
    # the coordinator's draft of a bulletin; issued: that bulletin went out
    Column("status", String(12), nullable=False),
    Column("cause", String(64)),  # why it was superseded, or told to another than it should have been
    # A round's digests are counted from this index alone.
    Index("ix_reminder_round", "round_id", "status", "target_unit_id", "kind"),
    # The few escalations that wait for a coordinator, or for the digest they were approved for.
    Index(
        "ix_reminder_waiting",
        "status",
        sqlite_where=text("status IN ('held', 'approved')"),
        postgresql_where=text("status IN ('held', 'approved')"),
    ),
    Index(
        "ix_reminder_draft",
        "status",
        sqlite_where=text("status = 'draft'"),
        postgresql_where=text("status = 'draft'"),
    ),
    sqlite_with_rowid=False,  # the key is the row: a third less to write
)

# The same of what a supporting unit is told. Never held: it is escalated only where the campaign's file says so.
support_reminder = Table(
    "support_reminder",
    metadata,
    Column("duty_id", Id, primary_key=True),
    Column("rung", String(16), primary_key=True),
    Column("due_on", Date, primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("round_id", Id, nullable=False),
    Column("target_unit_id", Id, nullable=False),
    Column("status", String(12), nullable=False),  # planned, superseded
    Column("cause", String(64)),
    Index("ix_support_reminder_round", "round_id", "status", "target_unit_id", "kind"),
    sqlite_with_rowid=False,
)


# What one round, or a step of the edition's own, did for one edition: leaders look it up by campaign and day.
edition_round = Table(
    "edition_round",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),  # morning, step
    Column("edition_id", Id, ForeignKey("edition.id"), nullable=False),
    Column("held_on", Date, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("status", String(12), nullable=False),  # running, done, failed
    Column("planned", Integer, nullable=False, server_default="0"),
    Column("superseded", Integer, nullable=False, server_default="0"),
    Column("gates_closed", Integer, nullable=False, server_default="0"),
    Column("fault", Text),  # what went wrong, in Chinese with the next step
    Column("flow_run_id", String(36)),
    Index("ix_edition_round_held_on", "held_on"),
    Index("ix_edition_round_edition_id_held_on", "edition_id", "held_on"),
)
