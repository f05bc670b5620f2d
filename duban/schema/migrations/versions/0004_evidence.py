"""Evidence with its reviews, problems with their measures, figures. Evidence and reviews only grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from duban.core.db import Amount, Id, Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Rows of these are facts: they are added and read, nothing else.
FACTS = (
    "submission",
    "evidence_item",
    "review",
)


def upgrade() -> None:
    _figure()
    _problem()
    _measure()
    _progress()
    _submission()
    _evidence_item()
    _review()
    for table in FACTS:
        _guard(table)


def downgrade() -> None:
    for table in FACTS:
        _unguard(table)
    op.drop_table("review")
    op.drop_table("evidence_item")
    op.drop_table("submission")
    op.drop_table("progress")
    op.drop_table("measure")
    op.drop_table("problem")
    op.drop_table("figure")


def _figure() -> None:
    op.create_table(
        "figure",
        sa.Column("id", Id, nullable=False),
        sa.Column("edition_id", Id, nullable=False),
        sa.Column("unit_id", Id),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", Amount()),
        sa.Column("unit_of_measure", sa.String(length=32), server_default="", nullable=False),
        sa.Column("as_of_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("reported_by", Id, nullable=False),
        sa.Column("reported_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_figure_edition_id"),
        sa.ForeignKeyConstraint(["reported_by"], ["person.id"], name="fk_figure_reported_by"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_figure_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_figure"),
    )
    op.create_index("ix_figure_edition_id_name_unit_id", "figure", ["edition_id", "name", "unit_id"])


def _problem() -> None:
    op.create_table(
        "problem",
        sa.Column("id", Id, nullable=False),
        sa.Column("edition_id", Id, nullable=False),
        sa.Column("milestone_id", Id),
        sa.Column("unit_id", Id, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("pace", sa.String(length=16), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("fixed_by", Id),
        sa.Column("fixed_at", Moment()),
        sa.Column("closed_by", Id),
        sa.Column("closed_at", Moment()),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name="fk_problem_closed_by"),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_problem_edition_id"),
        sa.ForeignKeyConstraint(["fixed_by"], ["person.id"], name="fk_problem_fixed_by"),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestone.id"], name="fk_problem_milestone_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_problem_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_problem"),
        sa.UniqueConstraint("edition_id", "code", name="uq_problem_edition_id_code"),
    )
    op.create_index("ix_problem_edition_id", "problem", ["edition_id"])
    op.create_index("ix_problem_unit_id", "problem", ["unit_id"])


def _measure() -> None:
    op.create_table(
        "measure",
        sa.Column("id", Id, nullable=False),
        sa.Column("problem_id", Id, nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("done_on", sa.Date()),
        sa.Column("done_by", Id),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name="fk_measure_done_by"),
        sa.ForeignKeyConstraint(["problem_id"], ["problem.id"], name="fk_measure_problem_id"),
        sa.PrimaryKeyConstraint("id", name="pk_measure"),
        sa.UniqueConstraint("problem_id", "nth", name="uq_measure_problem_id_nth"),
    )


def _progress() -> None:
    op.create_table(
        "progress",
        sa.Column("id", Id, nullable=False),
        sa.Column("obligation_id", Id, nullable=False),
        sa.Column("value", Amount(), nullable=False),
        sa.Column("as_of_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("reported_by", Id, nullable=False),
        sa.Column("reported_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name="fk_progress_obligation_id"),
        sa.ForeignKeyConstraint(["reported_by"], ["person.id"], name="fk_progress_reported_by"),
        sa.PrimaryKeyConstraint("id", name="pk_progress"),
    )
    op.create_index("ix_progress_obligation_id_as_of_on", "progress", ["obligation_id", "as_of_on"])


def _submission() -> None:
    op.create_table(
        "submission",
        sa.Column("id", Id, nullable=False),
        sa.Column("obligation_id", Id, nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("submitted_by", Id, nullable=False),
        sa.Column("submitted_at", Moment(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name="fk_submission_obligation_id"),
        sa.ForeignKeyConstraint(["submitted_by"], ["person.id"], name="fk_submission_submitted_by"),
        sa.PrimaryKeyConstraint("id", name="pk_submission"),
        sa.UniqueConstraint("obligation_id", "nth", name="uq_submission_obligation_id_nth"),
    )


def _evidence_item() -> None:
    op.create_table(
        "evidence_item",
        sa.Column("id", Id, nullable=False),
        sa.Column("submission_id", Id, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64)),
        sa.Column("size_bytes", Id),
        sa.Column("media_type", sa.String(length=100)),
        sa.Column("filename", sa.String(length=255)),
        sa.Column("value", Amount()),
        sa.Column("unit_of_measure", sa.String(length=32)),
        sa.Column("link", sa.String(length=1000)),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_evidence_item_submission_id"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_item"),
    )
    op.create_index("ix_evidence_item_sha256", "evidence_item", ["sha256"])
    op.create_index("ix_evidence_item_submission_id", "evidence_item", ["submission_id"])


def _review() -> None:
    op.create_table(
        "review",
        sa.Column("id", Id, nullable=False),
        sa.Column("submission_id", Id, nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("reviewed_by", Id, nullable=False),
        sa.Column("reviewed_at", Moment(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["reviewed_by"], ["person.id"], name="fk_review_reviewed_by"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_review_submission_id"),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
        sa.UniqueConstraint("submission_id", "level", name="uq_review_submission_id_level"),
    )
    op.create_index("ix_review_reviewed_by", "review", ["reviewed_by"])


def _guard(table: str) -> None:
    """Refuse UPDATE and DELETE in the database itself, whoever comes and by whatever door."""
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


def _unguard(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete"):
            op.execute(f"DROP TRIGGER guard_{table}_{act}")
        return
    op.execute(f"DROP FUNCTION guard_{table}() CASCADE")
