"""The day a leader's page speaks of: asked for in its address, never later than today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Path, Query

from duban.portal.context import PageContext


def as_of_day(desk: PageContext, given: str | None) -> date:
    """The day asked for; today when nothing, nonsense or a day to come was given."""
    try:
        asked = date.fromisoformat(given or "")
    except ValueError:
        return desk.today
    return min(asked, desk.today) if asked.year >= 2000 else desk.today


def as_of_address(path: str, desk: PageContext, on: date, asked: Mapping[str, object]) -> str:
    """An address with what is asked, and the day where it is not today."""
    wanted = {key: str(value) for key, value in asked.items() if value not in (None, "")}
    if on != desk.today:
        wanted["on"] = on.isoformat()
    return path + (f"?{urlencode(wanted)}" if wanted else "")


# Beyond this no browser script counts exactly, and no table has so many rows.
_MOST = 2**53

Number = Annotated[int, Path(ge=1, le=_MOST)]
AskedNumber = Annotated[int | None, Query(ge=1, le=_MOST)]
Year = Annotated[int, Path(ge=1, le=9999)]
AskedYear = Annotated[int | None, Query(ge=1, le=9999)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
