"""A YAML file as plain values, and the line of every place in it. Must not know what the values mean.

Works on the composed node tree, where every key and value still knows its line and repeated keys are still there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, ClassVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from calendars.reader.faults import FaultList

_TAG = "tag:yaml.org,2002:"
# libyaml where it is there: the pure reader took seven times as long for a year's files.
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Scalars are told apart by the core schema of YAML 1.2, so that `on`, `no` and dates stay the words they are.
_CORE = (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
)


class _Loader(_BASE):
    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


for _name, _pattern, _first in _CORE:
    _Loader.add_implicit_resolver(
        _TAG + _name, re.compile(f"^(?:{_pattern})$"), [*_first, *([""] if _name == "null" else [])]
    )

Place = Sequence[str | int]
"""The way to a value: keys and positions from the top, as pydantic tells where an error is."""


@dataclass(frozen=True, slots=True)
class Odd:
    """A value no file needs: nothing after the key, or a tag of its own. `shape` names it for people."""

    shape: str


NOTHING = Odd("空")


@dataclass(frozen=True, slots=True)
class Document:
    """The top mapping of a file: `values` holds text, numbers, truth, lists and dictionaries, `Odd` for the rest."""

    top: MappingNode
    values: dict[str, Any]

    def line(self, place: Place, *, of_value: bool = False) -> int:
        """The line of a place's key (of its value, if asked), or of the innermost thing around it that is there."""
        node: Node = self.top
        mark = node.start_mark
        for step in place:
            if isinstance(step, str) and isinstance(node, MappingNode):
                found = next((pair for pair in node.value if _key(pair[0]) == step), None)
                if found is None:
                    break
                mark, node = (found[1] if of_value else found[0]).start_mark, found[1]
            elif isinstance(step, int) and isinstance(node, SequenceNode):
                node = node.value[step]
                mark = node.start_mark
            else:
                break
        return int(mark.line) + 1


def open_file(path: Path, report: FaultList) -> Document:
    """The document of a file; what is wrong with single values is reported. Raises CalendarFaults if unreadable."""
    try:
        return open_text(path.read_text(encoding="utf-8-sig"), report)
    except OSError as error:
        report.refuse(1, f"文件读不出来（{error.strerror}），请检查文件是否还在、是否有读取权限。")
    except UnicodeDecodeError:
        report.refuse(1, "文件不是 UTF-8 编码，请用文本编辑器另存为 UTF-8 后再试。")


def open_text(text: str, report: FaultList) -> Document:
    """The same for text that is not a file yet."""
    try:
        top: Node | None = yaml.compose(text, Loader=_Loader)
        if top is None:
            report.refuse(1, "文件是空的，请按说明写好各项。")
        if not isinstance(top, MappingNode):
            report.refuse(1, "文件最外层应是“键: 值”的形式，请对照说明改写。")
        return Document(top, _plain(top, {}, report))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        lines = text.splitlines() or [""]
        line = min(int(mark.line) + 1, len(lines)) if mark else 1
        tabbed = lines[line - 1].startswith("\t")
        report.refuse(
            line,
            "行首用了制表符，请改用空格缩进。"
            if tabbed
            else "格式不对，请检查这一行前后的缩进、冒号后的空格、括号和引号。",
        )
    except RecursionError:
        report.refuse(1, "文件的层次太深，请对照说明改写。")
    except yaml.YAMLError:
        report.refuse(1, "文件里有不能识别的控制字符，请删去后再试。")


def _key(node: Node) -> str:
    return str(node.value) if isinstance(node, ScalarNode) else "?"


def _plain(node: Node, known: dict[int, Any], report: FaultList) -> Any:
    """The node's value; an alias gives the very value it stands for, so that a file cannot grow by naming itself."""
    if isinstance(node, ScalarNode):
        return _scalar(node, report)
    if id(node) in known:
        return known[id(node)]
    if isinstance(node, SequenceNode):
        items: list[Any] = []
        known[id(node)] = items
        items += [_plain(each, known, report) for each in node.value]
        return items
    values: dict[str, Any] = {}
    known[id(node)] = values
    lines: dict[str, int] = {}
    for key, value in node.value:
        name, line = _key(key), int(key.start_mark.line) + 1
        if name in values:
            report(line, f"“{name}”写了两次（上一次在第{lines[name]}行），请只留一处。")
        else:
            lines[name], values[name] = line, _plain(value, known, report)
    return values


def _scalar(node: ScalarNode, report: FaultList) -> Any:
    shape, text = str(node.tag).removeprefix(_TAG), str(node.value)
    if shape == "str":
        return text
    if shape == "null":
        return NOTHING
    if shape == "bool":
        return text.lower() == "true"
    if shape not in ("int", "float"):
        return Odd(shape)
    line = int(node.start_mark.line) + 1
    try:
        number = Decimal(text.replace("_", ""))
    except InvalidOperation:
        report(line, f"“{text}”不是十进制数字，请改正。")
        return Decimal(0)
    if not number.is_finite():
        report(line, f"“{text}”不是有限的数字，请改正。")
        return Decimal(0)
    return int(number) if shape == "int" else number
