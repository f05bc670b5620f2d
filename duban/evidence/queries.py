"""Submissions with their evidence items, and the reviews upon them. Rows are added and read, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, delete, func, or_, select, update

from duban.core import clock
from duban.evidence.tables import evidence_item, submission, upload
from duban.evidence.tables import zero_report as zero_reports
from duban.obligations.tables import support_file


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedItem:
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
    doubt: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierItems:
    """What earlier submissions of the obligation brought: the keys, and the files with the day they came."""

    keys: frozenset[str]
    files: dict[str, date]


def earlier_items(connection: Connection, obligation_id: int) -> EarlierItems:
    """Everything handed in so far."""
    rows = connection.execute(
        select(evidence_item.c.key, evidence_item.c.sha256, submission.c.submitted_at)
        .join_from(evidence_item, submission, submission.c.id == evidence_item.c.submission_id)
        .where(submission.c.obligation_id == obligation_id)
        .order_by(submission.c.nth.desc())
    ).all()
    files = {row.sha256: clock.civil(row.submitted_at) for row in rows if row.sha256}
    return EarlierItems(keys=frozenset(row.key for row in rows), files=files)


def submitted_files(connection: Connection, obligation_id: int) -> tuple[SubmittedItem, ...]:
    """Every file handed in for the obligation."""
    rows = connection.execute(
        select(evidence_item)
        .join(submission, submission.c.id == evidence_item.c.submission_id)
        .where(submission.c.obligation_id == obligation_id, evidence_item.c.sha256.is_not(None))
        .order_by(evidence_item.c.id)
    )
    return tuple(
        SubmittedItem(**{name: row._mapping[name] for name in SubmittedItem.__slots__}) for row in rows
    )


def insert_submission(
    connection: Connection,
    *,
    obligation_id: int,
    by: int,
    at: datetime,
    note: str,
    items: Sequence[SubmittedItem],
    zero_report: bool = False,
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
        {"submission_id": int(key[0]), **{name: getattr(item, name) for name in SubmittedItem.__slots__}}
        for item in items
    ]
    if rows:
        connection.execute(evidence_item.insert(), rows)
    if zero_report:
        connection.execute(zero_reports.insert().values(submission_id=int(key[0])))
    return nth


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRow:
    """One file on its way in. `used_at` is set once it belongs to a submission."""

    id: str
    obligation_id: int
    person_id: int
    key: str
    filename: str
    size_bytes: int
    received_bytes: int
    made_at: datetime
    touched_at: datetime
    used_at: datetime | None

    @property
    def complete(self) -> bool:
        return self.received_bytes == self.size_bytes


def insert_upload(connection: Connection, new: UploadRow) -> None:
    """A file is announced."""
    connection.execute(upload.insert().values({name: getattr(new, name) for name in UploadRow.__slots__}))


def find_upload(connection: Connection, upload_id: str, *, person_id: int) -> UploadRow | None:
    """The upload of that id, if it is this person's."""
    row = connection.execute(
        select(upload).where(upload.c.id == upload_id, upload.c.person_id == person_id)
    ).first()
    return UploadRow(**row._mapping) if row else None


def unused_uploads(connection: Connection, obligation_id: int, *, person_id: int) -> tuple[UploadRow, ...]:
    """What the person has sent for the obligation and not handed in, in the order it was announced."""
    rows = connection.execute(
        select(upload)
        .where(
            upload.c.obligation_id == obligation_id,
            upload.c.person_id == person_id,
            upload.c.used_at.is_(None),
        )
        .order_by(upload.c.made_at, upload.c.id)
    )
    return tuple(UploadRow(**row._mapping) for row in rows)


def advance_upload(connection: Connection, before: UploadRow, *, by_bytes: int, now: datetime) -> bool:
    """Count a piece that follows what has come; False when another piece was faster. Decides between two senders."""
    done = connection.execute(
        update(upload)
        .where(
            upload.c.id == before.id,
            upload.c.received_bytes == before.received_bytes,
            upload.c.used_at.is_(None),
        )
        .values(received_bytes=before.received_bytes + by_bytes, touched_at=now)
    )
    return done.rowcount == 1


def use_uploads(
    connection: Connection, ids: Sequence[str], *, person_id: int, obligation_id: int, now: datetime
) -> int:
    """Mark whole files of this person as handed in; returns how many were still free to be."""
    done = connection.execute(
        update(upload)
        .where(
            upload.c.id.in_(ids),
            upload.c.person_id == person_id,
            upload.c.obligation_id == obligation_id,
            upload.c.received_bytes == upload.c.size_bytes,
            upload.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return done.rowcount


def delete_upload(connection: Connection, upload_id: str) -> None:
    """The file is not wanted any more."""
    connection.execute(delete(upload).where(upload.c.id == upload_id, upload.c.used_at.is_(None)))


def delete_uploads_before(connection: Connection, moment: datetime) -> tuple[str, ...]:
    """Forget what nobody has gone on with since, and what was handed in before; returns their ids."""
    old = or_(upload.c.touched_at < moment, upload.c.used_at < moment)
    gone = tuple(connection.scalars(select(upload.c.id).where(old)))
    connection.execute(delete(upload).where(old))
    return gone


def unused_upload_ids(connection: Connection) -> frozenset[str]:
    """Every upload whose bytes are still needed."""
    return frozenset(connection.scalars(select(upload.c.id).where(upload.c.used_at.is_(None))))


def referenced_hashes(connection: Connection, *, newest: int | None = None) -> tuple[str, ...]:
    """The SHA-256 of every stored item, each once; only of the newest so many items if asked."""
    wanted = (
        select(evidence_item.c.sha256)
        .where(evidence_item.c.sha256.is_not(None))
        .order_by(evidence_item.c.id.desc())
        .limit(newest),
        select(support_file.c.sha256).order_by(support_file.c.id.desc()).limit(newest),
    )
    return tuple(dict.fromkeys(found for one in wanted for found in connection.scalars(one)))
