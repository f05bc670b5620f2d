"""The day a leader's page speaks of: asked for in its address, never later than today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from portal.desk import Desk


def day_of(desk: Desk, given: str | None) -> date:
    """The day asked for; today when nothing, nonsense or a day to come was given."""
    try:
        asked = date.fromisoformat(given or "")
    except ValueError:
        return desk.today
    return min(asked, desk.today) if asked.year >= 2000 else desk.today


def address(path: str, desk: Desk, on: date, asked: Mapping[str, object]) -> str:
    """An address with what is asked, and the day where it is not today."""
    wanted = {key: str(value) for key, value in asked.items() if value not in (None, "")}
    if on != desk.today:
        wanted["on"] = on.isoformat()
    return path + (f"?{urlencode(wanted)}" if wanted else "")
