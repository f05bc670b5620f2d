"""The ranking as a sheet, with the day it speaks of and its definitions."""

from __future__ import annotations

from pathlib import Path

from office.actions.read_ranking import Ranking
from office.actions.write_sheet import write_sheet


def write_ranking(path: Path, ranking: Ranking) -> int:
    """Returns the number of units."""
    rates = ranking.ranked[0].rates if ranking.ranked else ()
    columns = [("名次", 8), ("单位", 30)]
    for rate in rates:
        columns += [(rate.name, 12), (f"{rate.name}：分子", 16), (f"{rate.name}：分母", 16)]
    rows = (
        [one.place, one.unit, *(value for rate in one.rates for value in (rate.shown, rate.part, rate.whole))]
        for one in ranking.ranked
    )
    of = ranking.campaign or "全部专项行动"
    kind = ranking.kind.name if ranking.kind else "无"
    notes = [
        f"截至{ranking.as_of_on:%Y-%m-%d}，{ranking.year}年度，{of}，{kind}。",
        "同类单位相互比较，只比结果；并列的名次相同，其后名次顺延。没有到期任务的单位不参加比较。",
        *(f"{rate.name}＝{rate.definition}。" for rate in rates),
    ]
    return write_sheet(path, f"比较{ranking.as_of_on:%Y-%m-%d}", columns, rows, notes=notes)
