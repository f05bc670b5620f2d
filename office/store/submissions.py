"""Submissions with their evidence items, and the reviews upon them. Rows are added and read, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, func, select

from office import clock
from office.store.tables import evidence_item, review, submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of evidence as it is kept; which of the fields are set depends on `type`."""

    key: str
    type: str
    title: str
    sha256: str | None = None
    size_bytes: int | None = None
    media_type: str | None = None
    filename: str | None = None
    value: Decimal | None = None
    unit_of_measure: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What earlier submissions of the obligation brought: the keys, and the files with the day they came."""

    keys: frozenset[str]
    files: dict[str, date]


def earlier(connection: Connection, obligation_id: int) -> Earlier:
    """Everything handed in so far."""
    rows = connection.execute(
        select(evidence_item.c.key, evidence_item.c.sha256, submission.c.submitted_at)
        .join_from(evidence_item, submission, submission.c.id == evidence_item.c.submission_id)
        .where(submission.c.obligation_id == obligation_id)
        .order_by(submission.c.nth.desc())
    ).all()
    files = {row.sha256: clock.civil(row.submitted_at) for row in rows if row.sha256}
    return Earlier(keys=frozenset(row.key for row in rows), files=files)


def files(connection: Connection, obligation_id: int) -> tuple[Item, ...]:
    """Every file handed in for the obligation."""
    rows = connection.execute(
        select(evidence_item)
        .join(submission, submission.c.id == evidence_item.c.submission_id)
        .where(submission.c.obligation_id == obligation_id, evidence_item.c.sha256.is_not(None))
        .order_by(evidence_item.c.id)
    )
    return tuple(Item(**{name: row._mapping[name] for name in Item.__slots__}) for row in rows)


def insert_submission(
    connection: Connection, *, obligation_id: int, by: int, at: datetime, note: str, items: Sequence[Item]
) -> int:
    """A new submission with its items; returns which one of the obligation it is, from 1."""
    nth = 1 + (
        connection.execute(
            select(func.max(submission.c.nth)).where(submission.c.obligation_id == obligation_id)
        ).scalar()
        or 0
    )
    key = connection.execute(
        submission.insert().values(
            obligation_id=obligation_id, nth=nth, submitted_by=by, submitted_at=at, note=note
        )
    ).inserted_primary_key
    assert key is not None
    rows = [
        {"submission_id": int(key[0]), **{name: getattr(item, name) for name in Item.__slots__}}
        for item in items
    ]
    if rows:
        connection.execute(evidence_item.insert(), rows)
    return nth


def newest_submission(connection: Connection, obligation_id: int) -> int | None:
    """The id of the submission under way."""
    return connection.execute(
        select(submission.c.id)
        .where(submission.c.obligation_id == obligation_id)
        .order_by(submission.c.nth.desc())
        .limit(1)
    ).scalar()


def insert_review(connection: Connection, **values: object) -> None:
    """submission_id, level, reviewed_by, reviewed_at, verdict, reason."""
    connection.execute(review.insert().values(**values))
