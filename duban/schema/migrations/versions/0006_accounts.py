"""Accounts, sessions, one-time sign-ins, links and client tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from duban.core.db import Id, Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _account()
    _person_unit()
    _session()
    _one_time()
    _link_generation()
    _client_token()
    _kept_form()
    _api_answer()


def downgrade() -> None:
    op.drop_table("api_answer")
    op.drop_table("kept_form")
    op.drop_table("client_token")
    op.drop_table("link_generation")
    op.drop_table("one_time")
    op.drop_table("session")
    op.drop_table("person_unit")
    op.drop_table("account")


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("person_id", Id, nullable=False),
        sa.Column("password_hash", sa.String(length=200)),
        sa.Column("password_set_at", Moment()),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", Moment()),
        sa.Column("oidc_subject", sa.String(length=255)),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_account_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_account"),
        sa.UniqueConstraint("oidc_subject", name="uq_account_oidc_subject"),
    )


def _person_unit() -> None:
    op.create_table(
        "person_unit",
        sa.Column("person_id", Id, nullable=False),
        sa.Column("unit_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_person_unit_person_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_person_unit_unit_id"),
        sa.PrimaryKeyConstraint("person_id", "unit_id", name="pk_person_unit"),
    )


def _session() -> None:
    op.create_table(
        "session",
        sa.Column("id", Id, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("unit_id", Id),
        sa.Column("contact_id", Id),
        sa.Column("device", sa.String(length=200), server_default="", nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment()),
        sa.Column("ended_why", sa.String(length=32)),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_session_contact_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_session_person_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_session_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("token_hash", name="uq_session_token_hash"),
    )
    op.create_index("ix_session_person_id", "session", ["person_id"])


def _one_time() -> None:
    op.create_table(
        "one_time",
        sa.Column("id", Id, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_one_time_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_one_time"),
        sa.UniqueConstraint("token_hash", name="uq_one_time_token_hash"),
    )


def _link_generation() -> None:
    op.create_table(
        "link_generation",
        sa.Column("unit_id", Id, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_link_generation_unit_id"),
        sa.PrimaryKeyConstraint("unit_id", name="pk_link_generation"),
    )


def _client_token() -> None:
    op.create_table(
        "client_token",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("made_by", Id, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.Column("revoked_at", Moment()),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name="fk_client_token_made_by"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_client_token_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_client_token"),
        sa.UniqueConstraint("token_hash", name="uq_client_token_token_hash"),
    )


def _kept_form() -> None:
    op.create_table(
        "kept_form",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_kept_form_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_kept_form"),
    )


def _api_answer() -> None:
    op.create_table(
        "api_answer",
        sa.Column("token_id", Id, nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("body", sa.Text()),
        sa.Column("made_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["client_token.id"], name="fk_api_answer_token_id"),
        sa.PrimaryKeyConstraint("token_id", "key", name="pk_api_answer"),
    )
    op.create_index("ix_api_answer_made_at", "api_answer", ["made_at"])
