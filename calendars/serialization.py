"""A frozen value as plain JSON and back again, exactly: what the store keeps of an edition for show and comparison.

Works from the values' own type hints; must not know any one of them. Figures are kept as text, dates as ISO text.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

Value = TypeVar("Value")


def to_plain(value: Any) -> Any:
    """The value as JSON holds it."""
    kind: Any = type(value)
    return _adapter(kind).dump_python(value, mode="json")


def from_plain(kind: type[Value], body: Any) -> Value:
    """The value that `to_plain` made the body of. Fields the body does not have take their defaults."""
    wanted: Any = kind
    made: Value = _adapter(wanted).validate_python(body)
    return made


def content_hash(value: Any) -> str:
    """SHA-256 of a value's plain form: equal values have equal hashes on every machine."""
    text = json.dumps(to_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
