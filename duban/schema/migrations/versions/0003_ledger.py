"""Obligations, and the acts that change their clock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from duban.core.db import Amount, Id, Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _handover()
    _obligation()
    _extension()
    _forwarding()
    _sign_off()
    _spot_check()
    _suspension()
    _waiver()


def downgrade() -> None:
    op.drop_table("waiver")
    op.drop_table("suspension")
    op.drop_table("spot_check")
    op.drop_table("sign_off")
    op.drop_table("forwarding")
    op.drop_table("extension")
    op.drop_table("obligation")
    op.drop_table("handover")


def _handover() -> None:
    op.create_table(
        "handover",
        sa.Column("id", Id, nullable=False),
        sa.Column("unit_id", Id, nullable=False),
        sa.Column("from_person_id", Id, nullable=False),
        sa.Column("to_person_id", Id, nullable=False),
        sa.Column("handed_by", Id, nullable=False),
        sa.Column("handed_at", Moment(), nullable=False),
        sa.Column("obligations", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["from_person_id"], ["person.id"], name="fk_handover_from_person_id"),
        sa.ForeignKeyConstraint(["handed_by"], ["person.id"], name="fk_handover_handed_by"),
        sa.ForeignKeyConstraint(["to_person_id"], ["person.id"], name="fk_handover_to_person_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_handover_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_handover"),
    )


def _obligation() -> None:
    op.create_table(
        "obligation",
        sa.Column("id", Id, nullable=False),
        sa.Column("edition_id", Id, nullable=False),
        sa.Column("milestone_id", Id, nullable=False),
        sa.Column("point_id", Id, nullable=False),
        sa.Column("unit_id", Id, nullable=False),
        sa.Column("subject_id", Id, server_default="0", nullable=False),
        sa.Column("ladder", sa.String(length=32), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("hard_due_on", sa.Date()),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_before", sa.String(length=16)),
        sa.Column("closed_on", sa.Date()),
        sa.Column("submitted_on", sa.Date()),
        sa.Column("target_state", sa.String(length=16)),
        sa.Column("target", Amount()),
        sa.Column("returned_times", sa.Integer(), server_default="0", nullable=False),
        sa.Column("extended_times", sa.Integer(), server_default="0", nullable=False),
        sa.Column("late", sa.Integer(), server_default="0", nullable=False),
        sa.Column("handler_id", Id),
        sa.Column("backup_id", Id),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("flow_run_id", sa.String(length=36)),
        sa.ForeignKeyConstraint(["backup_id"], ["person.id"], name="fk_obligation_backup_id"),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_obligation_edition_id"),
        sa.ForeignKeyConstraint(["handler_id"], ["person.id"], name="fk_obligation_handler_id"),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestone.id"], name="fk_obligation_milestone_id"),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name="fk_obligation_point_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_obligation_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_obligation"),
        sa.UniqueConstraint(
            "point_id", "unit_id", "subject_id", name="uq_obligation_point_id_unit_id_subject_id"
        ),
    )
    op.create_index(
        "ix_obligation_round",
        "obligation",
        ["edition_id", "state", "ladder", "due_on", "opened_on", "unit_id"],
    )
    op.create_index("ix_obligation_unit_id_due_on", "obligation", ["unit_id", "due_on"])


def _extension() -> None:
    op.create_table(
        "extension",
        sa.Column("id", Id, nullable=False),
        sa.Column("obligation_id", Id, nullable=False),
        sa.Column("asked_by", Id, nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=False),
        sa.Column("decided_by", Id),
        sa.Column("decided_at", Moment()),
        sa.Column("verdict", sa.String(length=16)),
        sa.Column("granted_on", sa.Date()),
        sa.Column("previous_due_on", sa.Date()),
        sa.Column("reply", sa.Text()),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name="fk_extension_asked_by"),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name="fk_extension_decided_by"),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name="fk_extension_obligation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_extension"),
    )
    op.create_index("ix_extension_obligation_id", "extension", ["obligation_id"])


def _forwarding() -> None:
    op.create_table(
        "forwarding",
        sa.Column("id", Id, nullable=False),
        sa.Column("obligation_id", Id, nullable=False),
        sa.Column("point_id", Id, nullable=False),
        sa.Column("from_unit_id", Id, nullable=False),
        sa.Column("to_unit_id", Id, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("forwarded_by", Id, nullable=False),
        sa.Column("forwarded_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["forwarded_by"], ["person.id"], name="fk_forwarding_forwarded_by"),
        sa.ForeignKeyConstraint(["from_unit_id"], ["unit.id"], name="fk_forwarding_from_unit_id"),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name="fk_forwarding_obligation_id"),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name="fk_forwarding_point_id"),
        sa.ForeignKeyConstraint(["to_unit_id"], ["unit.id"], name="fk_forwarding_to_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_forwarding"),
    )
    op.create_index("ix_forwarding_obligation_id", "forwarding", ["obligation_id"])
    op.create_index("ix_forwarding_point_id_from_unit_id", "forwarding", ["point_id", "from_unit_id"])


def _sign_off() -> None:
    op.create_table(
        "sign_off",
        sa.Column("id", Id, nullable=False),
        sa.Column("obligation_id", Id, nullable=False),
        sa.Column("signed_by", Id, nullable=False),
        sa.Column("signed_at", Moment(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name="fk_sign_off_obligation_id"),
        sa.ForeignKeyConstraint(["signed_by"], ["person.id"], name="fk_sign_off_signed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_off"),
    )
    op.create_index("ix_sign_off_obligation_id", "sign_off", ["obligation_id"])


def _spot_check() -> None:
    op.create_table(
        "spot_check",
        sa.Column("id", Id, nullable=False),
        sa.Column("obligation_id", Id, nullable=False),
        sa.Column("checked_by", Id, nullable=False),
        sa.Column("checked_at", Moment(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["checked_by"], ["person.id"], name="fk_spot_check_checked_by"),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name="fk_spot_check_obligation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_spot_check"),
    )
    op.create_index("ix_spot_check_obligation_id", "spot_check", ["obligation_id"])


def _suspension() -> None:
    op.create_table(
        "suspension",
        sa.Column("id", Id, nullable=False),
        sa.Column("obligation_id", Id, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("suspended_by", Id, nullable=False),
        sa.Column("suspended_on", sa.Date(), nullable=False),
        sa.Column("resumed_by", Id),
        sa.Column("resumed_on", sa.Date()),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name="fk_suspension_obligation_id"),
        sa.ForeignKeyConstraint(["resumed_by"], ["person.id"], name="fk_suspension_resumed_by"),
        sa.ForeignKeyConstraint(["suspended_by"], ["person.id"], name="fk_suspension_suspended_by"),
        sa.PrimaryKeyConstraint("id", name="pk_suspension"),
    )
    op.create_index("ix_suspension_obligation_id", "suspension", ["obligation_id"])


def _waiver() -> None:
    op.create_table(
        "waiver",
        sa.Column("id", Id, nullable=False),
        sa.Column("obligation_id", Id, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("waived_by", Id, nullable=False),
        sa.Column("waived_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name="fk_waiver_obligation_id"),
        sa.ForeignKeyConstraint(["waived_by"], ["person.id"], name="fk_waiver_waived_by"),
        sa.PrimaryKeyConstraint("id", name="pk_waiver"),
    )
    op.create_index("ix_waiver_obligation_id", "waiver", ["obligation_id"])
