"""What a run leaves to read: rows for Prefect's tables, in the office's words. Pure functions over a summary."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from duban.rounds.gate_queries import PointCount
from duban.rounds.gates import EditionSummary

Row = dict[str, str]
NONE = "—"


def rate(part: Decimal | int | None, whole: Decimal | int | None) -> str:
    """A percentage with one decimal; a zero or unknown denominator has none."""
    if part is None or not whole:
        return NONE
    return f"{(100 * Decimal(part) / Decimal(whole)).quantize(Decimal('0.1'), ROUND_HALF_UP)}%"


def figure(value: Decimal | None) -> str:
    return NONE if value is None else f"{value.normalize():f}"


def point_row(point: PointCount, first: str, name: str) -> Row:
    """One dated point; `first` heads the column that this kind of campaign reads first."""
    return {
        first: name,
        "事项": point.title,
        "完成时限": f"{point.due_on:%Y-%m-%d}" + ("（暂定）" if point.provisional else ""),
        "应办": str(point.owed),
        "已销号": str(point.done),
        "待审核": str(point.waiting),
        "逾期": str(point.overdue),
        "办结率": rate(point.done, point.owed),
    }


def problem_rows(summary: EditionSummary) -> list[Row]:
    return [
        {
            "单位": one.unit,
            "发现问题": str(one.found),
            "未整改": str(one.open),
            "已整改": str(one.fixed),
            "已销号": str(one.closed),
            "销号率": rate(one.closed, one.found),
        }
        for one in summary.problems
    ]


def missing_text(summary: EditionSummary) -> str:
    """The exact list of who is overdue, grouped by what is owed."""
    groups: dict[str, list[str]] = {}
    for one in summary.missing:
        label = f"（{one.label}）" if one.label else ""
        groups.setdefault(f"{one.title}{label}，时限 {one.due_on:%Y-%m-%d}", []).append(one.unit)
    lines = [f"- **{head}**：{'、'.join(units)}" for head, units in groups.items()]
    return "\n".join([f"## {summary.name} {summary.year} · 逾期未办名单", "", *lines])


def in_words(counts: Iterable[tuple[str, int]]) -> str:
    return "、".join(f"{name} {number}" for name, number in counts if number) or "无"
