"""What a value in a calendar file may be: text, numbers, one of a list, a figure of a table still to be confirmed."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    Strict,
    StringConstraints,
    TypeAdapter,
)

from calendars.model import TargetState
from calendars.reader.document import NOTHING
from calendars.targets import read_target

Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1)]
Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Number = Annotated[
    Decimal,
    Strict(),
    BeforeValidator(lambda value: Decimal(value) if type(value) is int else value),
]
_TEXT = TypeAdapter[str](Text)
_KEY = re.compile(r"[a-z][a-z0-9_]*")


class Entry(BaseModel):
    """One mapping of a file; a key it does not know is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def as_text(value: Any) -> str:
    """The value, which has to be text. Raises pydantic's own error."""
    return _TEXT.validate_python(value)


def named(what: str) -> AfterValidator:
    """Text that is a key of its own: small letters, digits and underscores."""

    def check(text: str) -> str:
        if _KEY.fullmatch(text) is None:
            raise ValueError(f"{what}“{text}”请用小写字母、数字和下划线，字母开头。")
        return text

    return AfterValidator(check)


def one_of(options: Collection[str], sentence: str) -> BeforeValidator:
    """Text out of `options`; `sentence` is what is said of another, with places for it and for the options."""

    def check(value: Any) -> str:
        text = as_text(value)
        if text not in set(options):
            raise ValueError(sentence.format(text, "、".join(options)))
        return text

    return BeforeValidator(check)


def _day(value: Any) -> date:
    text = as_text(value)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"“{text}”不是日期，请写成 2025-07-04 的样子。") from None


Day = Annotated[date, PlainValidator(_day)]


def listed(value: Any) -> Any:
    """A single value written without a list stands for a list of one."""
    return value if isinstance(value, list | tuple) else [value]


Operator = Annotated[str, one_of(("=", ">=", "<="), "比较符“{}”不认识，请改成：{}，并加引号。")]

BLANK = "空"
_UNCONFIRMED = re.compile(r"待定(?:\s*[（(]\s*上年\s*(\d+(?:\.\d+)?)\s*[)）])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of a table. `value` stands with GIVEN, `last_year` perhaps with UNCONFIRMED; `text` with TEXT, and where
    the number was written with a unit or a bound, which are then `unit_of_measure` and `op`.
    """

    state: TargetState
    value: Decimal | None = None
    text: str | None = None
    last_year: Decimal | None = None
    op: str | None = None
    unit_of_measure: str = ""


def figure_cell(value: Any) -> Figure:
    """A cell as a calendar file or a sheet writes it; ValueError with the Chinese sentence for what is none."""
    if type(value) in (int, Decimal):
        if value < 0:
            raise ValueError(f"目标{value}是负数，请改正。")
        return Figure(state=TargetState.GIVEN, value=Decimal(value))
    if value is NOTHING:
        return Figure(state=TargetState.BLANK)
    if not isinstance(value, str):
        raise ValueError("目标应是数字、空、-- 或文字，请改正。")
    text = value.strip()
    if text in ("", BLANK):
        return Figure(state=TargetState.BLANK)
    if found := _UNCONFIRMED.fullmatch(text):
        return Figure(state=TargetState.UNCONFIRMED, last_year=Decimal(found[1]) if found[1] else None)
    if written := read_target(text):
        if written.value is None:
            return Figure(state=TargetState.NONE)
        return Figure(
            state=TargetState.GIVEN,
            value=written.value,
            op=written.op,
            unit_of_measure=written.unit_of_measure,
            text=text,
        )
    return Figure(state=TargetState.TEXT, text=text)


Cell = Annotated[Figure, PlainValidator(figure_cell)]


def unconfirmed(last_year: Decimal | None) -> str:
    """The words of a figure still to be confirmed, as a cell is read."""
    return "待定" if last_year is None else f"待定（上年{last_year}）"
