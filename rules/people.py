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
