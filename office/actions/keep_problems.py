"""Putting problems on a ledger: one by hand, or a whole sheet at once; a sheet with any fault enters nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from office.actions.acting import cleaned, refuse
from office.actions.office import Office
from office.actions.read_rows import SheetRow, read_rows, refuse_rows
from office.store import history, problems
from office.store.dry_run import take_back
from office.store.engine import Connection
from office.store.units import unit_names
from rules.people import Actor
from rules.problems import PACE_NAMES, Pace, adding_refusals

_HEADINGS = ("编号", "问题", "责任单位", "整改类型", "发现日期", "整改时限", "节点", "措施")
_KNOWN = {name: name for name in _HEADINGS} | {
    "问题编号": "编号",
    "存在问题": "问题",
    "单位": "责任单位",
    "整改状态": "整改类型",
    "完成时限": "整改时限",
    "整改措施": "措施",
}
_REQUIRED = ("编号", "问题", "责任单位", "发现日期")
_LONGEST_CODE = 64
# Several measures stand in one cell, one a line or divided by semicolons.
_DIVIDES = re.compile(r"[;；\n]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProblem:
    """One problem to be entered. `unit` is any name of the unit, `milestone` the key of a problem-ledger milestone."""

    code: str
    title: str
    unit: str
    found_on: date
    pace: Pace = Pace.BY_DATE
    due_on: date | None = None
    milestone: str | None = None
    measures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemsKept:
    """What was entered, in order."""

    edition_id: int
    added: tuple[NewProblem, ...]
    measures: int


def add_problem(
    office: Office, edition_id: int, new: NewProblem, *, by: Actor, now: datetime, dry_run: bool = False
) -> ProblemsKept:
    """Enter one problem."""
    refuse(*adding_refusals(by))
    clean = replace(
        new,
        code=cleaned(new.code),
        title=cleaned(new.title),
        measures=tuple(cleaned(measure) for measure in new.measures),
    )
    return _enter(office, edition_id, [("", clean)], by=by, now=now, dry_run=dry_run)


def import_problems(
    office: Office, edition_id: int, path: Path, *, by: Actor, now: datetime, dry_run: bool = False
) -> ProblemsKept:
    """Enter every row of a sheet (csv, xlsx), or none: all faulty rows are reported with their numbers."""
    refuse(*adding_refusals(by))
    faults: list[str] = []
    read: list[tuple[str, NewProblem]] = []
    for row in read_rows(path, known=_KNOWN, required=_REQUIRED).rows:
        where = f"第{row.number}行："
        try:
            read.append((where, _new(row)))
        except ValueError as fault:
            faults.append(f"{where}{fault}")
    if not read and not faults:
        refuse(f"{path.name}只有表头，没有问题可导入，请补上内容后再导入。")
    return _enter(office, edition_id, read, by=by, now=now, dry_run=dry_run, faults=faults)


def _enter(
    office: Office,
    edition_id: int,
    news: Sequence[tuple[str, NewProblem]],
    *,
    by: Actor,
    now: datetime,
    dry_run: bool,
    faults: Sequence[str] = (),
) -> ProblemsKept:
    with office.store.writing() as connection:
        units = unit_names(connection).find
        milestones = problems.ledger_milestones(connection, edition_id)
        taken = set(problems.codes(connection, edition_id))
        found = list(faults)
        for where, new in news:
            found += [f"{where}{fault}" for fault in _faults(new, units, milestones, taken)]
            taken.add(new.code)
        refuse_rows(found)
        for _, new in news:
            _insert(connection, edition_id, new, units, milestones)
        added = tuple(new for _, new in news)
        kept = ProblemsKept(
            edition_id=edition_id, added=added, measures=sum(len(new.measures) for new in added)
        )
        _record(office, connection, kept, by, now)
        if dry_run:
            take_back(connection)
    return kept


def _new(row: SheetRow) -> NewProblem:
    found_on = _day(row, "发现日期")
    if found_on is None:
        raise ValueError("没有写发现日期，请写成 2026-03-31 的样子")
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
        raise ValueError(f"{heading}“{text}”不是日期，请写成 2026-03-31 的样子") from None


def _pace(text: str) -> Pace:
    if not text:
        return Pace.BY_DATE
    for pace, name in PACE_NAMES.items():
        if text in (pace.value, name):
            return pace
    raise ValueError(f"整改类型“{text}”应为{'、'.join(PACE_NAMES.values())}之一，请改正")


def _faults(
    new: NewProblem,
    units: Callable[[str], int | None],
    milestones: Mapping[str, int],
    taken: set[str],
) -> list[str]:
    own = []
    if not new.code or len(new.code) > _LONGEST_CODE:
        own.append(f"问题编号要有，且不超过{_LONGEST_CODE}字，请改正")
    elif new.code in taken:
        own.append(f"问题编号{new.code}已在台账中，请换一个编号")
    if not new.title:
        own.append("没有写明问题，请补写")
    if units(new.unit) is None:
        own.append(f"没有名为“{new.unit}”的单位，请用 duban unit list 核对")
    if new.milestone is not None and new.milestone not in milestones:
        own.append(f"“{new.milestone}”不是本专项设有问题台账的节点，请核对节点编码")
    if new.pace is Pace.BY_DATE and new.due_on is None:
        own.append("限期整改要写整改时限，请补写")
    if new.due_on is not None and new.due_on < new.found_on:
        own.append(f"整改时限{new.due_on}早于发现日期{new.found_on}，请核对")
    return own


def _insert(
    connection: Connection,
    edition_id: int,
    new: NewProblem,
    units: Callable[[str], int | None],
    milestones: Mapping[str, int],
) -> None:
    # Where a ledger belongs to one milestone only, nobody has to say which.
    only = next(iter(milestones.values())) if len(milestones) == 1 else None
    problems.insert_problem(
        connection,
        [{"title": title, "due_on": new.due_on} for title in new.measures],
        edition_id=edition_id,
        milestone_id=milestones[new.milestone] if new.milestone else only,
        unit_id=units(new.unit),
        code=new.code,
        title=new.title,
        pace=new.pace.value,
        found_on=new.found_on,
        due_on=new.due_on,
    )


def _record(office: Office, connection: Connection, kept: ProblemsKept, by: Actor, now: datetime) -> None:
    history.append(
        connection,
        at=now,
        by=by,
        verb="add_problems",
        noun="edition",
        noun_id=kept.edition_id,
        edition_id=kept.edition_id,
        detail={
            "problems": len(kept.added),
            "measures": kept.measures,
            "codes": [n.code for n in kept.added],
        },
        flow_run_id=office.flow_run_id,
    )
