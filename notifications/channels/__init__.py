"""How a letter letter leaves, and whom it may reach. Every module here offers `open_channel(…)`, a context manager yielding a Channel.

A channel answers with a Receipt and does not raise for what the other side does: whether an error is temporary or
permanent is decided where the provider's codes are known. Accepted is not arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from notifications.letters import Letter, is_address


class Status(StrEnum):
    """What is known after an attempt."""

    ACCEPTED = "accepted"
    """The other side took the letter. It has not arrived by that."""
    TEMPORARY = "temporary"
    """Nothing was taken; trying again later may succeed."""
    PERMANENT = "permanent"
    """Nothing was taken, and trying again without a change will not help."""
    UNSURE = "unsure"
    """The letter went out and no answer came back: it may or may not have been taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """The provider's own answer. `provider_message` may hold secrets of nobody: addresses yes, keys and passwords never."""

    status: Status
    provider_code: str
    provider_message: str
    retry_after_seconds: int | None = None


# The receipt's code for an address that nothing may leave for.
NOT_LISTED = "not_on_allow_list"


class Channel(Protocol):
    """A way out."""

    name: str

    def send(self, letter: Letter) -> Receipt: ...

    def send_many(self, letters: Iterable[Letter]) -> Iterator[tuple[Letter, Receipt]]:
        """Each letter with its receipt, in the order they were given."""
        for letter in letters:
            yield letter, self.send(letter)


class ChannelError(Exception):
    """A channel cannot be opened with these settings; the message is a Chinese sentence with the next step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowList:
    """Until someone lifts the list, nothing leaves the machine except to what stands on it.

    `addresses` are exact (case does not matter), `domains` are written without the @, subdomains not included.
    """

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    lifted: bool = False


def allow_list(entries: Iterable[str], *, lifted: bool = False) -> AllowList:
    """The list from settings: `name@domain` is an address, `@domain` a domain, anything else the name of a push target."""
    cleaned = [entry.strip().lower() for entry in entries if entry.strip()]
    return AllowList(
        addresses=frozenset(entry for entry in cleaned if not entry.startswith("@")),
        domains=frozenset(entry[1:] for entry in cleaned if entry.startswith("@")),
        lifted=lifted,
    )


def address_refusal(address: str, allow: AllowList) -> Receipt | None:
    """None if a message may leave for this mail address. The shape is judged first."""
    if not is_address(address):
        return permanent("bad_address", f"“{address}”不是有效的邮箱地址，请在单位联系人中改正后重发。")
    return target_refusal(address, allow)


def target_refusal(target: str, allow: AllowList) -> Receipt | None:
    """None if this mail address or push target is on the list."""
    name = target.lower()
    if allow.lifted or name in allow.addresses or name.rpartition("@")[2] in allow.domains:
        return None
    return permanent(NOT_LISTED, f"“{target}”不在外发白名单内，未发送；请将其加入白名单或解除白名单后重发。")


def permanent(code: str, sentence: str) -> Receipt:
    return Receipt(status=Status.PERMANENT, provider_code=code, provider_message=sentence)
