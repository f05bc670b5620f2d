"""Dates that a coordinator states beside the moment of receipt, and what a reviewer says of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from duban.core.db import Id, Moment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stated_date",
        sa.Column("id", Id, primary_key=True),
        sa.Column("obligation_id", Id, sa.ForeignKey("obligation.id"), nullable=False, index=True),
        sa.Column("submission_id", Id, sa.ForeignKey("submission.id"), nullable=False, unique=True),
        sa.Column("stated_on", sa.Date, nullable=False),
        sa.Column("received_on", sa.Date, nullable=False),
        sa.Column("late_before", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("stated_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("stated_at", Moment, nullable=False),
        sa.Column("verdict", sa.String(16)),
        sa.Column("decided_by", Id, sa.ForeignKey("person.id")),
        sa.Column("decided_at", Moment),
    )


def downgrade() -> None:
    op.drop_table("stated_date")
