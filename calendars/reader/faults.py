"""What is wrong with a file people keep: every fault with its file and line, all at once.

A fault is one Chinese sentence with the next step. Knows no file format and no campaign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing to mend. `line` counts from 1; `file` is the path as people know it, e.g. 2025/520.yaml."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file} 第{self.line}行：{self.message}"


class CalendarFaults(ValueError):
    """A file could not be used. Holds all its faults, in the order of their lines."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class Report(Protocol):
    """Takes a fault down: the line it was seen on and the sentence for people."""

    def __call__(self, line: int, message: str) -> None: ...


class FaultList:
    """Collects the faults of one file while it is read, so that reading goes on after the first."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Fault] = []

    def __call__(self, line: int, message: str) -> None:
        fault = Fault(file=self.file, line=line, message=message)
        if fault not in self.found:
            self.found.append(fault)

    def sorted(self) -> tuple[Fault, ...]:
        return tuple(sorted(self.found, key=lambda fault: fault.line))

    def raise_if_any(self) -> None:
        if self.found:
            raise CalendarFaults(self.sorted())
