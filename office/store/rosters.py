"""Rosters and their subjects."""

from __future__ import annotations

from sqlalchemy import Connection, select

from office.store.tables import roster


def roster_id(connection: Connection, edition_id: int, key: str) -> int | None:
    """The edition's roster of that key, if it was imported."""
    found = select(roster.c.id).where(roster.c.edition_id == edition_id, roster.c.key == key)
    value = connection.execute(found).scalar()
    return None if value is None else int(value)
