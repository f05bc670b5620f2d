"""Who may let whom in: one-time sign-ins, unlocking, ending others' sessions, tokens of other systems."""

from __future__ import annotations

from rules.people import Actor, Role

_ASK_SECURITY = "请由安全管理员办理。"


def one_time_refusals(person: Actor, by: Actor, *, security_there: bool) -> tuple[str, ...]:
    """Every reason against making a one-time sign-in. The system itself makes the first ones (by has no person)."""
    own = []
    if not person.roles:
        own.append(f"{person.name}还没有角色，登录后什么也办不了，请先登记角色。")
    if by.person_id is None:
        return tuple(own)
    if by.person_id == person.person_id:
        own.append("不能给自己生成一次性登录链接，忘记密码请找另一位安全管理员。")
    if not _may_let_in(person, by, security_there=security_there):
        own.append(
            f"{by.name}不能为{person.name}生成一次性登录链接，{_ASK_SECURITY}"
            "统筹科室只能为责任单位经办人生成，运维只能为安全管理员生成。"
        )
    return tuple(own)


def security_refusals(by: Actor, what: str) -> tuple[str, ...]:
    """What only the security administrator does."""
    if by.person_id is None or Role.SECURITY in by.roles:
        return ()
    return (f"{by.name}不能{what}，{_ASK_SECURITY}",)


def link_revoking_refusals(by: Actor, unit: str) -> tuple[str, ...]:
    """A unit's links are revoked by whoever keeps its contacts, or by the security administrator."""
    if by.person_id is None or by.roles & {Role.SECURITY, Role.COORDINATOR}:
        return ()
    return (f"{by.name}不能撤销{unit}的链接，请由统筹科室或安全管理员办理。",)


def _may_let_in(person: Actor, by: Actor, *, security_there: bool) -> bool:
    if Role.SECURITY in by.roles:
        return True
    if Role.COORDINATOR in by.roles and person.roles <= {Role.HANDLER}:
        return True
    # Somebody must be able to bring back the security administrator; it is recorded, and the auditor reads it.
    return Role.OPERATOR in by.roles and (not security_there or Role.SECURITY in person.roles)
