"""Dispatches: a row is written before anything leaves and is never left in `sending`."""

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
    # Whether a unit has had the letter of a round.
    Index(
        "ix_dispatch_digest_had",
        "unit_id",
        "round_id",
        sqlite_where=text("kind = 'digest' AND status = 'accepted'"),
        postgresql_where=text("kind = 'digest' AND status = 'accepted'"),
    ),
)
