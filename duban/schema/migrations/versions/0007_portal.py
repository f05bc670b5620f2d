"""Uploads on their way in, edition drafts, what a round did for an edition; the review queue's index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from duban.core.db import Id, Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _upload()
    _edition_draft()
    _edition_round()
    op.add_column("edition", sa.Column("own", sa.Boolean(), server_default=sa.false(), nullable=False))
    counted = ["roster_id", "unit_id", "in_scope", "taken_part_on", "outcome"]
    op.create_index("ix_subject_counts", "subject", counted)
    op.create_index("ix_obligation_state_submitted_on", "obligation", ["state", "submitted_on"])
    _queues()


def downgrade() -> None:
    op.drop_index("ix_subject_counts", table_name="subject")
    op.drop_index("ix_reminder_waiting", table_name="reminder")
    op.drop_index("ix_extension_undecided", table_name="extension")
    op.drop_index("ix_obligation_unit_open", table_name="obligation")
    for name in ("ix_obligation_hard_due_on", "ix_obligation_target", "ix_obligation_done"):
        op.drop_index(name, table_name="obligation")
    op.drop_index("ix_obligation_target_open", table_name="obligation")
    op.drop_index("ix_obligation_state_submitted_on", table_name="obligation")
    op.drop_column("edition", "own")
    op.drop_table("edition_round")
    op.drop_table("edition_draft")
    op.drop_table("upload")


def _queues() -> None:
    """Partial indexes: what waits is little, and what is over must not slow its queue down."""
    _partial(
        "ix_obligation_target_open",
        "obligation",
        ["milestone_id", "unit_id"],
        "target_state IN ('blank', 'unconfirmed')",
    )
    _partial(
        "ix_obligation_done",
        "obligation",
        ["edition_id", "state", "due_on", "closed_on", "submitted_on", "late", "returned_times", "unit_id"],
        "state IN ('archived', 'closed')",
    )
    _partial(
        "ix_obligation_unit_open",
        "obligation",
        ["unit_id", "due_on", "state", "edition_id"],
        "state IN ('accepted', 'acknowledged', 'assigned', 'in_progress', 'reopened', 'returned', 'submitted', "
        "'suspended')",
    )
    _partial("ix_obligation_target", "obligation", ["edition_id", "state", "unit_id"], "target IS NOT NULL")
    _partial("ix_obligation_hard_due_on", "obligation", ["state", "hard_due_on"], "hard_due_on IS NOT NULL")
    _partial("ix_extension_undecided", "extension", ["asked_at"], "decided_at IS NULL")
    _partial("ix_reminder_waiting", "reminder", ["status"], "status IN ('held', 'approved')")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _upload() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("obligation_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("size_bytes", Id, nullable=False),
        sa.Column("received_bytes", Id, server_default="0", nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("touched_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name="fk_upload_obligation_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_upload_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
    )
    op.create_index("ix_upload_obligation_id_person_id", "upload", ["obligation_id", "person_id"])


def _edition_draft() -> None:
    op.create_table(
        "edition_draft",
        sa.Column("id", Id, nullable=False),
        sa.Column("campaign", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("based_on", sa.String(length=64)),
        sa.Column("made_by", Id, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("changed_by", Id, nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("applied_at", Moment()),
        sa.Column("dropped_at", Moment()),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name="fk_edition_draft_changed_by"),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name="fk_edition_draft_made_by"),
        sa.PrimaryKeyConstraint("id", name="pk_edition_draft"),
    )


def _edition_round() -> None:
    op.create_table(
        "edition_round",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("edition_id", Id, nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment()),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("planned", sa.Integer(), server_default="0", nullable=False),
        sa.Column("superseded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gates_closed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fault", sa.Text()),
        sa.Column("flow_run_id", sa.String(length=36)),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_edition_round_edition_id"),
        sa.PrimaryKeyConstraint("id", name="pk_edition_round"),
    )
    op.create_index("ix_edition_round_edition_id_held_on", "edition_round", ["edition_id", "held_on"])
    op.create_index("ix_edition_round_held_on", "edition_round", ["held_on"])
