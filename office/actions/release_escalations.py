"""What a round does with escalations that wait: approved ones go into it, those that are owed no more lapse."""

from __future__ import annotations

from office.store import escalations
from office.store.engine import Connection
from office.store.rounds import Round


def release_escalations(connection: Connection, current: Round) -> int:
    """Of a round that is locked, before its digests are written; returns how many reminders it gained."""
    if not escalations.any_waiting(connection):
        return 0
    escalations.settle(connection)
    return escalations.release(connection, round_id=current.id, day=current.held_on)
