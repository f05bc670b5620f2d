"""Every table, by noun. Importing this package fills `metadata`."""

from office.store.tables.accounts import (
    account,
    api_answer,
    client_token,
    kept_form,
    link_generation,
    one_time,
    person_unit,
    session,
)
from office.store.tables.base import metadata
from office.store.tables.drafts import edition_draft
from office.store.tables.editions import edition, milestone, milestone_support, point
from office.store.tables.evidence import evidence_item, review, submission
from office.store.tables.figures import figure, progress
from office.store.tables.history import history
from office.store.tables.ledger import (
    extension,
    forwarding,
    handover,
    obligation,
    sign_off,
    spot_check,
    suspension,
    waiver,
)
from office.store.tables.messages import dispatch, edition_round, reminder, round_
from office.store.tables.problems import measure, problem
from office.store.tables.rosters import roster, subject
from office.store.tables.units import contact, person, person_role, unit, unit_alias
from office.store.tables.uploads import upload
from office.store.tables.workdays import workday_notice

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
