"""Who may let whom in: one-time sign-ins, unlocking, ending others' sessions, tokens of other systems."""

from __future__ import annotations

from enum import StrEnum

from rules.people import Actor, Role

MOST_TOKEN_DAYS = 366
_LONGEST_NAME = 64


class Scope(StrEnum):
    """What another system may do with its token."""

    READ = "read"
    WRITE = "write"


SCOPE_NAMES: dict[Scope, str] = {Scope.READ: "读取", Scope.WRITE: "写入"}
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


def token_refusals(
    by: Actor, *, name: str, scopes: frozenset[Scope], days: int, person: Actor | None
) -> tuple[str, ...]:
    """Every reason against giving another system a token with this person's rights."""
    own = list(security_refusals(by, "生成接口令牌"))
    if by.person_id is None:
        own.append("接口令牌要记在具体的人名下，请用 --as 写明操作人。")
    if not name or len(name) > _LONGEST_NAME:
        own.append(f"请写明令牌给哪个系统用，不超过 {_LONGEST_NAME} 字。")
    if not scopes:
        own.append("请至少选一项权限：读取、写入。")
    if not 1 <= days <= MOST_TOKEN_DAYS:
        own.append(f"有效天数须在 1 到 {MOST_TOKEN_DAYS} 之间，请改正。")
    if person is not None and person.roles & {Role.SECURITY, Role.OPERATOR}:
        own.append(f"接口不能代表{person.name}（管理员），请另登记一位代表该系统的人员。")
    return tuple(own)


def link_revoking_refusals(by: Actor, unit: str) -> tuple[str, ...]:
    """A unit's links are revoked by whoever keeps its contacts, or by the security administrator."""
    if by.person_id is None or by.roles & {Role.SECURITY, Role.COORDINATOR}:
        return ()
    return (f"{by.name}不能撤销{unit}的链接，请由统筹科室或安全管理员办理。",)


def auditing_refusals(by: Actor) -> tuple[str, ...]:
    """The whole history is read by the auditor; everybody else reads that of the matters he sees."""
    if by.person_id is None or Role.AUDITOR in by.roles:
        return ()
    return (f"{by.name}不能查阅全部留痕，请由审计办理。",)


def _may_let_in(person: Actor, by: Actor, *, security_there: bool) -> bool:
    if Role.SECURITY in by.roles:
        return True
    if Role.COORDINATOR in by.roles and person.roles <= {Role.HANDLER}:
        return True
    # Somebody must be able to bring back the security administrator; it is recorded, and the auditor reads it.
    return Role.OPERATOR in by.roles and (not security_there or Role.SECURITY in person.roles)
