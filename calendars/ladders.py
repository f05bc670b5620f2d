"""Ladders: which reminder is sent how many workdays before or after the due date, and to whom.

A ladder is a value from calendars/ladders.yaml. A rung's day counts from the last workday on or before the due
date, so that "three workdays before" means three workdays people really have.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RungKind(StrEnum):
    ASSIGN = "assign"  # 交办
    ADVANCE = "advance"  # 提前提醒
    DUE = "due"  # 到期
    CHASE = "chase"  # 催办
    ESCALATE = "escalate"  # 督办, to the superior


RUNG_NAMES: dict[RungKind, str] = {
    RungKind.ASSIGN: "交办",
    RungKind.ADVANCE: "提前提醒",
    RungKind.DUE: "到期提醒",
    RungKind.CHASE: "催办",
    RungKind.ESCALATE: "督办",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """`workdays` counts from the due date: negative before, 0 on it, positive after. ASSIGN ignores it."""

    key: str  # assign, t-30, t-7, t0, t+1, t+6 …: stands in the reminder's key
    kind: RungKind
    workdays: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    key: str
    name: str
    rungs: tuple[Rung, ...]  # in order of time
