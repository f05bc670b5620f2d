"""Ladders: which reminder is sent how many workdays before or after the due date, to whom, and how often again.

A ladder is a value from calendars/ladders.yaml. A rung's day counts from the last workday on or before the due
date, so that "three workdays before" means three workdays people really have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise
from statistics import median

WEEK, MONTH = 5, 20  # in workdays


class RungKind(StrEnum):
    ASSIGN = "assign"  # 交办
    ADVANCE = "advance"  # 提前提醒
    DUE = "due"  # 到期
    CHASE = "chase"  # 催办
    ESCALATE = "escalate"  # 督办, to the leader in charge
    BULLETIN = "bulletin"  # 通报, a draft for the coordinator


RUNG_NAMES: dict[RungKind, str] = {
    RungKind.ASSIGN: "交办",
    RungKind.ADVANCE: "提前提醒",
    RungKind.DUE: "到期提醒",
    RungKind.CHASE: "催办",
    RungKind.ESCALATE: "督办",
    RungKind.BULLETIN: "通报",
}


class Audience(StrEnum):
    """Who is told. What one audience was told never stands for what another is owed."""

    UNIT = "unit"
    LEADER = "leader"
    COORDINATOR = "coordinator"


AUDIENCES: dict[RungKind, Audience] = {
    RungKind.ESCALATE: Audience.LEADER,
    RungKind.BULLETIN: Audience.COORDINATOR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """`workdays` counts from the due date: negative before, 0 on it, positive after. ASSIGN ignores it.

    With `repeat` the rung comes again every so many workdays until the matter is closed.
    """

    key: str  # assign, t-30, t-7, t0, t+1, t+6 …: stands in the reminder's key, its repeats as t+1/2
    kind: RungKind
    workdays: int = 0
    repeat: int | None = None
    number: int = 0  # which repeat this is, 0 for the rung itself

    @property
    def audience(self) -> Audience:
        return AUDIENCES.get(self.kind, Audience.UNIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """`repeats` is how often a rung comes again at its own interval; after that it comes once a month.

    `cycle` is set for matters that come again within a week: after so many workdays.
    """

    key: str
    name: str
    rungs: tuple[Rung, ...]  # in order of time
    repeats: int = 12
    cycle: int | None = None

    def days_after_chase(self, rung: Rung) -> int:
        """How many workdays the unit has between its chase and this rung, which others hear of; at least one."""
        chases = [one.workdays for one in self.rungs if one.kind is RungKind.CHASE]
        before = max((days for days in chases if days < rung.workdays), default=0)
        return max(rung.workdays - before, 1)

    def repeat_after(self, rung: Rung, number: int) -> int:
        """How many workdays after the rung its repeat of that number lies, counted from 1."""
        assert rung.repeat is not None, "only a rung that repeats is asked"
        own = min(number, self.repeats)
        return own * rung.repeat + (number - own) * max(rung.repeat, MONTH)


# light@5 is the ladder light for what comes again after five workdays.
_SHORT = "@"


def ladder_key(key: str, due: Sequence[date]) -> str:
    """The key of the ladder for a matter with these due dates: a shortened one where they lie a week or less apart."""
    days = sorted(set(due))
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    if not gaps or median(gaps) > 7:
        return key
    return f"{key}{_SHORT}{max(1, round(median(gaps) * WEEK / 7))}"


def find_ladder(ladders: Mapping[str, Ladder], key: str) -> Ladder | None:
    """The ladder of that key, which may be a shortened one; None where nobody has written it."""
    name, _, cycle = key.partition(_SHORT)
    found = ladders.get(name)
    return _shortened(found, key, int(cycle)) if found and cycle else found


def _shortened(ladder: Ladder, key: str, cycle: int) -> Ladder:
    """At most one rung of each kind, none again: the nearest before the date, unless the last occurrence was not even
    due by then, and the first after it.
    """
    kept: dict[RungKind, Rung] = {}
    for rung in ladder.rungs:
        early = rung.kind is RungKind.ADVANCE and -rung.workdays >= cycle
        if not early and (rung.workdays <= 0 or rung.kind not in kept):
            kept[rung.kind] = replace(rung, repeat=None)
    return replace(ladder, key=key, rungs=tuple(kept.values()), cycle=cycle)
