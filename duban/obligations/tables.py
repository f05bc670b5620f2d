"""Obligations, the acts that change their clock (extension, suspension, waiver, spot check, handover), and what the
units that only support have to do beside them.

An obligation row is small and its hot columns stand in it, because rounds read a million of them in one pass.
"""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from duban.core.db import Amount, Id, Moment, metadata

UNFINISHED = (
    "state IN ('accepted', 'acknowledged', 'assigned', 'in_progress', 'reopened', 'returned', 'submitted', "
    "'suspended')"
)

obligation = Table(
    "obligation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edition_id", Id, ForeignKey("edition.id"), nullable=False),
    Column("milestone_id", Id, ForeignKey("milestone.id"), nullable=False),
    Column("point_id", Id, ForeignKey("point.id"), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("subject_id", Id, nullable=False, server_default="0"),  # 0: not per subject
    Column("ladder", String(32), nullable=False),
    Column("opened_on", Date, nullable=False),  # the day it was first owed: rungs before it never applied
    Column("due_on", Date, nullable=False),  # our internal date; extensions move it
    Column("hard_due_on", Date),  # the superior's wall; nothing moves it but the document
    Column("state", String(16), nullable=False),  # duban.obligations.states.State
    Column("state_before", String(16)),  # where a suspension returns to
    Column("closed_on", Date),
    Column("submitted_on", Date),  # of the submission under way or accepted: decides 按期 or 逾期
    Column("target_state", String(16)),
    Column("target", Amount),
    Column("returned_times", Integer, nullable=False, server_default="0"),
    Column("extended_times", Integer, nullable=False, server_default="0"),
    # 1 once it was handed in late: stays, whatever is reviewed, extended or reopened afterwards.
    Column("late", Integer, nullable=False, server_default="0"),
    Column("handler_id", Id, ForeignKey("person.id")),
    Column("backup_id", Id, ForeignKey("person.id")),
    Column("version", Integer, nullable=False, server_default="1"),  # every change is conditional on it
    Column("flow_run_id", String(36)),
    UniqueConstraint("point_id", "unit_id", "subject_id"),
    # The round groups by exactly these columns; the index answers it alone.
    Index("ix_obligation_round", "edition_id", "state", "ladder", "due_on", "opened_on", "unit_id"),
    Index("ix_obligation_unit_id_due_on", "unit_id", "due_on"),
    # A unit's own page: what is not over, however much was done in earlier years. duban.obligations.list_queries
    # repeats the condition word by word and its order, or SQLite would not find the index fit.
    Index(
        "ix_obligation_unit_open",
        "unit_id",
        "due_on",
        "state",
        "edition_id",
        sqlite_where=text(UNFINISHED),
        postgresql_where=text(UNFINISHED),
    ),
    # The queues of those who review and sign off: what waits longest first.
    Index("ix_obligation_state_submitted_on", "state", "submitted_on"),
    # The leader's page: what is finished is read from here alone, a year's worth of it and nothing older.
    Index(
        "ix_obligation_done",
        "edition_id",
        "state",
        "due_on",
        "closed_on",
        "submitted_on",
        "late",
        "returned_times",
        "unit_id",
        sqlite_where=text("state IN ('archived', 'closed')"),
        postgresql_where=text("state IN ('archived', 'closed')"),
    ),
    # The few that have a target, whose light is their own; and the few with a superior's wall.
    Index(
        "ix_obligation_target",
        "edition_id",
        "state",
        "unit_id",
        sqlite_where=text("target IS NOT NULL"),
        postgresql_where=text("target IS NOT NULL"),
    ),
    Index(
        "ix_obligation_hard_due_on",
        "state",
        "hard_due_on",
        sqlite_where=text("hard_due_on IS NOT NULL"),
        postgresql_where=text("hard_due_on IS NOT NULL"),
    ),
    # The few whose target the source left open; everything else stays out of this index.
    Index(
        "ix_obligation_target_open",
        "milestone_id",
        "unit_id",
        sqlite_where=text("target_state IN ('blank', 'unconfirmed')"),
        postgresql_where=text("target_state IN ('blank', 'unconfirmed')"),
    ),
)

