"""Acts that change whole calendars, rosters or units take turns, so that two at once cannot both be first."""

from __future__ import annotations

from sqlalchemy import Connection, text

# Any number that nothing else locks.
_KEY = 20260322


def take_turn(connection: Connection) -> None:
    """Wait until no other such act is under way; held to the end of the transaction."""
    # SQLite's writers already began IMMEDIATE, so there is only one of them.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _KEY})
