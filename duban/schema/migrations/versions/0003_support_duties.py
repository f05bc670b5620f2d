"""What supporting units have to do; those of editions in force get theirs at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from duban.core.db import Id, Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FACTS = ("support_report", "support_file")


def upgrade() -> None:
    op.create_table(
        "support_duty",
        sa.Column("id", Id, primary_key=True),
        sa.Column("edition_id", Id, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("point_id", Id, sa.ForeignKey("point.id"), nullable=False),
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("acknowledged_by", Id, sa.ForeignKey("person.id")),
        sa.Column("acknowledged_at", Moment()),
        sa.Column("reported_by", Id, sa.ForeignKey("person.id")),
        sa.Column("reported_at", Moment()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("flow_run_id", sa.String(36)),
        sa.UniqueConstraint("point_id", "unit_id"),
        sa.Index("ix_support_duty_unit_id", "unit_id", "state"),
        sa.Index("ix_support_duty_edition_id", "edition_id", "state", "opened_on"),
    )
    op.create_table(
        "support_report",
        sa.Column("id", Id, primary_key=True),
        sa.Column("duty_id", Id, sa.ForeignKey("support_duty.id"), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("reported_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("reported_at", Moment(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.UniqueConstraint("duty_id", "nth"),
    )
    op.create_table(
        "support_file",
        sa.Column("id", Id, primary_key=True),
        sa.Column("report_id", Id, sa.ForeignKey("support_report.id"), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", Id, nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Index("ix_support_file_report_id", "report_id"),
    )
    op.create_table(
        "support_reminder",
        sa.Column("duty_id", Id, primary_key=True),
        sa.Column("rung", sa.String(16), primary_key=True),
        sa.Column("due_on", sa.Date(), primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("round_id", Id, nullable=False),
        sa.Column("target_unit_id", Id, nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("cause", sa.String(64)),
        sa.Index("ix_support_reminder_round", "round_id", "status", "target_unit_id", "kind"),
        sqlite_with_rowid=False,
    )
    for table in _FACTS:
        _guard(table)
    op.execute(
        """
        INSERT INTO support_duty (edition_id, point_id, unit_id, opened_on, state)
        SELECT p.edition_id, p.id, s.unit_id, owed.opened_on, 'pending'
        FROM point AS p
        JOIN edition AS e ON e.id = p.edition_id AND e.state IN ('published', 'paused')
        JOIN milestone_support AS s ON s.milestone_id = p.milestone_id
        JOIN (SELECT point_id, min(opened_on) AS opened_on FROM obligation GROUP BY point_id) AS owed
            ON owed.point_id = p.id
        WHERE NOT p.withdrawn
        """
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _FACTS:
            op.execute(f"DROP FUNCTION guard_{table}() CASCADE")
    for table in ("support_reminder", "support_file", "support_report", "support_duty"):
        op.drop_table(table)


def _guard(table: str) -> None:
    """Facts: the database itself refuses to change or delete a row."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER guard_{table}_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION guard_{table}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} only grows'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER guard_{table} BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION guard_{table}()"
    )
