"""Whether today's round has to be held, or held again: what recovery asks every half hour."""

from __future__ import annotations

from datetime import datetime

from office import clock
from office.actions.missing_rounds import missing_rounds, troubled_rounds
from office.actions.office import Office


def round_owed(office: Office, *, now: datetime) -> bool:
    """True when the newest day due is without a round, or today's was cut short or had an edition at fault."""
    today = clock.civil(now)
    if any(one.held_on == today for one in troubled_rounds(office, now=now, days=1)):
        return True
    return bool(missing_rounds(office, now=now, days=1))
