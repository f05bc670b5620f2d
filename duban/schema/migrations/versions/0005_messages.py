"""Rounds, reminders and dispatches; the history, which only grows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from duban.core.db import Id, Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Rows of these are facts: they are added and read, nothing else.
FACTS = ("history",)


def upgrade() -> None:
    _history()
    _reminder()
    _round()
    _dispatch()
    for table in FACTS:
        _guard(table)


def downgrade() -> None:
    for table in FACTS:
        _unguard(table)
    op.drop_table("dispatch")
    op.drop_table("round")
    op.drop_table("reminder")
    op.drop_table("history")


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor_id", Id),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("verb", sa.String(length=32), nullable=False),
        sa.Column("noun", sa.String(length=32), nullable=False),
        sa.Column("noun_id", Id),
        sa.Column("edition_id", Id),
        sa.Column("unit_id", Id),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("flow_run_id", sa.String(length=36)),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("entry_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_history"),
        sa.UniqueConstraint("entry_hash", name="uq_history_entry_hash"),
    )
    op.create_index("ix_history_edition_id", "history", ["edition_id"])
    op.create_index("ix_history_noun_noun_id", "history", ["noun", "noun_id"])


def _reminder() -> None:
    op.create_table(
        "reminder",
        sa.Column("obligation_id", Id, nullable=False),
        sa.Column("rung", sa.String(length=16), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("round_id", Id, nullable=False),
        sa.Column("target_unit_id", Id, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("cause", sa.String(length=64)),
        sa.PrimaryKeyConstraint("obligation_id", "rung", "due_on", name="pk_reminder"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_reminder_round", "reminder", ["round_id", "status", "target_unit_id", "kind"])


def _round() -> None:
    op.create_table(
        "round",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment()),
        sa.Column("planned", sa.Integer(), server_default="0", nullable=False),
        sa.Column("superseded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("dispatches", sa.Integer(), server_default="0", nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("flow_run_id", sa.String(length=36)),
        sa.PrimaryKeyConstraint("id", name="pk_round"),
        sa.UniqueConstraint("kind", "held_on", name="uq_round_kind_held_on"),
    )


def _dispatch() -> None:
    op.create_table(
        "dispatch",
        sa.Column("id", Id, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.String(length=64), server_default="", nullable=False),
        sa.Column("round_id", Id),
        sa.Column("unit_id", Id, nullable=False),
        sa.Column("contact_id", Id),
        sa.Column("since_round_id", Id),
        sa.Column("parts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", Moment(), nullable=False),
        sa.Column("lease_until", Moment()),
        sa.Column("lease_by", sa.String(length=64)),
        sa.Column("handed_at", Moment()),
        sa.Column("items", sa.Integer(), server_default="0", nullable=False),
        sa.Column("provider_code", sa.String(length=32)),
        sa.Column("provider_message", sa.Text()),
        sa.Column("accepted_at", Moment()),
        sa.Column("fallback_of", Id),
        sa.Column("payload", sa.JSON()),
        sa.Column("flow_run_id", sa.String(length=36)),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_dispatch_contact_id"),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name="fk_dispatch_round_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_dispatch_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_dispatch"),
        sa.UniqueConstraint(
            "day", "channel", "address", "kind", "ref", name="uq_dispatch_day_channel_address_kind_ref"
        ),
    )
    op.create_index("ix_dispatch_round_id_unit_id", "dispatch", ["round_id", "unit_id"])
    op.create_index("ix_dispatch_status_not_before", "dispatch", ["status", "not_before"])


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
