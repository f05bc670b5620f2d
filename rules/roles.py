"""Who may give whom a role. Roles decide everything else, so nobody gives himself one."""

from __future__ import annotations

from collections.abc import Iterable

from rules.moves import ROLE_NAMES
from rules.people import Actor, Role


def giving_refusals(
    roles: Iterable[Role], by: Actor, *, to_person_id: int | None, register_empty: bool
) -> tuple[str, ...]:
    """Every reason against giving these roles. While the register is empty the system enters the first operator."""
    given = frozenset(roles)
    own = [] if given else ["请用 --role 写明至少一个角色。"]
    if by.person_id is None:
        if not (register_empty and Role.OPERATOR in given):
            own.append("登记人员要记在具体的人名下，请用 --as 写明操作人。")
        return tuple(own)
    if by.person_id == to_person_id:
        own.append(f"{by.name}不能给自己增加角色，请由另一位运维或统筹人员办理。")
    if Role.OPERATOR in by.roles or (Role.COORDINATOR in by.roles and given <= {Role.HANDLER}):
        return tuple(own)
    names = "、".join(ROLE_NAMES[role] for role in Role if role in given)
    own.append(f"{by.name}不能登记{names}，请由运维办理；统筹科室只能登记责任单位经办人。")
    return tuple(own)


def retiring_refusals(person: Actor, by: Actor, *, on_the_desk: int, reason: str) -> tuple[str, ...]:
    """Every reason against stopping a person from acting."""
    own = []
    if by.person_id is None or by.person_id == person.person_id:
        own.append("停用人员要由另一位运维或统筹人员办理，请用 --as 写明操作人。")
    if not by.roles & {Role.OPERATOR, Role.COORDINATOR}:
        own.append(f"{by.name}不能停用人员，请由运维或统筹科室办理。")
    if on_the_desk:
        own.append(
            f"{person.name}名下还有 {on_the_desk} 项未办结任务，请先用 duban obligation handover 移交。"
        )
    if not reason.strip():
        own.append("停用人员要写明原因，请补写。")
    return tuple(own)
