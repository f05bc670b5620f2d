"""Editions by name only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from office.store.sights import within
from office.store.tables import edition, obligation
from rules.sight import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionName:
    """One edition; `text` is how people call it."""

    id: int
    campaign: str
    name: str
    year: int

    @property
    def text(self) -> str:
        return f"{self.name} {self.year}"


def edition_names(connection: Connection, sight: Sight) -> tuple[EditionName, ...]:
    """Drafts were never handed out and are left out."""
    statement = select(edition.c.id, edition.c.campaign, edition.c.name, edition.c.year)
    if not sight.everything:
        owed = select(obligation.c.edition_id).where(within(sight, obligation.c.unit_id))
        statement = statement.where(edition.c.id.in_(owed))
    rows = connection.execute(
        statement.where(edition.c.state != "draft").order_by(edition.c.year.desc(), edition.c.id)
    )
    return tuple(EditionName(**row._mapping) for row in rows)
