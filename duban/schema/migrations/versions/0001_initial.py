"""The whole ledger as 0.1.0 has it; from here on every change is a step of its own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from duban.core.db import Amount, Id, Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Facts: the database itself refuses to change or delete a row, whoever comes and by whatever door.
_FACTS = ("history", "submission", "evidence_item", "review")


def upgrade() -> None:
    _history()
    _units()
    _editions()
    _rounds()
    _accounts()
    _outbox()
    _obligations()
    _figures()
    _rosters()
    _problems()
    _evidence()
    for table in _FACTS:
        _guard(table)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _FACTS:
            op.execute(f"DROP FUNCTION guard_{table}() CASCADE")
    made = sa.MetaData()
    made.reflect(op.get_bind(), only=lambda name, _: name != "alembic_version")
    made.drop_all(op.get_bind())


def _history() -> None:
    _table(
        "history",
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor_id", Id),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("verb", sa.String(32), nullable=False),
        sa.Column("noun", sa.String(32), nullable=False),
        sa.Column("noun_id", Id),
        sa.Column("edition_id", Id),
        sa.Column("unit_id", Id),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("flow_run_id", sa.String(36)),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("entry_hash", sa.String(64), nullable=False),
        sa.UniqueConstraint("entry_hash"),
        sa.Index("ix_history_edition_id", "edition_id"),
        sa.Index("ix_history_noun_noun_id", "noun", "noun_id"),
    )


def _units() -> None:
    _table(
        "unit",
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("parent_id", Id, sa.ForeignKey("unit.id")),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.UniqueConstraint("code"),
        sa.Index("ix_unit_parent_id", "parent_id"),
    )
    _table(
        "contact",
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("duty", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("rank", sa.Integer(), server_default="1", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.UniqueConstraint("unit_id", "channel", "address"),
        sa.Index("ix_contact_unit_id_duty_rank", "unit_id", "duty", "rank"),
    )
    _table(
        "person",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.UniqueConstraint("name", "unit_id"),
    )
    _table(
        "unit_alias",
        sa.Column("alias_key", sa.String(200), primary_key=True),
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Index("ix_unit_alias_unit_id", "unit_id"),
    )
    _table(
        "person_role",
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("role", sa.String(16), primary_key=True),
    )


def _editions() -> None:
    _table(
        "edition",
        sa.Column("campaign", sa.String(64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject_year", sa.Integer()),
        sa.Column("coordinator_unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("ladder", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("published_on", sa.Date()),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("planned_on", sa.Date()),
        sa.Column("planned_signature", sa.String(64)),
        sa.Column("next_fire_on", sa.Date()),
        sa.Column("flow_run_id", sa.String(36)),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("own", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.UniqueConstraint("campaign", "year"),
    )
    _table(
        "edition_draft",
        sa.Column("campaign", sa.String(64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("based_on", sa.String(64)),
        sa.Column("made_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("changed_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("applied_at", Moment()),
        sa.Column("dropped_at", Moment()),
    )
    _table(
        "milestone",
        sa.Column("edition_id", Id, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Integer()),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("source_document", sa.String(200), nullable=False),
        sa.Column("source_item", sa.String(64), nullable=False),
        sa.Column("due_phrase", sa.String(200), nullable=False),
        sa.Column("rule", sa.String(200), nullable=False),
        sa.Column("undated", sa.Text()),
        sa.Column("implied", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("gate", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("per_subject", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("problem_ledger", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("review_levels", sa.Integer(), server_default="1", nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.UniqueConstraint("edition_id", "key"),
    )
    _table(
        "workday_notice",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("imported_by", Id, sa.ForeignKey("person.id")),
        sa.Column("imported_at", Moment(), nullable=False),
        sa.Column("confirmed_by", Id, sa.ForeignKey("person.id")),
        sa.Column("confirmed_at", Moment()),
        sa.UniqueConstraint("content_hash"),
        sa.Index("ix_workday_notice_year", "year"),
    )
    _table(
        "milestone_support",
        sa.Column("milestone_id", Id, sa.ForeignKey("milestone.id"), primary_key=True),
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id"), primary_key=True),
    )
    _table(
        "point",
        sa.Column("milestone_id", Id, sa.ForeignKey("milestone.id"), nullable=False),
        sa.Column("edition_id", Id, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("label", sa.String(64), server_default="", nullable=False),
        sa.Column("starts_on", sa.Date()),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("hard_due_on", sa.Date()),
        sa.Column("last_workday", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("assumptions", sa.JSON(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("gate_closed_at", Moment()),
        sa.Column("gate_result", sa.JSON()),
        sa.UniqueConstraint("milestone_id", "label"),
        sa.Index("ix_point_due_on", "due_on"),
        sa.Index("ix_point_edition_id", "edition_id"),
    )


def _rounds() -> None:
    _table(
        "reminder",
        sa.Column("obligation_id", Id, primary_key=True),
        sa.Column("rung", sa.String(16), primary_key=True),
        sa.Column("due_on", sa.Date(), primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("round_id", Id, nullable=False),
        sa.Column("target_unit_id", Id, nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("cause", sa.String(64)),
        sa.Index("ix_reminder_round", "round_id", "status", "target_unit_id", "kind"),
        _partial("ix_reminder_waiting", "status", where="status IN ('held', 'approved')"),
        sqlite_with_rowid=False,
    )
    _table(
        "round",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment()),
        sa.Column("planned", sa.Integer(), server_default="0", nullable=False),
        sa.Column("superseded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("dispatches", sa.Integer(), server_default="0", nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("flow_run_id", sa.String(36)),
        sa.UniqueConstraint("kind", "held_on"),
    )
    _table(
        "edition_round",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("edition_id", Id, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment()),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("planned", sa.Integer(), server_default="0", nullable=False),
        sa.Column("superseded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gates_closed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fault", sa.Text()),
        sa.Column("flow_run_id", sa.String(36)),
        sa.Index("ix_edition_round_edition_id_held_on", "edition_id", "held_on"),
        sa.Index("ix_edition_round_held_on", "held_on"),
    )


def _accounts() -> None:
    _table(
        "link_generation",
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id"), primary_key=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
    )
    _table(
        "account",
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("password_set_at", Moment()),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", Moment()),
        sa.Column("oidc_subject", sa.String(255)),
        sa.UniqueConstraint("oidc_subject"),
    )
    _table(
        "client_token",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(200), nullable=False),
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("made_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.Column("revoked_at", Moment()),
        sa.UniqueConstraint("token_hash"),
    )
    _table(
        "kept_form",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("path", sa.String(300), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
    )
    _table(
        "one_time",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.UniqueConstraint("token_hash"),
    )
    _table(
        "person_unit",
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id"), primary_key=True),
    )
    _table(
        "session",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id")),
        sa.Column("contact_id", Id, sa.ForeignKey("contact.id")),
        sa.Column("device", sa.String(200), server_default="", nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment()),
        sa.Column("ended_why", sa.String(32)),
        sa.UniqueConstraint("token_hash"),
        sa.Index("ix_session_person_id", "person_id"),
    )
    _table(
        "api_answer",
        sa.Column("token_id", Id, sa.ForeignKey("client_token.id"), primary_key=True),
        sa.Column("key", sa.String(100), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("body", sa.Text()),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Index("ix_api_answer_made_at", "made_at"),
    )


def _outbox() -> None:
    _table(
        "dispatch",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("ref", sa.String(64), server_default="", nullable=False),
        sa.Column("round_id", Id, sa.ForeignKey("round.id")),
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("contact_id", Id, sa.ForeignKey("contact.id")),
        sa.Column("since_round_id", Id),
        sa.Column("parts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", Moment(), nullable=False),
        sa.Column("lease_until", Moment()),
        sa.Column("lease_by", sa.String(64)),
        sa.Column("handed_at", Moment()),
        sa.Column("items", sa.Integer(), server_default="0", nullable=False),
        sa.Column("provider_code", sa.String(32)),
        sa.Column("provider_message", sa.Text()),
        sa.Column("accepted_at", Moment()),
        sa.Column("fallback_of", Id),
        sa.Column("payload", sa.JSON()),
        sa.Column("flow_run_id", sa.String(36)),
        sa.UniqueConstraint("day", "channel", "address", "kind", "ref"),
        sa.Index("ix_dispatch_round_id_unit_id", "round_id", "unit_id"),
        sa.Index("ix_dispatch_status_not_before", "status", "not_before"),
    )


def _obligations() -> None:
    _table(
        "handover",
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("from_person_id", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("to_person_id", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("handed_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("handed_at", Moment(), nullable=False),
        sa.Column("obligations", sa.Integer(), nullable=False),
    )
    _table(
        "obligation",
        sa.Column("edition_id", Id, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("milestone_id", Id, sa.ForeignKey("milestone.id"), nullable=False),
        sa.Column("point_id", Id, sa.ForeignKey("point.id"), nullable=False),
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("subject_id", Id, server_default="0", nullable=False),
        sa.Column("ladder", sa.String(32), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("hard_due_on", sa.Date()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("state_before", sa.String(16)),
        sa.Column("closed_on", sa.Date()),
        sa.Column("submitted_on", sa.Date()),
        sa.Column("target_state", sa.String(16)),
        sa.Column("target", Amount()),
        sa.Column("returned_times", sa.Integer(), server_default="0", nullable=False),
        sa.Column("extended_times", sa.Integer(), server_default="0", nullable=False),
        sa.Column("late", sa.Integer(), server_default="0", nullable=False),
        sa.Column("handler_id", Id, sa.ForeignKey("person.id")),
        sa.Column("backup_id", Id, sa.ForeignKey("person.id")),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("flow_run_id", sa.String(36)),
        sa.UniqueConstraint("point_id", "unit_id", "subject_id"),
        _partial(
            "ix_obligation_done",
            "edition_id",
            "state",
            "due_on",
            "closed_on",
            "submitted_on",
            "late",
            "returned_times",
            "unit_id",
            where="state IN ('archived', 'closed')",
        ),
        _partial("ix_obligation_hard_due_on", "state", "hard_due_on", where="hard_due_on IS NOT NULL"),
        sa.Index("ix_obligation_round", "edition_id", "state", "ladder", "due_on", "opened_on", "unit_id"),
        sa.Index("ix_obligation_state_submitted_on", "state", "submitted_on"),
        _partial("ix_obligation_target", "edition_id", "state", "unit_id", where="target IS NOT NULL"),
        _partial(
            "ix_obligation_target_open",
            "milestone_id",
            "unit_id",
            where="target_state IN ('blank', 'unconfirmed')",
        ),
        sa.Index("ix_obligation_unit_id_due_on", "unit_id", "due_on"),
        _partial(
            "ix_obligation_unit_open",
            "unit_id",
            "due_on",
            "state",
            "edition_id",
            where="state IN ('accepted', 'acknowledged', 'assigned', 'in_progress', 'reopened', 'returned', 'submitted', 'suspended')",
        ),
    )
    _table(
        "extension",
        sa.Column("obligation_id", Id, sa.ForeignKey("obligation.id"), nullable=False),
        sa.Column("asked_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=False),
        sa.Column("decided_by", Id, sa.ForeignKey("person.id")),
        sa.Column("decided_at", Moment()),
        sa.Column("verdict", sa.String(16)),
        sa.Column("granted_on", sa.Date()),
        sa.Column("previous_due_on", sa.Date()),
        sa.Column("reply", sa.Text()),
        sa.Index("ix_extension_obligation_id", "obligation_id"),
        _partial("ix_extension_undecided", "asked_at", where="decided_at IS NULL"),
    )
    _table(
        "forwarding",
        sa.Column("obligation_id", Id, sa.ForeignKey("obligation.id"), nullable=False),
        sa.Column("point_id", Id, sa.ForeignKey("point.id"), nullable=False),
        sa.Column("from_unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("to_unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("forwarded_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("forwarded_at", Moment(), nullable=False),
        sa.Index("ix_forwarding_obligation_id", "obligation_id"),
        sa.Index("ix_forwarding_point_id_from_unit_id", "point_id", "from_unit_id"),
    )
    _table(
        "sign_off",
        sa.Column("obligation_id", Id, sa.ForeignKey("obligation.id"), nullable=False),
        sa.Column("signed_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("signed_at", Moment(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Index("ix_sign_off_obligation_id", "obligation_id"),
    )
    _table(
        "spot_check",
        sa.Column("obligation_id", Id, sa.ForeignKey("obligation.id"), nullable=False),
        sa.Column("checked_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("checked_at", Moment(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Index("ix_spot_check_obligation_id", "obligation_id"),
    )
    _table(
        "suspension",
        sa.Column("obligation_id", Id, sa.ForeignKey("obligation.id"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("authority", sa.String(200), nullable=False),
        sa.Column("suspended_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("suspended_on", sa.Date(), nullable=False),
        sa.Column("resumed_by", Id, sa.ForeignKey("person.id")),
        sa.Column("resumed_on", sa.Date()),
        sa.Index("ix_suspension_obligation_id", "obligation_id"),
    )
    _table(
        "waiver",
        sa.Column("obligation_id", Id, sa.ForeignKey("obligation.id"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("authority", sa.String(200), nullable=False),
        sa.Column("waived_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("waived_at", Moment(), nullable=False),
        sa.Index("ix_waiver_obligation_id", "obligation_id"),
    )


def _figures() -> None:
    _table(
        "figure",
        sa.Column("edition_id", Id, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id")),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", Amount()),
        sa.Column("unit_of_measure", sa.String(32), server_default="", nullable=False),
        sa.Column("as_of_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("reported_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("reported_at", Moment(), nullable=False),
        sa.Index("ix_figure_edition_id_name_unit_id", "edition_id", "name", "unit_id"),
    )
    _table(
        "progress",
        sa.Column("obligation_id", Id, sa.ForeignKey("obligation.id"), nullable=False),
        sa.Column("value", Amount(), nullable=False),
        sa.Column("as_of_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("reported_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("reported_at", Moment(), nullable=False),
        sa.Index("ix_progress_obligation_id_as_of_on", "obligation_id", "as_of_on"),
    )


def _rosters() -> None:
    _table(
        "roster",
        sa.Column("edition_id", Id, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("subjects", sa.Integer(), nullable=False),
        sa.Column("imported_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("imported_at", Moment(), nullable=False),
        sa.UniqueConstraint("edition_id", "key"),
    )
    _table(
        "subject",
        sa.Column("roster_id", Id, sa.ForeignKey("roster.id"), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("in_scope", sa.Integer(), server_default="1", nullable=False),
        sa.Column("taken_part_on", sa.Date()),
        sa.Column("outcome", sa.String(16)),
        sa.Column("outcome_on", sa.Date()),
        sa.Column("attributes", sa.JSON()),
        sa.UniqueConstraint("roster_id", "code"),
        sa.Index("ix_subject_counts", "roster_id", "unit_id", "in_scope", "taken_part_on", "outcome"),
        sa.Index("ix_subject_roster_id_unit_id", "roster_id", "unit_id"),
    )


def _problems() -> None:
    _table(
        "problem",
        sa.Column("edition_id", Id, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("milestone_id", Id, sa.ForeignKey("milestone.id")),
        sa.Column("unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("pace", sa.String(16), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("fixed_by", Id, sa.ForeignKey("person.id")),
        sa.Column("fixed_at", Moment()),
        sa.Column("closed_by", Id, sa.ForeignKey("person.id")),
        sa.Column("closed_at", Moment()),
        sa.UniqueConstraint("edition_id", "code"),
        sa.Index("ix_problem_edition_id", "edition_id"),
        sa.Index("ix_problem_unit_id", "unit_id"),
    )
    _table(
        "measure",
        sa.Column("problem_id", Id, sa.ForeignKey("problem.id"), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("done_on", sa.Date()),
        sa.Column("done_by", Id, sa.ForeignKey("person.id")),
        sa.UniqueConstraint("problem_id", "nth"),
    )


def _evidence() -> None:
    _table(
        "submission",
        sa.Column("obligation_id", Id, sa.ForeignKey("obligation.id"), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("submitted_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("submitted_at", Moment(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.UniqueConstraint("obligation_id", "nth"),
    )
    _table(
        "upload",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("obligation_id", Id, sa.ForeignKey("obligation.id"), nullable=False),
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("size_bytes", Id, nullable=False),
        sa.Column("received_bytes", Id, server_default="0", nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("touched_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.Index("ix_upload_obligation_id_person_id", "obligation_id", "person_id"),
    )
    _table(
        "evidence_item",
        sa.Column("submission_id", Id, sa.ForeignKey("submission.id"), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("size_bytes", Id),
        sa.Column("media_type", sa.String(100)),
        sa.Column("filename", sa.String(255)),
        sa.Column("value", Amount()),
        sa.Column("unit_of_measure", sa.String(32)),
        sa.Column("link", sa.String(1000)),
        sa.Index("ix_evidence_item_sha256", "sha256"),
        sa.Index("ix_evidence_item_submission_id", "submission_id"),
    )
    _table(
        "review",
        sa.Column("submission_id", Id, sa.ForeignKey("submission.id"), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("reviewed_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("reviewed_at", Moment(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.UniqueConstraint("submission_id", "level"),
        sa.Index("ix_review_reviewed_by", "reviewed_by"),
    )


def _table(name: str, *parts: sa.Column[Any] | sa.UniqueConstraint | sa.Index, **options: Any) -> None:
    """A table with its running number, unless it has another key."""
    keyed = any(isinstance(part, sa.Column) and part.primary_key for part in parts)
    op.create_table(name, *(() if keyed else (sa.Column("id", Id, primary_key=True),)), *parts, **options)


def _partial(name: str, *columns: str, where: str) -> sa.Index:
    """What waits is little, and what is over must not slow its queue down."""
    condition = sa.text(where)
    return sa.Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


def _guard(table: str) -> None:
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
