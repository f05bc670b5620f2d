"""Targets per unit: the table of a quota beside the city's own figure.

Must not add up or mend anything; sums are checked elsewhere and shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from yaml.nodes import MappingNode

from calendars.reader.cells import cell
from calendars.reader.faults import Report
from calendars.reader.nodes import Fields
from calendars.reader.parts import operator
from calendars.reader.units import UnitBook
from rules.campaign import Quota, Target

QUOTA_KEYS = ("indicator", "unit", "op", "city_total", "targets", "note")


def quota(node: MappingNode, leads: Sequence[str], units: UnitBook, report: Report) -> Quota | None:
    """The quota of a milestone whose responsible units are `leads`."""
    fields = Fields(node, QUOTA_KEYS, report)
    fields.need("indicator")
    fields.need("unit", "（计量单位）")
    indicator, unit, op = fields.text("indicator"), fields.text("unit"), operator(fields) or "="
    written = fields.node("city_total")
    total = cell(written, report) if written is not None else None
    table = fields.mapping("targets")
    targets = _targets(Fields(table, (), report), op, unit or "", units, report) if table is not None else ()
    _judge(targets, leads, report)
    if not (indicator and unit):
        return None
    return Quota(
        indicator=indicator,
        unit_of_measure=unit,
        op=op,
        city_total=total.value if total else None,
        city_total_last_year=total.last_year if total else None,
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
        written = table.node(name)
        found = cell(written, report) if written is not None else None
        if unit is None:
            report(line, f"目标表里的单位“{name}”没有登记，请改正名称或先在 units.yaml 登记。")
        elif found is not None:
            target = Target(
                unit=unit.name,
                state=found.state,
                value=found.value,
                op=op,
                unit_of_measure=measure,
                text=found.text,
                last_year=found.last_year,
            )
            made.append((target, line))
    return made


def _judge(targets: Sequence[tuple[Target, int]], leads: Sequence[str], report: Report) -> None:
    seen: dict[str, int] = {}
    for target, line in targets:
        if target.unit in seen:
            report(line, f"{target.unit}的目标在第{seen[target.unit]}行已写过，请只留一个。")
        seen.setdefault(target.unit, line)
        if target.unit not in leads:
            report(line, f"{target.unit}不是本项的责任单位，却有目标，请把它加进 leads 或删去这一行。")
