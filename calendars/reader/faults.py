"""What is wrong with a file people keep: every fault with its file and line, all at once.

A fault is one Chinese sentence with the next step. What pydantic finds in a document is put into words here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

if TYPE_CHECKING:
    from calendars.reader.document import Document, Place


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


class FaultList:
    """Collects the faults of one file while it is read, so that reading goes on after the first."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Fault] = []

    def __call__(self, line: int, message: str) -> None:
        fault = Fault(file=self.file, line=line, message=message)
        if fault not in self.found:
            self.found.append(fault)

    def raise_if_any(self) -> None:
        if self.found:
            raise CalendarFaults(tuple(sorted(self.found, key=lambda fault: fault.line)))

    def refuse(self, line: int, message: str) -> NoReturn:
        """The fault that ends the reading."""
        self(line, message)
        self.raise_if_any()
        raise AssertionError("a list with a fault in it raises")

    def take(self, error: ValidationError, document: Document, entries: Entries) -> None:
        """Every error of a validation, each on its line. `entries` tells which model stands under which key."""
        for one in error.errors(include_url=False):
            place, kind = one["loc"], one["type"]
            if kind == "extra_forbidden":
                known = "、".join(keys_of(entries[_name(place[:-1])]))
                message = f"不认识的键“{place[-1]}”，请改成下列之一或删去：{known}。"
            else:
                message = _sentence(one, document)
            self(document.line(place, of_value=kind in _WANTED), message)


Entries = Mapping[str, type[BaseModel]]
"""The model that stands under a key, the file's own under the empty one."""


def keys_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys a file may write there, the entry's own before those it shares with others."""
    names = dict.fromkeys((*model.__annotations__, *model.model_fields))
    return tuple(model.model_fields[name].alias or name for name in names if name in model.model_fields)


_WANTED = {
    "string_type": "文字",
    "string_too_short": "文字",
    "int_type": "整数",
    "is_instance_of": "整数或小数",
    "bool_type": "true 或 false",
    "list_type": "列表",
    "tuple_type": "列表",
    "dict_type": "下级各项",
    "model_type": "下级各项",
}
_ENTRY_NAMES = {
    "milestones": "每个节点",
    "evidence": "佐证材料",
    "indicators": "指标",
    "units": "每个单位",
    "ladders": "催办梯次",
    "rungs": "梯次的每一档",
}


def _name(place: Place) -> str:
    """The innermost key of a place."""
    return next((step for step in reversed(place) if isinstance(step, str)), "")


def _sentence(one: ErrorDetails, document: Document) -> str:
    place, kind, context = one["loc"], one["type"], one.get("ctx", {})
    key = _name(place)
    if kind == "missing":
        return f"缺少“{key}”{'（计量单位）' if place[-2:] == ('quota', 'unit') else ''}，请补上。"
    if kind == "said":
        other = context.get("other")
        line = document.line((*place[:-1], other)) if other is not None else ""
        return str(context["text"]).replace("{line}", str(line))
    if kind not in _WANTED:
        return str(context.get("error", one["msg"]))
    found = _shape(one["input"])
    of_mapping = place[-2] if len(place) > 1 and place[-2] == "ladders" else ""
    if kind == "model_type" and (isinstance(place[-1], int) or of_mapping):
        what = _ENTRY_NAMES[str(of_mapping or key)]
        return f"{what}应写成“键: 值”的形式，现在是{found}，请对照说明改写。"
    hint = "，数字请加引号" if kind == "string_type" and found in ("整数", "小数") else ""
    return f"“{key}”应是{_WANTED[kind]}，现在是{found}{hint}，请改正。"


def _shape(value: Any) -> str:
    """What stands in the file, by its name for people."""
    if isinstance(value, str):
        return "文字" if value.strip() else "空"
    shapes: dict[type, str] = {
        bool: "true 或 false",
        int: "整数",
        Decimal: "小数",
        list: "列表",
        dict: "下级各项",
    }
    return shapes.get(type(value)) or str(getattr(value, "shape", "别的内容"))


def said(place: Place, text: str, *, other: str | int | None = None) -> InitErrorDetails:
    """A fault in our own words. `{line}` in them becomes the line of `other`, a neighbour in the same list or table."""
    kind = PydanticCustomError("said", "{text}", {"text": text, "other": other})
    return InitErrorDetails(type=kind, loc=tuple(place), input=None)


def refuse_if(errors: list[InitErrorDetails]) -> None:
    """Refuse a value for all its faults at once, each at its place inside it."""
    if errors:
        raise ValidationError.from_exception_data("", errors)


def within(place: Place, error: ValidationError) -> list[InitErrorDetails]:
    """The errors of a part, told from the whole it stands in."""
    return [
        said((*place, *one["loc"]), one["ctx"]["text"], other=one["ctx"]["other"])
        if one["type"] == "said"
        else InitErrorDetails(
            type=one["type"], loc=(*place, *one["loc"]), input=one["input"], ctx=one.get("ctx", {})
        )
        for one in error.errors(include_url=False)
    ]


def repeated(keys: Iterable[tuple[int, str]], what: str) -> list[InitErrorDetails]:
    """Every key, told with its position in the list, that an earlier one has already used."""
    first: dict[str, int] = {}
    return [
        said((at,), f"{what}“{key}”在第{{line}}行已用过，请换一个或删去。", other=first[key])
        for at, key in keys
        if first.setdefault(key, at) != at
    ]
