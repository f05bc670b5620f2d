"""Units with their aliases and contacts, people and their roles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from duban.core.db import Id

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _unit()
    _contact()
    _person()
    _unit_alias()
    _person_role()


def downgrade() -> None:
    op.drop_table("person_role")
    op.drop_table("unit_alias")
    op.drop_table("person")
    op.drop_table("contact")
    op.drop_table("unit")


def _unit() -> None:
    op.create_table(
        "unit",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("parent_id", Id),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name="fk_unit_parent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_unit"),
        sa.UniqueConstraint("code", name="uq_unit_code"),
    )
    op.create_index("ix_unit_parent_id", "unit", ["parent_id"])


def _contact() -> None:
    op.create_table(
        "contact",
        sa.Column("id", Id, nullable=False),
        sa.Column("unit_id", Id, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("duty", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("rank", sa.Integer(), server_default="1", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_contact_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contact"),
        sa.UniqueConstraint("unit_id", "channel", "address", name="uq_contact_unit_id_channel_address"),
    )
    op.create_index("ix_contact_unit_id_duty_rank", "contact", ["unit_id", "duty", "rank"])


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("unit_id", Id, nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_person_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("name", "unit_id", name="uq_person_name_unit_id"),
    )


def _unit_alias() -> None:
    op.create_table(
        "unit_alias",
        sa.Column("alias_key", sa.String(length=200), nullable=False),
        sa.Column("unit_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_unit_alias_unit_id"),
        sa.PrimaryKeyConstraint("alias_key", name="pk_unit_alias"),
    )
    op.create_index("ix_unit_alias_unit_id", "unit_alias", ["unit_id"])


def _person_role() -> None:
    op.create_table(
        "person_role",
        sa.Column("person_id", Id, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_person_role_person_id"),
        sa.PrimaryKeyConstraint("person_id", "role", name="pk_person_role"),
    )
