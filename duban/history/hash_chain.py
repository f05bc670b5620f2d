"""The hash chain of the history: each entry's hash covers its content and the hash before it.

Pure. The algorithm is named in one place, so that a bureau that must use SM3 changes one line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum

# Any name hashlib knows with a 256-bit result, e.g. "sm3" where OpenSSL offers it.
ALGORITHM = "sha256"
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEntry:
    """What is hashed of one history entry. `id` is its position, from 1 without gaps; `detail` canonical JSON."""

    id: int
    at: datetime
    actor: str
    verb: str
    noun: str
    detail: str
    actor_id: int | None = None
    noun_id: int | None = None
    edition_id: int | None = None
    unit_id: int | None = None
    flow_run_id: str | None = None


def canonical(value: Mapping[str, object]) -> str:
    """The one JSON text of a value: sorted keys, no spaces, dates as ISO text, figures as exact text."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain
    )


def seal(entry: ChainEntry, previous_hash: str) -> str:
    """The entry's hash in hexadecimal, bound to the entry before it."""
    body = canonical(
        {
            "id": entry.id,
            "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor_id": entry.actor_id,
            "actor": entry.actor,
            "verb": entry.verb,
            "noun": entry.noun,
            "noun_id": entry.noun_id,
            "edition_id": entry.edition_id,
            "unit_id": entry.unit_id,
            "detail": entry.detail,
            "flow_run_id": entry.flow_run_id,
            "previous_hash": previous_hash,
        }
    )
    return hashlib.new(ALGORITHM, body.encode()).hexdigest()


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Decimal():
            return format(value.normalize(), "f")
        case Mapping():
            return dict(value)
        case set() | frozenset():
            return sorted(value)
    raise TypeError(f"{type(value).__name__} has no place in the history")
