"""What a rehearsal tells: one line for each message, gate and light, and a summary with what broke."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from duban.core.access import SYSTEM
from duban.core.lights import LIGHT_WORDS, Light
from duban.rehearse.letters import ReadLetter
from duban.rehearse.world import World
from duban.rounds.gates import GateClosed


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened. `what` is message, gate or light."""

    on: date
    what: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A year that was played. Without violations every invariant held on every day."""

    year: int
    seed: int | None
    units: int | None
    editions: int
    obligations: int
    acts: int
    refusals: int
    deaths: int
    skipped: int
    letters: int
    broken_off: int
    lines: tuple[Line, ...]
    violations: tuple[str, ...]

    @property
    def held(self) -> bool:
        return not self.violations

    @property
    def command(self) -> str:
        """What plays exactly this year again."""
        faults = "" if self.seed is None else f" --faults {self.seed}"
        units = "" if self.units is None else f" --units {self.units}"
        return f"duban rehearse {self.year}{faults}{units}"


def mail_lines(day: date, letters: Iterable[ReadLetter]) -> list[Line]:
    return [Line(on=day, what="message", text=f"{letter.to_address}  {letter.subject}") for letter in letters]


def gate_lines(day: date, gates: Iterable[GateClosed]) -> list[Line]:
    return [Line(on=day, what="gate", text=gate.sentence) for gate in gates]


def light_line(world: World, day: date) -> Line:
    """How many obligations stand at each light on the morning."""
    # Only whoever plays a year waits for the tables.
    from duban.reports.board import read_board

    board = read_board(world.calm, by=SYSTEM, today=day)
    counts = "  ".join(f"{LIGHT_WORDS[light]}{board.lights.get(light, 0)}" for light in Light)
    return Line(on=day, what="light", text=counts)
