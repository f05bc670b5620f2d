"""Whom messages may reach. Until someone lifts the list, nothing leaves the machine except to the addresses on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from notifications.letters import is_address


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowList:
    """`addresses` are exact (case does not matter), `domains` are written without the @, subdomains not included."""

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    lifted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a message may not leave, as one sentence with the next step."""

    code: str
    sentence: str


def allow_list(entries: Iterable[str], *, lifted: bool = False) -> AllowList:
    """The list from settings: `name@domain` is an address, `@domain` a domain, anything else the name of a push target."""
    cleaned = [entry.strip().lower() for entry in entries if entry.strip()]
    return AllowList(
        addresses=frozenset(entry for entry in cleaned if not entry.startswith("@")),
        domains=frozenset(entry[1:] for entry in cleaned if entry.startswith("@")),
        lifted=lifted,
    )


def allowed(address: str, allow: AllowList) -> Refusal | None:
    """None if a message may leave for this mail address, else the refusal. The shape is judged first."""
    if not is_address(address):
        return Refusal(
            code="bad_address", sentence=f"“{address}”不是有效的邮箱地址，请在单位联系人中改正后重发。"
        )
    return listed(address, allow)


def listed(target: str, allow: AllowList) -> Refusal | None:
    """None if this mail address or push target is on the list."""
    name = target.lower()
    if allow.lifted or name in allow.addresses or name.rpartition("@")[2] in allow.domains:
        return None
    return Refusal(
        code="not_on_allow_list",
        sentence=f"“{target}”不在外发白名单内，未发送；请将其加入白名单或解除白名单后重发。",
    )
