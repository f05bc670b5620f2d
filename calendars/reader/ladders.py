"""Reads calendars/ladders.yaml: which reminders a campaign may choose. Must not know who is reminded of what."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from yaml.nodes import Node

from calendars.reader.faults import FaultList, Report
from calendars.reader.nodes import Fields, as_fields, open_file
from rules.ladder import Ladder, Rung, RungKind

LADDERS_FILE = Path(__file__).resolve().parent.parent / "ladders.yaml"


def load_ladders(path: Path | None = None) -> Mapping[str, Ladder]:
    """The ladders of a file by key (the shipped one by default). Raises CalendarFaults with every fault of it."""
    return _shipped() if path is None else _load(path)


@cache
def _shipped() -> Mapping[str, Ladder]:
    return _load(LADDERS_FILE)


def _load(path: Path) -> Mapping[str, Ladder]:
    report = FaultList(path.name)
    top = open_file(path, report)
    fields = Fields(top, ("ladders",), report) if top else None
    if fields:
        fields.need("ladders")
    node = fields.mapping("ladders") if fields else None
    table = Fields(node, (), report) if node is not None else None
    ladders = {key: _ladder(key, table, report) for key in table.names} if table else {}
    report.raise_if_any()
    return {key: ladder for key, ladder in ladders.items() if ladder is not None}


def _ladder(key: str, table: Fields, report: Report) -> Ladder | None:
    node = table.node(key)
    fields = as_fields(node, ("name", "rungs"), report, "催办梯次") if node is not None else None
    if fields is None:
        return None
    fields.need("name")
    fields.need("rungs")
    rungs = tuple(rung for node in fields.items("rungs") if (rung := _rung(node, report)))
    workdays = [rung.workdays for rung in rungs if rung.kind is not RungKind.ASSIGN]
    if workdays != sorted(set(workdays)):
        report(fields.line, f"梯次“{key}”的各档应按时间先后排列、不能重复，请调整顺序。")
    return Ladder(key=key, name=fields.text("name") or key, rungs=rungs)


def _rung(node: Node, report: Report) -> Rung | None:
    fields = as_fields(node, ("key", "kind", "workdays"), report, "梯次的每一档")
    if fields is None:
        return None
    fields.need("key")
    fields.need("kind")
    key, kind, workdays = fields.text("key"), fields.text("kind"), fields.whole("workdays")
    if kind is not None and kind not in set(RungKind):
        report(fields.line_at("kind"), f"档别“{kind}”不认识，请改成：{'、'.join(RungKind)}。")
        return None
    if not (key and kind):
        return None
    if workdays is None and kind != RungKind.ASSIGN:
        report(fields.line, f"“{key}”没有写 workdays，请写距到期日的工作日数，之前为负。")
    return Rung(key=key, kind=RungKind(kind), workdays=workdays or 0)
