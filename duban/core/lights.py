"""The lights of a matter: their codes, their words, and the limits a bureau sets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Light(StrEnum):
    """Codes of the lights; cities colour them differently, so the word always stands beside."""

    GREY = "grey"
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


LIGHT_WORDS: dict[Light, str] = {
    Light.RED: "红灯",
    Light.YELLOW: "黄灯",
    Light.GREEN: "绿灯",
    Light.GREY: "灰灯",
}
# From worst to best; a board cell shows the worst of its obligations.
WORST_FIRST = tuple(LIGHT_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Each bureau's own settings. Points are percentage points behind the pace of the calendar.

    Exactly `pace_yellow_points` behind is yellow, more than `pace_red_points` red, as Yinchuan's published rule.
    """

    due_soon_workdays: int = 5
    pace_yellow_points: int = 10
    pace_red_points: int = 30


def worst(lights: frozenset[Light] | set[Light]) -> Light:
    """The light that a cell with several obligations shows."""
    return next((light for light in WORST_FIRST if light in lights), Light.GREY)
