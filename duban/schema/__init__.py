"""Every table, by noun. Importing this module fills `metadata`."""

from __future__ import annotations

from duban.accounts.tables import (
    account,
    api_answer,
    client_token,
    kept_form,
    link_generation,
    one_time,
    person_unit,
    session,
)
from duban.core.db import metadata
from duban.editions.tables import edition, edition_draft, milestone, milestone_support, point, workday_notice
from duban.evidence.tables import evidence_item, review, submission, upload
from duban.figures.tables import figure, progress
from duban.history.tables import history
from duban.obligations.tables import (
    extension,
    forwarding,
    handover,
    obligation,
    sign_off,
    spot_check,
    suspension,
    waiver,
)
from duban.outbox.tables import dispatch
from duban.problems.tables import measure, problem
from duban.rosters.tables import roster, subject
from duban.rounds.tables import edition_round, reminder, round_
from duban.units.tables import contact, person, person_role, unit, unit_alias

__all__ = [
    "account",
    "api_answer",
    "client_token",
    "contact",
    "dispatch",
    "edition",
    "edition_draft",
    "edition_round",
    "evidence_item",
    "extension",
    "figure",
    "forwarding",
    "handover",
    "history",
    "kept_form",
    "link_generation",
    "measure",
    "metadata",
    "milestone",
    "milestone_support",
    "obligation",
    "one_time",
    "person",
    "person_role",
    "person_unit",
    "point",
    "problem",
    "progress",
    "reminder",
    "review",
    "roster",
    "round_",
    "session",
    "sign_off",
    "spot_check",
    "subject",
    "submission",
    "suspension",
    "unit",
    "unit_alias",
    "upload",
    "waiver",
    "workday_notice",
]
