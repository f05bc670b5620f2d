"""A YAML file as typed fields with line numbers: what is asked for is checked, what is not known is reported.

Works on the composed node tree, where every key and value still knows its line and duplicate keys are still there.
Must not know what the fields mean.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from yaml import MarkedYAMLError, YAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from calendars.model import TargetState
from calendars.reader.compose import compose
from calendars.reader.faults import Report

_TAG = "tag:yaml.org,2002:"
_SHAPES = {
    "str": "文字",
    "int": "整数",
    "float": "小数",
    "bool": "true 或 false",
    "null": "空",
    "map": "下级各项",
    "seq": "列表",
}


def line_of(node: Node) -> int:
    return int(node.start_mark.line) + 1


def open_file(path: Path, report: Report) -> MappingNode | None:
    """The top mapping of a YAML file, or None once the fault that hides it has been reported."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        report(1, f"文件读不出来（{error.strerror}），请检查文件是否还在、是否有读取权限。")
    except UnicodeDecodeError:
        report(1, "文件不是 UTF-8 编码，请用文本编辑器另存为 UTF-8 后再试。")
    else:
        return open_text(text, report)
    return None


def open_text(text: str, report: Report) -> MappingNode | None:
    """The same for text that is not a file yet."""
    try:
        node = compose(text)
    except MarkedYAMLError as error:
        report(*_malformed(error, text))
    except RecursionError:
        report(1, "文件的层次太深，请对照说明改写。")
    except YAMLError:
        report(1, "文件里有不能识别的控制字符，请删去后再试。")
    else:
        return _top(node, report)
    return None


def _malformed(error: MarkedYAMLError, text: str) -> tuple[int, str]:
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines() or [""]
    line = min(int(mark.line) + 1, len(lines)) if mark else 1
    if lines[line - 1].startswith("\t"):
        return line, "行首用了制表符，请改用空格缩进。"
    return line, "格式不对，请检查这一行前后的缩进、冒号后的空格、括号和引号。"


def _top(node: Node | None, report: Report) -> MappingNode | None:
    if isinstance(node, MappingNode):
        return node
    report(
        1,
        "文件是空的，请按说明写好各项。"
        if node is None
        else "文件最外层应是“键: 值”的形式，请对照说明改写。",
    )
    return None


def shape(node: Node) -> str:
    """The short YAML name of what a node holds: str, int, float, bool, null, map or seq."""
    return str(node.tag).removeprefix(_TAG)


class Fields:
    """One mapping of a file. Unknown and repeated keys are reported when it is opened; a missing one when it is needed."""

    def __init__(self, node: MappingNode, known: Collection[str], report: Report) -> None:
        self.report = report
        self.line = line_of(node)
        self._values: dict[str, Node] = {}
        self._key_lines: dict[str, int] = {}
        for key, value in node.value:
            self._take(key, value, known)

    def _take(self, key: Node, value: Node, known: Collection[str]) -> None:
        name = key.value if isinstance(key, ScalarNode) else "?"
        line = line_of(key)
        if known and name not in known:
            self.report(line, f"不认识的键“{name}”，请改成下列之一或删去：{'、'.join(known)}。")
        elif name in self._values:
            self.report(line, f"“{name}”写了两次（上一次在第{self._key_lines[name]}行），请只留一处。")
        else:
            self._values[name] = value
            self._key_lines[name] = line

    def __contains__(self, key: str) -> bool:
        return key in self._values

    @property
    def names(self) -> tuple[str, ...]:
        """The keys in the order of the file."""
        return tuple(self._values)

    def line_at(self, key: str) -> int:
        return self._key_lines.get(key, self.line)

    def node(self, key: str) -> Node | None:
        return self._values.get(key)

    def need(self, key: str, why: str = "") -> None:
        """Reports the key as missing, unless it is there."""
        if key not in self._values:
            self.report(self.line, f"缺少“{key}”{why}，请补上。")

    def text(self, key: str) -> str | None:
        node = self._values.get(key)
        return None if node is None else as_text(node, key, self.report)

    def whole(self, key: str) -> int | None:
        node = self._of_shape(key, "int")
        number = None if node is None else as_number(node, self.report)
        return None if number is None else int(number)

    def number(self, key: str) -> Decimal | None:
        node = self._of_shape(key, "int", "float")
        return None if node is None else as_number(node, self.report)

    def flag(self, key: str) -> bool | None:
        node = self._of_shape(key, "bool")
        return None if node is None else str(node.value).lower() == "true"

    def mapping(self, key: str) -> MappingNode | None:
        node = self._of_shape(key, "map")
        return node if isinstance(node, MappingNode) else None

    def items(self, key: str) -> tuple[Node, ...]:
        node = self._of_shape(key, "seq")
        return tuple(node.value) if isinstance(node, SequenceNode) else ()

    def texts(self, key: str) -> tuple[tuple[str, int], ...]:
        """The words of a list, or of a single value written without one, each with its line."""
        node = self._values.get(key)
        if node is None:
            return ()
        nodes = node.value if isinstance(node, SequenceNode) else (node,)
        read = ((as_text(one, key, self.report), line_of(one)) for one in nodes)
        return tuple((text, line) for text, line in read if text)

    def _of_shape(self, key: str, *shapes: str) -> Node | None:
        node = self._values.get(key)
        if node is None or shape(node) in shapes:
            return node
        wanted = "或".join(_SHAPES[one] for one in shapes)
        found = _SHAPES.get(shape(node), shape(node))
        self.report(line_of(node), f"“{key}”应是{wanted}，现在是{found}，请改正。")
        return None


