"""One cell of a target table: a number, a blank, 「--」, words, or a figure still to be confirmed, kept apart.

Must not know what the figure counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from yaml.nodes import Node, ScalarNode

from calendars.reader.faults import Report
from calendars.reader.nodes import as_number, line_of, shape
from rules.campaign import TargetState

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
