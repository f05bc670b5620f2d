"""Drafts of editions: the text of a campaign file, saved in versions until it is applied or dropped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from office.store.tables import edition_draft, person


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One draft as saved last; `based_on` is the content hash of the edition it was written against."""

    id: int
    campaign: str
    year: int
    name: str
    text: str
    version: int
    based_on: str | None
    changed_by: str
    changed_at: datetime
    applied_at: datetime | None
    dropped_at: datetime | None

    @property
    def open(self) -> bool:
        return self.applied_at is None and self.dropped_at is None


def insert_draft(
    connection: Connection,
    *,
    campaign: str,
    year: int,
    name: str,
    text: str,
    based_on: str | None,
    by: int,
    at: datetime,
) -> int:
    """A new draft; returns its id."""
    key = connection.execute(
        edition_draft.insert().values(
            campaign=campaign,
            year=year,
            name=name,
            text=text,
            based_on=based_on,
            made_by=by,
            made_at=at,
            changed_by=by,
            changed_at=at,
        )
    ).inserted_primary_key
    assert key is not None
    return int(key[0])


def find_draft(connection: Connection, draft_id: int) -> Draft | None:
    """One draft, open or not."""
    row = connection.execute(_drafts().where(edition_draft.c.id == draft_id)).first()
    return _draft(row) if row else None


def open_drafts(
    connection: Connection, *, campaign: str | None = None, year: int | None = None
) -> tuple[Draft, ...]:
    """What is being written, the newest first."""
    statement = _drafts().where(edition_draft.c.applied_at.is_(None), edition_draft.c.dropped_at.is_(None))
    if campaign is not None:
        statement = statement.where(edition_draft.c.campaign == campaign)
    if year is not None:
        statement = statement.where(edition_draft.c.year == year)
    return tuple(_draft(row) for row in connection.execute(statement))


def last_applied(connection: Connection, campaign: str, year: int) -> Draft | None:
    """The draft that was applied last for an edition: its text has the keepers' comments."""
    row = connection.execute(
        _drafts()
        .where(
            edition_draft.c.campaign == campaign,
            edition_draft.c.year == year,
            edition_draft.c.applied_at.is_not(None),
        )
        .order_by(None)
        .order_by(edition_draft.c.applied_at.desc(), edition_draft.c.id.desc())
        .limit(1)
    ).first()
    return _draft(row) if row else None


def save_draft(
    connection: Connection, draft_id: int, *, version: int, by: int, at: datetime, **values: object
) -> bool:
    """Write the new values if the draft still has this version and is open; False when somebody was first."""
    done = connection.execute(
        update(edition_draft)
        .where(
            edition_draft.c.id == draft_id,
            edition_draft.c.version == version,
            edition_draft.c.applied_at.is_(None),
            edition_draft.c.dropped_at.is_(None),
        )
        .values(**values, version=edition_draft.c.version + 1, changed_by=by, changed_at=at)
    )
    return bool(done.rowcount)


def _drafts() -> Select[Any]:
    return (
        select(edition_draft, person.c.name.label("changed_by_name"))
        .join_from(edition_draft, person, person.c.id == edition_draft.c.changed_by)
        .order_by(edition_draft.c.changed_at.desc(), edition_draft.c.id.desc())
    )


def _draft(row: Row[Any]) -> Draft:
    names = (name for name in Draft.__dataclass_fields__ if name != "changed_by")
    return Draft(**{name: getattr(row, name) for name in names}, changed_by=row.changed_by_name)
