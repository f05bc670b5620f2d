"""A figure that was doubtful when it came keeps why, and what the unit said to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, name in _COLUMNS:
        op.add_column(table, sa.Column(name, sa.Text()))


def downgrade() -> None:
    for table, name in reversed(_COLUMNS):
        op.drop_column(table, name)


_COLUMNS = (
    ("evidence_item", "doubt"),
    ("evidence_item", "reason"),
    ("progress", "doubt"),
    ("figure", "doubt"),
)
