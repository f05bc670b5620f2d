"""A frozen value as plain JSON and back again, exactly: what the store keeps of an edition for show and comparison.

Works from the values' own type hints; must not know any one of them. Figures are kept as text, dates as ISO text.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Value = TypeVar("Value")


def to_plain(value: Any) -> Any:
    """The value as JSON holds it."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    assert is_dataclass(value), f"{type(value).__name__} has no plain form"
    return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}


def from_plain(kind: type[Value], body: Any) -> Value:
    """The value that `plain` made the body of. Fields the body does not have take their defaults."""
    made: Value = _restore(kind, body)
    return made


def content_hash(value: Any) -> str:
    """SHA-256 of a value's plain form: equal values have equal hashes on every machine."""
    text = json.dumps(to_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _restore(hint: Any, body: Any) -> Any:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        [inner] = [one for one in get_args(hint) if one is not NoneType]
        return None if body is None else _restore(inner, body)
    if origin is tuple:
        inner = get_args(hint)[0]
        return tuple(_restore(inner, item) for item in body)
    if is_dataclass(hint):
        kind: Any = hint
        hints = _hints(kind)
        return kind(**{name: _restore(hints[name], item) for name, item in body.items() if name in hints})
    return _scalar(hint, body)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _scalar(kind: Any, body: Any) -> Any:
    if kind is date:
        return date.fromisoformat(body)
    if kind is Decimal or issubclass(kind, Enum):
        return kind(body)
    return body
