"""Targets per unit: the table of a quota, with a blank cell, 「--」, words and an unconfirmed figure kept apart.

Must not add up or mend anything; sums are checked elsewhere and shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from calendars.reader.faults import Report
from calendars.reader.nodes import Fields, as_number, line_of, shape
from calendars.reader.parts import operator
from calendars.reader.units import UnitBook
from rules.campaign import Quota, Target, TargetState

QUOTA_KEYS = ("indicator", "unit", "op", "city_total", "targets", "note")
BLANK = "空"
DASHES = frozenset({"--", "—", "——", "-"})
_UNCONFIRMED = re.compile(r"待定(?:\s*[（(]\s*上年\s*(\d+(?:\.\d+)?)\s*[)）])?")


def quota(node: MappingNode, leads: Sequence[str], units: UnitBook, report: Report) -> Quota | None:
    """The quota of a milestone whose responsible units are `leads`."""
    fields = Fields(node, QUOTA_KEYS, report)
    fields.need("indicator")
    fields.need("unit", "（计量单位）")
    indicator, unit, op = fields.text("indicator"), fields.text("unit"), operator(fields) or "="
    total = _cell(fields.node("city_total"), report)
    table = fields.mapping("targets")
    targets = _targets(Fields(table, (), report), op, unit or "", units, report) if table is not None else ()
    _judge(targets, leads, report)
    if not (indicator and unit):
        return None
    return Quota(
        indicator=indicator,
        unit_of_measure=unit,
        op=op,
        city_total=total[1] if total else None,
        city_total_last_year=total[3] if total else None,
        targets=tuple(target for target, _ in targets),
        note=fields.text("note"),
    )


def _targets(
    table: Fields, op: str, measure: str, units: UnitBook, report: Report
) -> list[tuple[Target, int]]:
    made: list[tuple[Target, int]] = []
    for name in table.names:
        line = table.line_at(name)
        unit = units.responsible(name)
        cell = _cell(table.node(name), report)
        if unit is None:
            report(line, f"目标表里的单位“{name}”没有登记，请改正名称或先在 units.yaml 登记。")
        elif cell is not None:
            state, value, text, last_year = cell
            target = Target(
                unit=unit.name,
                state=state,
                value=value,
                op=op,
                unit_of_measure=measure,
                text=text,
                last_year=last_year,
            )
            made.append((target, line))
    return made


_Cell = tuple[TargetState, Decimal | None, str | None, Decimal | None]


def _cell(node: Node | None, report: Report) -> _Cell | None:
    """State, value, words and last year's value of one cell; None when there is no cell or it is faulty."""
    if node is None:
        return None
    kind = shape(node)
    if kind in ("int", "float"):
        return _given(node, report)
    if kind == "null":
        return TargetState.BLANK, None, None, None
    if kind == "str" and isinstance(node, ScalarNode):
        return _words(str(node.value).strip())
    report(line_of(node), "目标应是数字、空、-- 或文字，请改正。")
    return None


def _given(node: Node, report: Report) -> _Cell | None:
    value = as_number(node, report)
    if value is not None and value < 0:
        report(line_of(node), f"目标{value}是负数，请改正。")
        return None
    return None if value is None else (TargetState.GIVEN, value, None, None)


def _words(text: str) -> _Cell:
    if text in ("", BLANK):
        return TargetState.BLANK, None, None, None
    if text in DASHES:
        return TargetState.NONE, None, None, None
    if found := _UNCONFIRMED.fullmatch(text):
        last_year = Decimal(found[1]) if found[1] else None
        return TargetState.UNCONFIRMED, None, None, last_year
    return TargetState.TEXT, None, text, None


def _judge(targets: Sequence[tuple[Target, int]], leads: Sequence[str], report: Report) -> None:
    seen: dict[str, int] = {}
    for target, line in targets:
        if target.unit in seen:
            report(line, f"{target.unit}的目标在第{seen[target.unit]}行已写过，请只留一个。")
        seen.setdefault(target.unit, line)
        if target.unit not in leads:
            report(line, f"{target.unit}不是本项的责任单位，却有目标，请把它加进 leads 或删去这一行。")
