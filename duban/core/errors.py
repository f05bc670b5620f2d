"""What can go wrong, in one tree.

OfficeError
├── Refused   a person asked for what the rules do not allow; carries Chinese sentences with the next step
│   ├── NotFound   what was named does not exist
│   └── Changed    somebody else was faster; look again, nothing was done
└── Fault     the machine, the disk, the database or a peer failed; the operator acts

Errors only we can cause are assertions.
"""

from __future__ import annotations

from collections.abc import Iterable


class DubanError(Exception):
    """Anything the doors turn into one Chinese sentence and an exit status."""

    exit_status = 3


class Refused(DubanError):
    """Refused by the rules. `reasons` holds every reason at once, each one Chinese sentence."""

    exit_status = 1

    def __init__(self, reasons: str | Iterable[str]) -> None:
        self.reasons = (reasons,) if isinstance(reasons, str) else tuple(reasons)
        *before, last = self.reasons or ("",)
        # Joined they are one sentence: only the end of it has a full stop.
        super().__init__("；".join([*(reason.removesuffix("。") for reason in before), last]))


class NotFound(Refused):
    """What was named is not in the store."""


class Changed(Refused):
    """What was to be changed is not any more what the person saw."""


class Fault(DubanError):
    """Not a person's doing: disk full, database locked, server unreachable."""


def refuse(*reasons: str) -> None:
    """Raise with all reasons if there are any."""
    if reasons:
        raise Refused(reasons)
