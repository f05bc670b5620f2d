"""How a prepared letter leaves. Every module here offers `open_channel(…)`, a context manager yielding a Channel.

A channel answers with a Receipt and does not raise for what the other side does: whether an error is temporary or
permanent is decided where the provider's codes are known. Accepted is not arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from notifications.letters import Prepared


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


class Channel(Protocol):
    """A way out. `send_many` yields each letter with its receipt, in the order they were given."""

    name: str

    def send(self, prepared: Prepared) -> Receipt: ...

    def send_many(self, letters: Iterable[Prepared]) -> Iterator[tuple[Prepared, Receipt]]: ...


class ChannelError(Exception):
    """A channel cannot be opened with these settings; the message is a Chinese sentence with the next step."""
