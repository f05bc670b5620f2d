"""Who may give and take roles. Roles decide everything else, so nobody gives himself one.

The posts are separate: the security administrator gives roles and keeps accounts, but handles no matter; the
operator runs the machine; the auditor only reads. Before there is a security administrator, the operator enters people.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from calendars.reader.units import name_key
from duban.core.access import ROLE_NAMES, SYSTEM, Actor, Role


def near_names(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Up to three registered names that somebody may have meant, the nearest first."""
    key, known = name_key(name), {name_key(one): one for one in names}
    inside = [other for other in known if key and (key in other or other in key)]
    found = dict.fromkeys([*inside, *get_close_matches(key, known, n=3, cutoff=0.5)])
    return tuple(known[one] for one in found)[:3]


# One person holds at most one of these (GB/T 22239-2019: system, audit and security administration are separate).
SEPARATE_POSTS = frozenset({Role.OPERATOR, Role.AUDITOR, Role.SECURITY})


def giving_refusals(
    roles: Iterable[Role],
    by: Actor,
    *,
    to_person_id: int | None,
    register_empty: bool,
    held: Iterable[Role] = (),
    security_there: bool = False,
) -> tuple[str, ...]:
    """Every reason against giving these roles. While the register is empty the system enters the first operator."""
    given = frozenset(roles)
    own = [] if given else ["请用 --role 写明至少一个角色。"]
    own += _mixed_posts(given | frozenset(held)) if given else []
    if by.person_id is None:
        if not (register_empty and Role.OPERATOR in given):
            own.append("登记人员要记在具体的人名下，请用 --as 写明操作人。")
        return tuple(own)
    if by.person_id == to_person_id:
        own.append(f"{by.name}不能给自己增加角色，请由另一位安全管理员或运维办理。")
    beyond = given - _may_give(by, security_there=security_there)
    if beyond:
        own.append(_not_his(by, beyond, "登记", security_there=security_there))
    return tuple(own)


def taking_refusals(
    role: Role,
    by: Actor,
    *,
    person: Actor,
    security_there: bool,
    others_with_role: int,
    on_the_desk: int,
    reason: str,
) -> tuple[str, ...]:
    """Every reason against taking a role away. The last operator and the last security administrator stay."""
    own = []
    if role not in person.roles:
        own.append(f"{person.name}没有{ROLE_NAMES[role]}这一角色，不必收回。")
    if by.person_id is None or by.person_id == person.person_id:
        own.append("收回角色要由另一个人办理，请用 --as 写明操作人。")
    if role not in _may_give(by, security_there=security_there):
        own.append(_not_his(by, frozenset({role}), "收回", security_there=security_there))
    if role in (Role.OPERATOR, Role.SECURITY) and others_with_role == 0:
        own.append(f"{person.name}是唯一的{ROLE_NAMES[role]}，请先登记另一位再收回。")
    if role is Role.HANDLER and on_the_desk:
        own.append(_still_on_the_desk(person, on_the_desk))
    if not reason.strip():
        own.append("收回角色要写明原因，请补写。")
    return tuple(own)


def retiring_refusals(
    person: Actor,
    by: Actor,
    *,
    on_the_desk: int,
    reason: str,
    security_there: bool = False,
    alone_in: Iterable[Role] = (),
) -> tuple[str, ...]:
    """Every reason against stopping a person from acting; `alone_in` are posts that nobody else holds."""
    own = []
    if by.person_id is None or by.person_id == person.person_id:
        own.append("停用人员要由另一位安全管理员、运维或统筹人员办理，请用 --as 写明操作人。")
    if not _may_retire(person, by, security_there=security_there):
        own.append(
            f"{by.name}不能停用{person.name}：统筹科室只停用责任单位经办人，其他人员请由安全管理员办理"
            "（还没有安全管理员时由运维办理）。"
        )
    own += [
        f"{person.name}是唯一的{ROLE_NAMES[role]}，请先登记另一位再停用。"
        for role in Role
        if role in set(alone_in)
    ]
    if on_the_desk:
        own.append(_still_on_the_desk(person, on_the_desk))
    if not reason.strip():
        own.append("停用人员要写明原因，请补写。")
    return tuple(own)


