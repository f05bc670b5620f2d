"""A sheet of problems row by row: each row becomes a problem to be entered, or its faults with their kind.

Knows the headings people use for problem ledgers; knows no database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from duban.core.text import cleaned
from duban.imports.reading import SheetRow, read_rows
from duban.problems.rules import PACE_NAMES, ProblemPace

HEADINGS = ("编号", "问题", "责任单位", "整改类型", "发现日期", "整改时限", "节点", "措施")
_KNOWN = {name: name for name in HEADINGS} | {
    "问题编号": "编号",
    "存在问题": "问题",
    "单位": "责任单位",
    "整改状态": "整改类型",
    "完成时限": "整改时限",
    "整改措施": "措施",
}
_REQUIRED = ("编号", "问题", "责任单位", "发现日期")
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


@dataclass(frozen=True, slots=True)
class ProblemRowFault:
    """What is wrong with one problem: a kind to count by, and a sentence with the next step."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemSheet:
    """What a new problem is checked against. `taken` grows with each problem that is let in."""

    find_unit: Callable[[str], int | None]
    milestones: Mapping[str, int]
    taken: set[str]


class RowAtFault(ValueError):
    """A cell that cannot be read as what its column holds."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.fault = ProblemRowFault(kind, message)


def read_problem_rows(path: Path) -> Iterator[tuple[int, NewProblem | ProblemRowFault]]:
    """The row number and the problem of each row, or why there is none. Raises Refused when the sheet cannot be read."""
    for row in read_rows(path, known=_KNOWN, required=_REQUIRED).rows:
        try:
            yield row.number, _new(row)
        except RowAtFault as wrong:
            yield row.number, wrong.fault


def faults_of(new: NewProblem, ledger: ProblemSheet) -> Iterator[ProblemRowFault]:
    """Everything against entering the problem."""
    if not new.code or len(new.code) > _LONGEST_CODE:
        yield ProblemRowFault("没有编号或编号过长", f"问题编号要有，且不超过{_LONGEST_CODE}字，请改正")
    elif new.code in ledger.taken:
        yield ProblemRowFault("编号重复", f"问题编号{new.code}已在台账中，请换一个编号")
    if not new.title or len(new.title) > _LONGEST_TITLE:
        yield ProblemRowFault("没有写明问题", f"没有写明问题或超过{_LONGEST_TITLE}字，请改正")
    if ledger.find_unit(new.unit) is None:
        yield ProblemRowFault("单位没有登记", f"没有名为“{new.unit}”的单位，请改正或先登记单位")
    if new.milestone is not None and new.milestone not in ledger.milestones:
        yield ProblemRowFault("节点不对", f"“{new.milestone}”不是本专项设有问题台账的节点，请核对节点编码")
    if new.pace is ProblemPace.BY_DATE and new.due_on is None:
        yield ProblemRowFault("没有整改时限", "限期整改要写整改时限，请补写")
    if new.due_on is not None and new.due_on < new.found_on:
        yield ProblemRowFault("时限早于发现", f"整改时限{new.due_on}早于发现日期{new.found_on}，请核对")


def _new(row: SheetRow) -> NewProblem:
    found_on = _day(row, "发现日期")
    if found_on is None:
        raise RowAtFault("没有发现日期", "没有写发现日期，请写成 2026-03-31 的样子")
    measures = tuple(part.strip() for part in _DIVIDES.split(row.get("措施")) if part.strip())
    return NewProblem(
        code=cleaned(row.get("编号")),
        title=cleaned(row.get("问题")),
        unit=row.get("责任单位"),
        found_on=found_on,
        pace=_pace(row.get("整改类型")),
        due_on=_day(row, "整改时限"),
        milestone=row.get("节点") or None,
        measures=tuple(cleaned(measure) for measure in measures),
    )


def _day(row: SheetRow, heading: str) -> date | None:
    text = row.get(heading)
    if not text:
        return None
    try:
        return date.fromisoformat(text.replace("/", "-").replace(".", "-"))
    except ValueError:
        raise RowAtFault("日期写错", f"{heading}“{text}”不是日期，请写成 2026-03-31 的样子") from None


def _pace(text: str) -> ProblemPace:
    if not text:
        return ProblemPace.BY_DATE
    for pace, name in PACE_NAMES.items():
        if text in (pace.value, name):
            return pace
    raise RowAtFault("整改类型不认识", f"整改类型“{text}”应为{'、'.join(PACE_NAMES.values())}之一，请改正")
