"""A milestone's own ladder; indexes that answer whether a unit has had a round's letter, and what stands on the draft of a bulletin."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_HAD = sa.text("kind = 'digest' AND status = 'accepted'")
_DRAFT = sa.text("status = 'draft'")


def upgrade() -> None:
    op.add_column("milestone", sa.Column("ladder", sa.String(32)))
    op.create_index(
        "ix_dispatch_digest_had",
        "dispatch",
        ["unit_id", "round_id"],
        sqlite_where=_HAD,
        postgresql_where=_HAD,
    )
    op.create_index("ix_reminder_draft", "reminder", ["status"], sqlite_where=_DRAFT, postgresql_where=_DRAFT)


def downgrade() -> None:
    op.drop_index("ix_reminder_draft", "reminder")
    op.drop_index("ix_dispatch_digest_had", "dispatch")
    op.drop_column("milestone", "ladder")