def belonging_refusals(
    person: Actor, by: Actor, *, unit_id: int, unit: str, adding: bool, on_the_desk: int = 0
) -> tuple[str, ...]:
    """Every reason against letting a person act for a further unit, or for that unit no longer."""
    own = []
    if by.person_id is None or by.person_id == person.person_id:
        own.append("兼办单位要由另一个人登记，请用 --as 写明操作人。")
    if not by.roles & {Role.COORDINATOR, Role.SECURITY}:
        own.append(f"{by.name}不能登记兼办单位，请由统筹科室或安全管理员办理。")
    if adding and person.belongs_to(unit_id):
        own.append(f"{person.name}已能办理{unit}的任务，不必再登记。")
    if not adding and unit_id not in person.also:
        own.append(f"{person.name}没有兼办{unit}，不必取消；本单位的归属不能取消，离岗请停用。")
    if not adding and on_the_desk:
        own.append(_still_on_the_desk(person, on_the_desk))
    return tuple(own)


def _mixed_posts(roles: frozenset[Role]) -> list[str]:
    posts = [role for role in Role if role in roles & SEPARATE_POSTS]
    if len(posts) < 2:
        return []
    names = "、".join(ROLE_NAMES[role] for role in posts)
    return [f"{names}须由不同的人担任（三员分设），请另选一人。"]


def _may_give(by: Actor, *, security_there: bool) -> frozenset[Role]:
    everything = frozenset(Role)
    may: frozenset[Role] = frozenset()
    if Role.OPERATOR in by.roles and not security_there:
        may |= everything
    if Role.SECURITY in by.roles:
        may |= everything - {Role.HANDLER}
    if Role.COORDINATOR in by.roles:
        may |= {Role.HANDLER}
    return may


def _not_his(by: Actor, roles: frozenset[Role], verb: str, *, security_there: bool) -> str:
    names = "、".join(ROLE_NAMES[role] for role in Role if role in roles)
    whose = "安全管理员" if security_there else "运维"
    if roles == {Role.HANDLER}:
        return f"{by.name}不能{verb}{names}，请由统筹科室办理。"
    return f"{by.name}不能{verb}{names}，请由{whose}办理；统筹科室只能{verb}责任单位经办人。"


def _may_retire(person: Actor, by: Actor, *, security_there: bool) -> bool:
    if Role.SECURITY in by.roles or (Role.OPERATOR in by.roles and not security_there):
        return True
    return Role.COORDINATOR in by.roles and person.roles <= {Role.HANDLER}


def _still_on_the_desk(person: Actor, count: int) -> str:
    return f"{person.name}名下还有 {count} 项未办结任务，请先移交。"


KEEPERS = frozenset({Role.COORDINATOR, Role.OPERATOR})


def keeping_refusals(by: Actor, what: str) -> tuple[str, ...]:
    """Calendars, units and rosters are kept by the coordinator, and set up by the operator or the system itself."""
    if by is SYSTEM or by.roles & KEEPERS:
        return ()
    return (f"{by.name}没有{what}的权限，请由统筹科室或运维人员办理。",)


def person_refusals(by: Actor, what: str) -> tuple[str, ...]:
    """What must stand under somebody's name."""
    return () if by.person_id is not None else (f"{what}要记在具体的人名下，请用 --as 写明操作人。",)


def reporting_units(by: Actor) -> frozenset[int]:
    """The units a person reports for: a handler's own. Who belongs there in another role only reads."""
    return by.unit_ids if Role.HANDLER in by.roles else frozenset()


def reporting_refusals(by: Actor, unit_id: int | None, unit_name: str) -> tuple[str, ...]:
    """Figures come from the unit's handlers or from the coordinator, who also reports the city's own (unit_id None)."""
    if Role.COORDINATOR in by.roles or unit_id in reporting_units(by):
        return ()
    return (f"{by.name}不是{unit_name}的经办人，不能替它报数，请由该单位经办人或统筹科室填报。",)


def confirming_refusals(by: Actor, proposed_by: int | None) -> tuple[str, ...]:
    """Four eyes: who brought a notice in does not put it in force."""
    if by.person_id is not None and by.person_id == proposed_by:
        return (f"通知是{by.name}导入的，须由另一人核对确认，请换一位有权限的人确认。",)
    return ()
