"""What a link in a message says, and every reason against letting its bearer in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from duban.core.access import Actor, Role

# Who hands in for a unit; the other duties (its leaders) only look.
ACTING_DUTIES = frozenset({"handler", "backup"})

_NEW_ONE = "请使用最近一封消息里的链接，或向统筹科室索取新链接。"
ALTERED = "链接不完整或被改动过，请回到消息里重新点开，不要手工抄写；仍打不开请向统筹科室索取新链接。"
FOREIGN = "这个链接不是本系统发出的（或系统密钥已更换），请核对发件单位，并使用最近一封消息里的链接。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link as its token says it, once the signature is known to be ours."""

    unit_id: int
    contact_id: int
    generation: int
    expires_on: date
    obligation_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """The contact a link was sent to as the register has it today; `person_active` is None where nobody of that name is entered."""

    name: str
    unit_id: int
    unit: str
    unit_active: bool
    active: bool
    duty: str
    generation: int
    person_active: bool | None


def link_refusals(link: Link, bearer: Bearer | None, today: date) -> tuple[str, ...]:
    """Every reason against this link, each with the next step."""
    if bearer is None or bearer.unit_id != link.unit_id:
        return (f"链接所属的单位或联系人已不在名录中，{_NEW_ONE}",)
    own = []
    if not bearer.unit_active:
        own.append(f"{bearer.unit}已停用，不能再凭链接进入，请联系统筹科室。")
    if not bearer.active or bearer.person_active is False:
        own.append(
            f"{bearer.unit}的联系人{bearer.name}已停用，链接随之失效，请由现任联系人办理或联系统筹科室。"
        )
    if link.generation != bearer.generation:
        own.append(f"{bearer.unit}此前的链接已被撤销，{_NEW_ONE}")
    if today > link.expires_on:
        own.append(
            f"链接已于{link.expires_on.year}年{link.expires_on.month}月{link.expires_on.day}日到期，{_NEW_ONE}"
        )
    return tuple(own)


def stays(link: Link, by: Actor, *, contact_id: int | None) -> bool:
    """Whether the session that is open does as well: by a link to the same contact, or the unit's own handler."""
    if contact_id is not None:
        return contact_id == link.contact_id
    return Role.HANDLER in by.roles and by.belongs_to(link.unit_id)
