"""Editions with their milestones and points, rosters with their subjects, workday notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from duban.core.db import Id, Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _edition()
    _milestone()
    _roster()
    _workday_notice()
    _milestone_support()
    _point()
    _subject()


def downgrade() -> None:
    op.drop_table("subject")
    op.drop_table("point")
    op.drop_table("milestone_support")
    op.drop_table("workday_notice")
    op.drop_table("roster")
    op.drop_table("milestone")
    op.drop_table("edition")


def _edition() -> None:
    op.create_table(
        "edition",
        sa.Column("id", Id, nullable=False),
        sa.Column("campaign", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject_year", sa.Integer()),
        sa.Column("coordinator_unit_id", Id, nullable=False),
        sa.Column("ladder", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("published_on", sa.Date()),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("planned_on", sa.Date()),
        sa.Column("planned_signature", sa.String(length=64)),
        sa.Column("next_fire_on", sa.Date()),
        sa.Column("flow_run_id", sa.String(length=36)),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["coordinator_unit_id"], ["unit.id"], name="fk_edition_coordinator_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_edition"),
        sa.UniqueConstraint("campaign", "year", name="uq_edition_campaign_year"),
    )


def _milestone() -> None:
    op.create_table(
        "milestone",
        sa.Column("id", Id, nullable=False),
        sa.Column("edition_id", Id, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Integer()),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("source_document", sa.String(length=200), nullable=False),
        sa.Column("source_item", sa.String(length=64), nullable=False),
        sa.Column("due_phrase", sa.String(length=200), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("undated", sa.Text()),
        sa.Column("implied", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("gate", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("per_subject", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("problem_ledger", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("review_levels", sa.Integer(), server_default="1", nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_milestone_edition_id"),
        sa.PrimaryKeyConstraint("id", name="pk_milestone"),
        sa.UniqueConstraint("edition_id", "key", name="uq_milestone_edition_id_key"),
    )


def _roster() -> None:
    op.create_table(
        "roster",
        sa.Column("id", Id, nullable=False),
        sa.Column("edition_id", Id, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("subjects", sa.Integer(), nullable=False),
        sa.Column("imported_by", Id, nullable=False),
        sa.Column("imported_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_roster_edition_id"),
        sa.ForeignKeyConstraint(["imported_by"], ["person.id"], name="fk_roster_imported_by"),
        sa.PrimaryKeyConstraint("id", name="pk_roster"),
        sa.UniqueConstraint("edition_id", "key", name="uq_roster_edition_id_key"),
    )


def _workday_notice() -> None:
    op.create_table(
        "workday_notice",
        sa.Column("id", Id, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("imported_by", Id),
        sa.Column("imported_at", Moment(), nullable=False),
        sa.Column("confirmed_by", Id),
        sa.Column("confirmed_at", Moment()),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name="fk_workday_notice_confirmed_by"),
        sa.ForeignKeyConstraint(["imported_by"], ["person.id"], name="fk_workday_notice_imported_by"),
        sa.PrimaryKeyConstraint("id", name="pk_workday_notice"),
        sa.UniqueConstraint("content_hash", name="uq_workday_notice_content_hash"),
    )
    op.create_index("ix_workday_notice_year", "workday_notice", ["year"])


def _milestone_support() -> None:
    op.create_table(
        "milestone_support",
        sa.Column("milestone_id", Id, nullable=False),
        sa.Column("unit_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestone.id"], name="fk_milestone_support_milestone_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_milestone_support_unit_id"),
        sa.PrimaryKeyConstraint("milestone_id", "unit_id", name="pk_milestone_support"),
    )


def _point() -> None:
    op.create_table(
        "point",
        sa.Column("id", Id, nullable=False),
        sa.Column("milestone_id", Id, nullable=False),
        sa.Column("edition_id", Id, nullable=False),
        sa.Column("label", sa.String(length=64), server_default="", nullable=False),
        sa.Column("starts_on", sa.Date()),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("hard_due_on", sa.Date()),
        sa.Column("last_workday", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("assumptions", sa.JSON(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("gate_closed_at", Moment()),
        sa.Column("gate_result", sa.JSON()),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_point_edition_id"),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestone.id"], name="fk_point_milestone_id"),
        sa.PrimaryKeyConstraint("id", name="pk_point"),
        sa.UniqueConstraint("milestone_id", "label", name="uq_point_milestone_id_label"),
    )
    op.create_index("ix_point_due_on", "point", ["due_on"])
    op.create_index("ix_point_edition_id", "point", ["edition_id"])


def _subject() -> None:
    op.create_table(
        "subject",
        sa.Column("id", Id, nullable=False),
        sa.Column("roster_id", Id, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("unit_id", Id, nullable=False),
        sa.Column("in_scope", sa.Integer(), server_default="1", nullable=False),
        sa.Column("taken_part_on", sa.Date()),
        sa.Column("outcome", sa.String(length=16)),
        sa.Column("outcome_on", sa.Date()),
        sa.Column("attributes", sa.JSON()),
        sa.ForeignKeyConstraint(["roster_id"], ["roster.id"], name="fk_subject_roster_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_subject_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_subject"),
        sa.UniqueConstraint("roster_id", "code", name="uq_subject_roster_id_code"),
    )
    op.create_index("ix_subject_roster_id_unit_id", "subject", ["roster_id", "unit_id"])
