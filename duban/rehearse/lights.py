"""The light of each obligation worked out again, from plain rows and a wall calendar, by none of the product's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from duban.core.lights import Light
from duban.core.settings import Settings
from duban.obligations.states import DONE, OPEN, WAITING, State
from duban.rehearse.queries import LightRow
from duban.rehearse.walk import Walk


def count_lights(rows: Iterable[LightRow], day: date, walk: Walk, settings: Settings) -> Counter[Light]:
    """How many are under each light on the day."""
    found: Counter[Light] = Counter()
    for row in rows:
        found[light_of(row, day, walk, settings)] += row.obligations
    return found


def light_of(row: LightRow, day: date, walk: Walk, settings: Settings) -> Light:
    """Red when late or far behind its pace, yellow when sent back, behind or near, grey when it does not count."""
    state = State(row.state)
    if state in DONE:
        return Light.GREEN
    if state in WAITING:
        return Light.RED if row.beyond else Light.GREEN
    if state not in OPEN:
        return Light.GREY
    behind = _points_behind(row, day)
    if day > row.due_on or behind > settings.pace_red_points:
        return Light.RED
    # No office has a month of days off in a row, so farther dates need no counting.
    near = (row.due_on - day).days < 60 and walk.between(day, row.due_on) <= settings.due_soon_workdays
    if near or state is State.RETURNED or (row.target and behind >= settings.pace_yellow_points):
        return Light.YELLOW
    return Light.GREEN


def _points_behind(row: LightRow, day: date) -> Decimal:
    """Percentage points by which a target's progress lies behind the share of its days that has gone by."""
    if not row.target or row.starts_on is None:
        return Decimal(0)
    whole = max((row.due_on - row.starts_on).days + 1, 1)
    gone = min(max((day - row.starts_on).days + 1, 0), whole)
    return 100 * (Decimal(gone) / whole - (row.reported or Decimal(0)) / row.target)
