"""The hash chain of the history: each entry's hash covers its content and the hash before it.

Pure. The algorithm is named in one place, so that a bureau that must use SM3 changes one line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

# Any name hashlib knows with a 256-bit result, e.g. "sm3" where OpenSSL offers it.
ALGORITHM = "sha256"
GENESIS = "0" * 64


# What is hashed of an entry, beside the hash before it; `id` is its position, from 1 without gaps, `detail` canonical JSON.
SEALED = (
    "id",
    "at",
    "actor_id",
    "actor",
    "verb",
    "noun",
    "noun_id",
    "edition_id",
    "unit_id",
    "detail",
    "flow_run_id",
)


def canonical(value: Mapping[str, object]) -> str:
    """The one JSON text of a value: sorted keys, no spaces, dates as ISO text, figures as exact text."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain
    )


def seal(entry: Mapping[Any, Any], previous_hash: str) -> str:
    """The entry's hash in hexadecimal, bound to the entry before it; of `entry` the sealed fields count."""
    body = {name: entry[name] for name in SEALED} | {"previous_hash": previous_hash}
    body["at"] = entry["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.new(ALGORITHM, canonical(body).encode()).hexdigest()


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
