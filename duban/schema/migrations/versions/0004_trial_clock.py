"""A trial home has a clock of its own; every ledger that was there before is a real bureau's and has no row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from duban.core.db import Id, Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trial_clock",
        sa.Column("id", Id, primary_key=True),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("ahead_seconds", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("trial_clock")
