"""Rounds, the reminders they plan and the dispatches that carry them.

A reminder is unique per (obligation, rung, due date): a round can be run twice, killed and run again, and plans
nothing twice. A dispatch row is written before anything leaves and is never left in `sending`.
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

from office.store.tables.base import metadata
from office.store.types import Id, Moment

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
    Column("kind", String(12), nullable=False),  # the rung's kind: assign, advance, due, chase, escalate
    Column("round_id", Id, nullable=False),
    Column("target_unit_id", Id, nullable=False),  # who is told: the unit, or its superior
    # planned, superseded; where escalations are approved first: held, approved (goes with the next digest)
    Column("status", String(12), nullable=False),
    Column("cause", String(64)),  # why it was superseded
    # A round's digests are counted from this index alone.
    Index("ix_reminder_round", "round_id", "status", "target_unit_id", "kind"),
    # The few escalations that wait for a coordinator, or for the digest they were approved for.
    Index(
        "ix_reminder_waiting",
        "status",
        sqlite_where=text("status IN ('held', 'approved')"),
        postgresql_where=text("status IN ('held', 'approved')"),
    ),
    sqlite_with_rowid=False,  # the key is the row: a third less to write
)

dispatch = Table(
    "dispatch",
    metadata,
    Column("id", Id, primary_key=True),
    Column("day", Date, nullable=False),
    Column("kind", String(16), nullable=False),  # digest, or an urgent message kind
    Column("ref", String(64), nullable=False, server_default=""),  # what an urgent message is about
    Column("round_id", Id, ForeignKey("round.id")),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("contact_id", Id, ForeignKey("contact.id")),
    # A digest carries its unit's reminders of the rounds from here to round_id: older ones that never left are merged.
    Column("since_round_id", Id),
    Column(
        "parts", Integer, nullable=False, server_default="1"
    ),  # of a digest: 1 own, 2 as superior, 4 copy of chases
    Column("channel", String(16), nullable=False),
    Column("address", String(300), nullable=False),
    # pending, sending, accepted, failed (for good), unsure (broke off after sending), withdrawn (nothing owed any more)
    Column("status", String(12), nullable=False),
    Column("reason", Text),  # why it was not sent, in Chinese
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", Moment, nullable=False),  # quiet hours, days off and retries defer
    Column("lease_until", Moment),
    Column("lease_by", String(64)),
    Column(
        "handed_at", Moment
    ),  # just before the channel gets it: a lease that ran out after this may have sent
    Column("items", Integer, nullable=False, server_default="0"),
    Column("provider_code", String(32)),
    Column("provider_message", Text),
    Column("accepted_at", Moment),
    Column("fallback_of", Id),
    Column("payload", JSON),  # an urgent message's own facts; a digest is composed from its reminders
    Column("flow_run_id", String(36)),
    UniqueConstraint("day", "channel", "address", "kind", "ref"),
    Index("ix_dispatch_status_not_before", "status", "not_before"),
    Index("ix_dispatch_round_id_unit_id", "round_id", "unit_id"),
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
