"""Who acts: roles and the person behind an act. Decisions about who may do what take these values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    OPERATOR = "operator"  # 运维
    COORDINATOR = "coordinator"  # 统筹科室
    REVIEWER = "reviewer"  # 审核人
    LEADER = "leader"  # 分管领导
    HANDLER = "handler"  # 责任单位经办人
    AUDITOR = "auditor"  # 审计
    SECURITY = "security"  # 安全管理员: accounts, roles, sessions; sees no matter of any unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The person who does something. `person_id` is None only for the system itself (rounds, recovery)."""

    name: str
    person_id: int | None = None
    unit_id: int | None = None
    roles: frozenset[Role] = frozenset()
    also: frozenset[int] = frozenset()  # further units the person acts for
    reads: frozenset[int] = frozenset()  # units he may look at without a role: a unit's leader by its link

    @property
    def unit_ids(self) -> frozenset[int]:
        """Every unit the person belongs to."""
        return self.also if self.unit_id is None else self.also | {self.unit_id}

    def belongs_to(self, unit_id: int) -> bool:
        return unit_id in self.unit_ids


SYSTEM = Actor(name="系统")


# They look at the whole bureau; an operator sees what was sent and run, but opens no evidence.
SEES_ALL = frozenset({Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR, Role.OPERATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleUnits:
    """Everything, or the matters of these units; none is nothing at all."""

    everything: bool = False
    unit_ids: frozenset[int] = frozenset()

    def sees(self, unit_id: int) -> bool:
        return self.everything or unit_id in self.unit_ids


def visible_units(by: Actor) -> VisibleUnits:
    """The system itself sees all; a handler sees the units he belongs to; whoever has no role sees what he may read."""
    if by.person_id is None or by.roles & SEES_ALL:
        return VisibleUnits(everything=True)
    if Role.HANDLER in by.roles:
        return VisibleUnits(unit_ids=by.unit_ids | by.reads)
    return VisibleUnits(unit_ids=by.reads)


ROLE_NAMES: dict[Role, str] = {
    Role.OPERATOR: "运维",
    Role.COORDINATOR: "统筹科室",
    Role.REVIEWER: "审核人",
    Role.LEADER: "分管领导",
    Role.HANDLER: "责任单位经办人",
    Role.AUDITOR: "审计",
    Role.SECURITY: "安全管理员",
}


def person_id(by: Actor) -> int:
    """The person behind an act that the rules have let through; they refuse whoever is none."""
    assert by.person_id is not None, "the rules refuse an act without a person"
    return by.person_id