def as_text(node: Node, key: str, report: Report) -> str | None:
    if isinstance(node, ScalarNode) and shape(node) == "str" and node.value.strip():
        return str(node.value).strip()
    found = _SHAPES.get(shape(node), shape(node))
    hint = "，数字请加引号" if shape(node) in ("int", "float") else ""
    report(line_of(node), f"“{key}”应是文字，现在是{found}{hint}，请改正。")
    return None


def as_number(node: Node, report: Report) -> Decimal | None:
    try:
        number = Decimal(str(node.value).replace("_", ""))
    except InvalidOperation:
        report(line_of(node), f"“{node.value}”不是十进制数字，请改正。")
        return None
    if not number.is_finite():
        report(line_of(node), f"“{node.value}”不是有限的数字，请改正。")
        return None
    return number


def as_fields(node: Node, known: Collection[str], report: Report, what: str) -> Fields | None:
    if isinstance(node, MappingNode):
        return Fields(node, known, report)
    found = _SHAPES.get(shape(node), shape(node))
    report(line_of(node), f"{what}应写成“键: 值”的形式，现在是{found}，请对照说明改写。")
    return None


BLANK = "空"
DASHES = frozenset({"--", "—", "——", "-"})
_UNCONFIRMED = re.compile(r"待定(?:\s*[（(]\s*上年\s*(\d+(?:\.\d+)?)\s*[)）])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """`value` stands with GIVEN, `text` with TEXT, `last_year` perhaps with UNCONFIRMED."""

    state: TargetState
    value: Decimal | None = None
    text: str | None = None
    last_year: Decimal | None = None


def cell(node: Node, report: Report) -> Cell | None:
    """What a cell says, or None once its fault has been reported."""
    kind = shape(node)
    if kind in ("int", "float"):
        return _given(node, report)
    if kind == "null":
        return Cell(state=TargetState.BLANK)
    if kind == "str" and isinstance(node, ScalarNode):
        return words(str(node.value).strip())
    report(line_of(node), "目标应是数字、空、-- 或文字，请改正。")
    return None


def _given(node: Node, report: Report) -> Cell | None:
    value = as_number(node, report)
    if value is not None and value < 0:
        report(line_of(node), f"目标{value}是负数，请改正。")
        return None
    return None if value is None else Cell(state=TargetState.GIVEN, value=value)


def words(text: str) -> Cell:
    if text in ("", BLANK):
        return Cell(state=TargetState.BLANK)
    if text in DASHES:
        return Cell(state=TargetState.NONE)
    if found := _UNCONFIRMED.fullmatch(text):
        return Cell(state=TargetState.UNCONFIRMED, last_year=Decimal(found[1]) if found[1] else None)
    return Cell(state=TargetState.TEXT, text=text)


def unconfirmed(last_year: Decimal | None) -> str:
    """The words of a figure still to be confirmed, as `cell` reads them."""
    return "待定" if last_year is None else f"待定（上年{last_year}）"