extension = Table(
    "extension",
    metadata,
    Column("id", Id, primary_key=True),
    Column("obligation_id", Id, ForeignKey("obligation.id"), nullable=False, index=True),
    Column("asked_by", Id, ForeignKey("person.id"), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("progress", Text, nullable=False),
    Column("wanted_on", Date, nullable=False),
    Column("decided_by", Id, ForeignKey("person.id")),
    Column("decided_at", Moment),
    Column("verdict", String(16)),  # granted, refused
    Column("granted_on", Date),
    Column("previous_due_on", Date),
    Column("reply", Text),
    # Requests that nobody has answered yet, the oldest first.
    Index(
        "ix_extension_undecided",
        "asked_at",
        sqlite_where=text("decided_at IS NULL"),
        postgresql_where=text("decided_at IS NULL"),
    ),
)

suspension = Table(
    "suspension",
    metadata,
    Column("id", Id, primary_key=True),
    Column("obligation_id", Id, ForeignKey("obligation.id"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("authority", String(200), nullable=False),
    Column("suspended_by", Id, ForeignKey("person.id"), nullable=False),
    Column("suspended_on", Date, nullable=False),
    Column("resumed_by", Id, ForeignKey("person.id")),
    Column("resumed_on", Date),
)

waiver = Table(
    "waiver",
    metadata,
    Column("id", Id, primary_key=True),
    Column("obligation_id", Id, ForeignKey("obligation.id"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("authority", String(200), nullable=False),
    Column("waived_by", Id, ForeignKey("person.id"), nullable=False),
    Column("waived_at", Moment, nullable=False),
)

sign_off = Table(
    "sign_off",
    metadata,
    Column("id", Id, primary_key=True),
    Column("obligation_id", Id, ForeignKey("obligation.id"), nullable=False, index=True),
    Column("signed_by", Id, ForeignKey("person.id"), nullable=False),
    Column("signed_at", Moment, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
)

# An obligation moved to the right unit keeps where it came from, so that applying the edition again does not
# give it back to the unit that never owed it.
forwarding = Table(
    "forwarding",
    metadata,
    Column("id", Id, primary_key=True),
    Column("obligation_id", Id, ForeignKey("obligation.id"), nullable=False, index=True),
    Column("point_id", Id, ForeignKey("point.id"), nullable=False),
    Column("from_unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("to_unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("forwarded_by", Id, ForeignKey("person.id"), nullable=False),
    Column("forwarded_at", Moment, nullable=False),
    Index("ix_forwarding_point_id_from_unit_id", "point_id", "from_unit_id"),
)

# Asked by the unit that owes it; until somebody decides, that unit goes on owing it and is reminded.
forward_request = Table(
    "forward_request",
    metadata,
    Column("id", Id, primary_key=True),
    Column("obligation_id", Id, ForeignKey("obligation.id"), nullable=False, index=True),
    Column("from_unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("to_unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", Id, ForeignKey("person.id"), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("decided_by", Id, ForeignKey("person.id")),
    Column("decided_at", Moment),
    Column("verdict", String(16)),  # granted, refused
    Column("reply", Text),
    # Requests that nobody has answered yet, the oldest first.
    Index(
        "ix_forward_request_undecided",
        "asked_at",
        sqlite_where=text("decided_at IS NULL"),
        postgresql_where=text("decided_at IS NULL"),
    ),
)

# 越序: this obligation may be passed and signed off although what it follows is not closed.
early_pass = Table(
    "early_pass",
    metadata,
    Column("id", Id, primary_key=True),
    Column("obligation_id", Id, ForeignKey("obligation.id"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("allowed_by", Id, ForeignKey("person.id"), nullable=False),
    Column("allowed_at", Moment, nullable=False),
)

# 补录日期: paper of a submission that came before it was received here; counts once a reviewer accepted it.
stated_date = Table(
    "stated_date",
    metadata,
    Column("id", Id, primary_key=True),
    Column("obligation_id", Id, ForeignKey("obligation.id"), nullable=False, index=True),
    Column("submission_id", Id, ForeignKey("submission.id"), nullable=False, unique=True),
    Column("stated_on", Date, nullable=False),
    Column("received_on", Date, nullable=False),  # the day of the submission, which goes on being known
    Column("late_before", Integer, nullable=False),  # an earlier submission was late: that mark stays
    Column("reason", Text, nullable=False),
    Column("stated_by", Id, ForeignKey("person.id"), nullable=False),
    Column("stated_at", Moment, nullable=False),
    Column("verdict", String(16)),  # accepted, refused; null while no reviewer has decided
    Column("decided_by", Id, ForeignKey("person.id")),
    Column("decided_at", Moment),
)

spot_check = Table(
    "spot_check",
    metadata,
    Column("id", Id, primary_key=True),
    Column("obligation_id", Id, ForeignKey("obligation.id"), nullable=False, index=True),
    Column("checked_by", Id, ForeignKey("person.id"), nullable=False),
    Column("checked_at", Moment, nullable=False),
    Column("passed", Integer, nullable=False),
    Column("finding", Text, nullable=False),
)

handover = Table(
    "handover",
    metadata,
    Column("id", Id, primary_key=True),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("from_person_id", Id, ForeignKey("person.id"), nullable=False),
    Column("to_person_id", Id, ForeignKey("person.id"), nullable=False),
    Column("handed_by", Id, ForeignKey("person.id"), nullable=False),
    Column("handed_at", Moment, nullable=False),
    Column("obligations", Integer, nullable=False),
)


# 配合事项: one supporting unit's part in one dated point, whoever leads there. A table of its own, so that it can stand
# in no lead's rate or light. Its date is the earliest that a lead of the point still owes.
support_duty = Table(
    "support_duty",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edition_id", Id, ForeignKey("edition.id"), nullable=False),
    Column("point_id", Id, ForeignKey("point.id"), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("state", String(16), nullable=False),  # duban.obligations.support_rules.SupportState
    Column("acknowledged_by", Id, ForeignKey("person.id")),
    Column("acknowledged_at", Moment),
    Column("reported_by", Id, ForeignKey("person.id")),  # of the newest report
    Column("reported_at", Moment),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("flow_run_id", String(36)),
    UniqueConstraint("point_id", "unit_id"),
    Index("ix_support_duty_unit_id", "unit_id", "state"),
    # The round counts what is unanswered from this index alone.
    Index("ix_support_duty_edition_id", "edition_id", "state", "opened_on"),
)

support_report = Table(
    "support_report",
    metadata,
    Column("id", Id, primary_key=True),
    Column("duty_id", Id, ForeignKey("support_duty.id"), nullable=False),
    Column("nth", Integer, nullable=False),
    Column("reported_by", Id, ForeignKey("person.id"), nullable=False),
    Column("reported_at", Moment, nullable=False),
    Column("words", Text, nullable=False),
    UniqueConstraint("duty_id", "nth"),
)

support_file = Table(
    "support_file",
    metadata,
    Column("id", Id, primary_key=True),
    Column("report_id", Id, ForeignKey("support_report.id"), nullable=False, index=True),
    Column("sha256", String(64), nullable=False),
    Column("size_bytes", Id, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("filename", String(255), nullable=False),
)
