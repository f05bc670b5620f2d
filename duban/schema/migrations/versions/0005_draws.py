"""双随机: lots with their pools, seeds and results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from duban.core.db import Amount, Id, Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draw",
        sa.Column("id", Id, primary_key=True),
        sa.Column("edition_id", Id, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("share", Amount, nullable=False),
        sa.Column("each", sa.Integer, nullable=False),
        sa.Column("seed_source", sa.Text, nullable=False),
        sa.Column("subjects", sa.Integer, nullable=False),
        sa.Column("excluded", sa.Integer, nullable=False),
        sa.Column("wanted", sa.Integer, nullable=False),
        sa.Column("inspectors", sa.JSON, nullable=False),
        sa.Column("pool_sha256", sa.String(64), nullable=False),
        sa.Column("prepared_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("prepared_at", Moment, nullable=False),
        sa.Column("seed", sa.Text),
        sa.Column("held_by", Id, sa.ForeignKey("person.id")),
        sa.Column("held_at", Moment),
        sa.Column("dropped_by", Id, sa.ForeignKey("person.id")),
        sa.Column("dropped_at", Moment),
        sa.Column("dropped_why", sa.Text),
    )
    op.create_index("ix_draw_edition_id", "draw", ["edition_id"])
    op.create_table(
        "draw_subject",
        sa.Column("draw_id", Id, sa.ForeignKey("draw.id"), primary_key=True),
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("excluded", sa.String(200)),
        sa.Column("place", sa.Integer),
        sa.Column("inspectors", sa.JSON),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("draw_subject")
    op.drop_table("draw")
