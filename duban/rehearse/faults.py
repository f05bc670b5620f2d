"""What goes wrong in a rehearsal: machines that die between two steps, rounds that are doubled or skipped, mail
servers that fail. Everything follows from one seed, so that a failing year can be played again.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from duban.core.db import Store
from notifications.channels import Receipt, Status
from notifications.letters import Letter


class Killed(BaseException):
    """The machine dies here. Not an Exception: nothing that isolates faults may survive it."""


class Weather(StrEnum):
    """How the mail server behaves on a day."""

    FINE = "fine"
    DOWN = "down"  # every letter is refused for now
    FLAKY = "flaky"  # some are refused for now, some for good
    DROPPING = "dropping"  # some connections break after the letter went out


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The faults of one day. `dies_at` counts write transactions and letters from the round's first step."""

    skipped: bool = False
    doubled: bool = False
    dies_at: int | None = None
    weather: Weather = Weather.FINE


FINE = Day()


def faults_on(seed: int | None, day: date) -> Day:
    """The faults of a day, the same for the same seed."""
    if seed is None:
        return FINE
    dice = random.Random(f"{seed}/{day.isoformat()}")
    return Day(
        skipped=dice.random() < 0.06,
        doubled=dice.random() < 0.08,
        dies_at=dice.randint(1, 40) if dice.random() < 0.25 else None,
        weather=dice.choices(list(Weather), weights=(80, 6, 8, 6))[0],
    )


@dataclass(slots=True)
class Fuse:
    """Burns one step at a time; at zero the machine dies. Without a length it never does."""

    left: int | None = None

    def burn(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left <= 0:
            self.left = None
            raise Killed


@dataclass(frozen=True, slots=True)
class FusedStore(Store):
    """A store whose every write transaction burns the fuse before it begins and after it has committed."""

    fuse: Fuse = field(default_factory=Fuse)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        self.fuse.burn()
        with Store.writing(self) as connection:
            yield connection
        self.fuse.burn()


@dataclass(slots=True)
class RehearsalChannel:
    """A post box that keeps what it took. It fails as the weather says, and burns the fuse around every letter."""

    fuse: Fuse
    dice: random.Random
    name: str = "mail"
    weather: Weather = Weather.FINE
    taken: list[Letter] = field(default_factory=list)
    broken_off: list[Letter] = field(default_factory=list)
    answers: dict[str, Status] = field(default_factory=dict)  # the last one to each letter of the day
    refused: set[str] = field(default_factory=set)  # addresses whose newest letter was refused for good

    def send(self, prepared: Letter) -> Receipt:
        self.fuse.burn()
        receipt = self._answer()
        self.answers[prepared.key] = receipt.status
        self.refused.discard(prepared.to_address)
        if receipt.status is Status.PERMANENT:
            self.refused.add(prepared.to_address)
        if receipt.status in (Status.ACCEPTED, Status.UNSURE):
            self.taken.append(prepared)
        if receipt.status is Status.UNSURE:
            self.broken_off.append(prepared)
        self._burn_after(prepared)
        return receipt

    def send_many(self, letters: Iterable[Letter]) -> Iterator[tuple[Letter, Receipt]]:
        for letter in letters:
            yield letter, self.send(letter)

    def _burn_after(self, prepared: Letter) -> None:
        try:
            self.fuse.burn()
        except Killed:
            if self.taken and self.taken[-1] is prepared:
                self.broken_off.append(prepared)
            raise

    def _answer(self) -> Receipt:
        chance = self.dice.random()
        match self.weather:
            case Weather.DOWN:
                return _receipt(Status.TEMPORARY, "421")
            case Weather.FLAKY if chance < 0.4:
                return _receipt(Status.TEMPORARY, "451")
            case Weather.FLAKY if chance < 0.45:
                return _receipt(Status.PERMANENT, "550")
            case Weather.DROPPING if chance < 0.3:
                return _receipt(Status.UNSURE, "")
        return _receipt(Status.ACCEPTED, "250")


def _receipt(status: Status, code: str) -> Receipt:
    return Receipt(status=status, provider_code=code, provider_message=f"rehearsal: {status}")
