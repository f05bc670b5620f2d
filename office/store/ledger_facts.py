"""What a unit's ledger says of each obligation beyond its own row, read for many of them with a few queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select

from office.store.tables import (
    evidence_item,
    extension,
    milestone_support,
    person,
    progress,
    reminder,
    sign_off,
    submission,
    unit,
)

_PAGE = 500


@dataclass(slots=True, kw_only=True)
class LedgerFacts:
    """By obligation; supporting units by milestone."""

    supporting: dict[int, list[str]] = field(default_factory=dict)
    extended_days: dict[int, int] = field(default_factory=dict)
    chases: dict[int, int] = field(default_factory=dict)
    files: dict[int, int] = field(default_factory=dict)
    signed: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    reported: dict[int, tuple[Decimal, date]] = field(default_factory=dict)
    noted: dict[int, str] = field(default_factory=dict)


def facts(connection: Connection, ids: Sequence[int], milestone_ids: Sequence[int]) -> LedgerFacts:
    """Everything about these obligations."""
    found = LedgerFacts()
    for start in range(0, len(milestone_ids), _PAGE):
        _supporting(connection, found, milestone_ids[start : start + _PAGE])
    for start in range(0, len(ids), _PAGE):
        some = ids[start : start + _PAGE]
        _extensions(connection, found, some)
        _counts(connection, found, some)
        _signed(connection, found, some)
        _reports(connection, found, some)
    return found


def _supporting(connection: Connection, found: LedgerFacts, ids: Sequence[int]) -> None:
    rows = connection.execute(
        select(milestone_support.c.milestone_id, unit.c.name)
        .join_from(milestone_support, unit, unit.c.id == milestone_support.c.unit_id)
        .where(milestone_support.c.milestone_id.in_(ids))
        .order_by(unit.c.id)
    )
    for row in rows:
        found.supporting.setdefault(row.milestone_id, []).append(row.name)


def _extensions(connection: Connection, found: LedgerFacts, ids: Sequence[int]) -> None:
    rows = connection.execute(
        select(extension.c.obligation_id, extension.c.granted_on, extension.c.previous_due_on).where(
            extension.c.obligation_id.in_(ids), extension.c.verdict == "granted"
        )
    )
    for row in rows:
        days = (row.granted_on - row.previous_due_on).days if row.granted_on and row.previous_due_on else 0
        found.extended_days[row.obligation_id] = found.extended_days.get(row.obligation_id, 0) + days


def _counts(connection: Connection, found: LedgerFacts, ids: Sequence[int]) -> None:
    chases: Any = (
        select(reminder.c.obligation_id, func.count().label("n"))
        .where(reminder.c.obligation_id.in_(ids), reminder.c.kind == "chase", reminder.c.status == "planned")
        .group_by(reminder.c.obligation_id)
    )
    found.chases |= {row.obligation_id: row.n for row in connection.execute(chases)}
    files: Any = (
        select(submission.c.obligation_id, func.count().label("n"))
        .join_from(evidence_item, submission, submission.c.id == evidence_item.c.submission_id)
        .where(submission.c.obligation_id.in_(ids), evidence_item.c.sha256.is_not(None))
        .group_by(submission.c.obligation_id)
    )
    found.files |= {row.obligation_id: row.n for row in connection.execute(files)}


def _signed(connection: Connection, found: LedgerFacts, ids: Sequence[int]) -> None:
    rows = connection.execute(
        select(sign_off.c.obligation_id, sign_off.c.signed_at, person.c.name)
        .join_from(sign_off, person, person.c.id == sign_off.c.signed_by)
        .where(sign_off.c.obligation_id.in_(ids))
        .order_by(sign_off.c.id)
    )
    found.signed |= {row.obligation_id: (row.name, row.signed_at) for row in rows}


def _reports(connection: Connection, found: LedgerFacts, ids: Sequence[int]) -> None:
    rows = connection.execute(
        select(progress.c.obligation_id, progress.c.value, progress.c.as_of_on)
        .where(progress.c.obligation_id.in_(ids))
        .order_by(progress.c.as_of_on, progress.c.id)
    )
    found.reported |= {row.obligation_id: (row.value, row.as_of_on) for row in rows}
    notes = connection.execute(
        select(submission.c.obligation_id, submission.c.note)
        .where(submission.c.obligation_id.in_(ids), submission.c.note != "")
        .order_by(submission.c.nth)
    )
    found.noted |= {row.obligation_id: row.note for row in notes}
