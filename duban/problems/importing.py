"""A sheet of problems row by row: each row becomes a problem to be entered, or its faults with their kind.

Knows the headings people use for problem ledgers; knows no database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from duban.core.days import happened_faults, planned_faults
from duban.core.text import cleaned
from duban.imports.sheets import CellFault, Column, SheetRow, read_sheet
from duban.problems.rules import PACE_NAMES, ProblemPace

_LONGEST_CODE = 64
_LONGEST_TITLE = 2000
# Several measures stand in one cell, one a line or divided by semicolons.
_DIVIDES = re.compile(r"[;；\n]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProblem:
    """One problem to be entered. `unit` is any name of the unit, `milestone` the key of a problem-ledger milestone."""

    code: str
    title: str
    unit: str
    found_on: date
    pace: ProblemPace = ProblemPace.BY_DATE
    due_on: date | None = None
    milestone: str | None = None
    measures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemSheet:
    """What a new problem is checked against. `taken` grows with each problem that is let in; `own` are the only units
    that may be named, None: any.
    """

    find_unit: Callable[[str], int | None]
    milestones: Mapping[str, int]
    taken: set[str]
    today: date
    own: frozenset[int] | None = None


def read_problems(path: Path) -> Iterator[tuple[int, NewProblem | CellFault]]:
    """The row number and the problem of each row, or its first fault. Raises Refused when the sheet cannot be read."""
    for row in read_sheet(path, _COLUMNS).rows:
        yield row.number, row.faults[0] if row.faults else _new(row)


def faults_of(new: NewProblem, ledger: ProblemSheet) -> Iterator[CellFault]:
    """Everything against entering the problem."""
    if not new.code or len(new.code) > _LONGEST_CODE:
        yield CellFault("没有编号或编号过长", f"问题编号要有，且不超过{_LONGEST_CODE}字，请改正")
    elif new.code in ledger.taken:
        yield CellFault("编号重复", f"问题编号{new.code}已在台账中，请换一个编号")
    if not new.title or len(new.title) > _LONGEST_TITLE:
        yield CellFault("没有写明问题", f"没有写明问题或超过{_LONGEST_TITLE}字，请改正")
    unit_id = ledger.find_unit(new.unit)
    if unit_id is None:
        yield CellFault("单位没有登记", f"没有名为“{new.unit}”的单位，请改正或先登记单位")
    elif ledger.own is not None and unit_id not in ledger.own:
        yield CellFault(
            "不是本单位", f"{new.unit}不是您的单位，经办人只登记本单位的问题，请改正或请统筹科室登记"
        )
    if new.milestone is not None and new.milestone not in ledger.milestones:
        yield CellFault("节点不对", f"“{new.milestone}”不是本专项设有问题台账的节点，请核对节点编码")
    if new.pace is ProblemPace.BY_DATE and new.due_on is None:
        yield CellFault("没有整改时限", "限期整改要写整改时限，请补写")
    for fault in (
        *happened_faults("发现日期", new.found_on, ledger.today),
        *planned_faults("整改时限", new.due_on, since=new.found_on, since_is="发现日期"),
    ):
        yield CellFault("日期不对", fault)


def _new(row: SheetRow) -> NewProblem:
    return NewProblem(
        code=row["编号"],
        title=row["问题"],
        unit=row["责任单位"],
        found_on=row["发现日期"],
        pace=row["整改类型"],
        due_on=row["整改时限"],
        milestone=row["节点"] or None,
        measures=row["措施"],
    )


def _day(heading: str) -> Callable[[str], date | None]:
    def read(text: str) -> date | None:
        try:
            return date.fromisoformat(text.replace("/", "-").replace(".", "-")) if text else None
        except ValueError:
            raise CellFault("日期写错", f"{heading}“{text}”不是日期，请写成 2026-03-31 的样子") from None

    return read


def _found_on(text: str) -> date:
    day = _day("发现日期")(text)
    if day is None:
        raise CellFault("没有发现日期", "没有写发现日期，请写成 2026-03-31 的样子")
    return day


def _pace(text: str) -> ProblemPace:
    if not text:
        return ProblemPace.BY_DATE
    for pace, name in PACE_NAMES.items():
        if text in (pace.value, name):
            return pace
    raise CellFault("整改类型不认识", f"整改类型“{text}”应为{'、'.join(PACE_NAMES.values())}之一，请改正")


def _measures(text: str) -> tuple[str, ...]:
    return tuple(cleaned(part) for part in _DIVIDES.split(text) if part.strip())


# A row is told its first fault in this order.
_COLUMNS = (
    Column(heading="编号", aliases=("问题编号",), required=True, read=cleaned),
    Column(heading="问题", aliases=("存在问题",), required=True, read=cleaned),
    Column(heading="责任单位", aliases=("单位",), required=True),
    Column(heading="发现日期", required=True, read=_found_on),
    Column(heading="整改类型", aliases=("整改状态",), read=_pace),
    Column(heading="整改时限", aliases=("完成时限",), read=_day("整改时限")),
    Column(heading="节点"),
    Column(heading="措施", aliases=("整改措施",), read=_measures),
)
