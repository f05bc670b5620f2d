"""The small parts of a campaign file: documents and items, expected evidence, indicators.

Each function takes a node and reports what is wrong with it. Must not know dates or units.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from yaml.nodes import MappingNode, Node

from calendars.formulas import FormulaError, parse_formula
from calendars.model import EvidenceType, ExpectedEvidence, Indicator, Quota, Source, Target, TargetState
from calendars.reader.faults import Report
from calendars.reader.nodes import Cell, Fields, as_fields, cell, line_of
from calendars.reader.units import UnitBook

EVIDENCE_KEYS = ("key", "title", "type", "required", "unit", "min", "max", "reason")
INDICATOR_KEYS = ("key", "name", "formula", "unit", "op", "target", "note")
OPS = ("=", ">=", "<=")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WATCHED = re.compile("照片|相片|合影|截图|视频|录像|轨迹|定位|打卡")


def is_key(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def unique(keys: Iterable[tuple[str, int]], what: str, report: Report) -> None:
    """Reports every key that was already used; keys come with their lines."""
    seen: dict[str, int] = {}
    for key, line in keys:
        if key in seen:
            report(line, f"{what}“{key}”在第{seen[key]}行已用过，请换一个或删去。")
        seen.setdefault(key, line)


def documents(fields: Fields | None) -> dict[str, str]:
    """Item prefix (A1, S0 …) to the document's title."""
    if fields is None:
        return {}
    return {prefix: title for prefix in fields.names if (title := fields.text(prefix))}


def source(item: str, line: int, known: Mapping[str, str], report: Report) -> Source | None:
    """`A1-10-01` as a Source: the part before the first hyphen names the document."""
    prefix = item.partition("-")[0]
    if prefix not in known:
        report(line, f"出处“{item}”的文件没有登记，请在 documents 里写明“{prefix}: 文件名称”。")
        return None
    return Source(document=known[prefix], item=item)


def evidence(nodes: Iterable[Node], report: Report) -> tuple[ExpectedEvidence, ...]:
    read = [(made, line_of(node)) for node in nodes if (made := _evidence(node, report))]
    unique(((one.key, line) for one, line in read), "佐证代号", report)
    return tuple(one for one, _ in read)


def _evidence(node: Node, report: Report) -> ExpectedEvidence | None:
    fields = as_fields(node, EVIDENCE_KEYS, report, "佐证材料")
    if fields is None:
        return None
    fields.need("key")
    fields.need("title")
    key, title = fields.text("key"), fields.text("title")
    kind = _evidence_type(fields)
    if key is not None and not is_key(key):
        report(fields.line_at("key"), f"佐证代号“{key}”请用小写字母、数字和下划线，字母开头。")
    if not (key and title and kind):
        return None
    required = fields.flag("required")
    made = ExpectedEvidence(
        key=key,
        title=title,
        type=kind,
        required=True if required is None else required,
        unit_of_measure=fields.text("unit"),
        minimum=fields.number("min"),
        maximum=fields.number("max"),
        reason=fields.text("reason"),
    )
    _judge(made, fields)
    return made


def _evidence_type(fields: Fields) -> EvidenceType | None:
    if "type" not in fields:
        return EvidenceType.DOCUMENT
    text = fields.text("type")
    if text is None or text in set(EvidenceType):
        return None if text is None else EvidenceType(text)
    fields.report(fields.line_at("type"), f"佐证类型“{text}”不认识，请改成：{'、'.join(EvidenceType)}。")
    return None


def _judge(made: ExpectedEvidence, fields: Fields) -> None:
    watched = made.type is EvidenceType.ATTACHMENT or _WATCHED.search(made.title)
    if watched and not made.reason:
        fields.report(
            fields.line,
            f"“{made.title}”属照片、截图或轨迹类，请在 reason 写明非要不可的理由，或改用其他佐证。",
        )
    if made.type is EvidenceType.FIGURE and "unit" not in fields:
        fields.report(fields.line, f"数据“{made.title}”没有计量单位，请补上 unit，例如 unit: 户。")
    if made.type is not EvidenceType.FIGURE and any(key in fields for key in ("unit", "min", "max")):
        fields.report(
            fields.line, f"“{made.title}”不是数据，不能写 unit、min、max，请删去或加 type: figure。"
        )
    if made.minimum is not None and made.maximum is not None and made.minimum > made.maximum:
        fields.report(
            fields.line_at("min"), f"“{made.title}”的下限{made.minimum}大于上限{made.maximum}，请对调或改正。"
        )


def indicators(nodes: Iterable[Node], report: Report) -> tuple[Indicator, ...]:
    read = [(made, line_of(node)) for node in nodes if (made := _indicator(node, report))]
    unique(((one.key, line) for one, line in read), "指标代号", report)
    return tuple(one for one, _ in read)


def _indicator(node: Node, report: Report) -> Indicator | None:
    fields = as_fields(node, INDICATOR_KEYS, report, "指标")
    if fields is None:
        return None
    fields.need("key")
    fields.need("name")
    key, name, op = fields.text("key"), fields.text("name"), operator(fields)
    if "target" in fields and "op" not in fields:
        report(fields.line_at("target"), f"指标“{name}”有目标值但没写 op，请写 op: '>=' 或 op: '='。")
    aim, formula = _aim(fields), _formula(fields)
    if not (key and name):
        return None
    return Indicator(
        key=key,
        name=name,
        formula=formula,
        unit_of_measure=fields.text("unit") or "",
        target_op=op,
        target_value=aim.value if aim else None,
        target_last_year=aim.last_year if aim else None,
        note=fields.text("note"),
    )


def _formula(fields: Fields) -> str | None:
    text = fields.text("formula")
    try:
        if text is not None:
            parse_formula(text)
    except FormulaError as error:
        fields.report(fields.line_at("formula"), f"算法“{text}”第{error.position}个字处读不懂：{error}")
    return text


def _aim(fields: Fields) -> Cell | None:
    """What an indicator is to reach: a number, or last year's while this year's is open."""
    node = fields.node("target")
    aim = cell(node, fields.report) if node is not None else None
    if aim is not None and aim.state not in (TargetState.GIVEN, TargetState.UNCONFIRMED):
        fields.report(fields.line_at("target"), "指标的目标应是数字或“待定”，没有目标的请删去这一行。")
    return aim


def operator(fields: Fields) -> str | None:
    op = fields.text("op")
    if op is not None and op not in OPS:
        fields.report(fields.line_at("op"), f"比较符“{op}”不认识，请改成：{'、'.join(OPS)}，并加引号。")
        return None
    return op


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
    _quotas_judge(targets, leads, report)
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


def _quotas_judge(targets: Sequence[tuple[Target, int]], leads: Sequence[str], report: Report) -> None:
    seen: dict[str, int] = {}
    for target, line in targets:
        if target.unit in seen:
            report(line, f"{target.unit}的目标在第{seen[target.unit]}行已写过，请只留一个。")
        seen.setdefault(target.unit, line)
        if target.unit not in leads:
            report(line, f"{target.unit}不是本项的责任单位，却有目标，请把它加进 leads 或删去这一行。")
