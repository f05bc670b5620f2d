"""The days of events from which dates are counted: a duty whose day nobody has entered waits without an obligation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from duban.core.db import Id, Moment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("point", sa.Column("event_on", sa.Date()))
    op.create_table(
        "event_date",
        sa.Column("id", Id, nullable=False),
        sa.Column("edition_id", Id, nullable=False),
        sa.Column("milestone_id", Id, nullable=False),
        sa.Column("unit_id", Id, nullable=False),
        sa.Column("subject_id", Id, server_default="0", nullable=False),
        sa.Column("event_on", sa.Date()),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("entered_by", Id),
        sa.Column("entered_at", Moment()),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_event_date_edition_id"),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestone.id"], name="fk_event_date_milestone_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_event_date_unit_id"),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name="fk_event_date_entered_by"),
        sa.PrimaryKeyConstraint("id", name="pk_event_date"),
        sa.UniqueConstraint(
            "milestone_id", "unit_id", "subject_id", name="uq_event_date_milestone_id_unit_id_subject_id"
        ),
    )
    op.create_index("ix_event_date_edition_id", "event_date", ["edition_id"])
    op.create_index(
        "ix_event_date_waiting",
        "event_date",
        ["unit_id", "edition_id"],
        sqlite_where=sa.text("event_on IS NULL"),
        postgresql_where=sa.text("event_on IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("event_date")
    op.drop_column("point", "event_on")
