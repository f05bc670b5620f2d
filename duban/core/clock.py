"""The only file that reads the clock. Everything else is handed `now` or `today`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
MORNING = time(8, 30)


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


def civil(moment: datetime) -> date:
    """The civil date in Asia/Shanghai at an aware moment."""
    assert moment.tzinfo is not None, "naive moments stay outside"
    return moment.astimezone(ZONE).date()


def at(day: date, hour: time = MORNING) -> datetime:
    """The aware UTC moment of a Shanghai wall-clock time; the morning round's by default."""
    return datetime.combine(day, hour, ZONE).astimezone(UTC)
