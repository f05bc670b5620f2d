"""Next year's campaign files from this year's: the rules dated anew, the targets open, and a list of what moved.

Planning reads and writes nothing outside the calendars folder it is given; `write` is a step of its own, so that
people see the plan first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from calendars.reader.diff import date_line
from calendars.reader.edition import read_edition, read_edition_text
from calendars.reader.faults import CalendarFaults, Fault
from calendars.reader.moved import has_moved
from calendars.reader.units import UnitBook
from calendars.reader.year import CALENDARS, campaign_files, units_of
from calendars.roll.rewrite import Dropped, OpenTarget, Rewritten, rewrite
from rules.almanac import Almanac
from rules.campaign import Edition
from rules.workdays import WorkdayTable, YearState, YearUnknown


class RollRefused(ValueError):
    """A year cannot be rolled or written; the message is one Chinese sentence with the next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledFile:
    campaign: str
    name: str  # the file's name, e.g. place_name_signs.yaml
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DateLine:
    """One date in both years. `moved` is False where only the year has changed."""

    campaign: str
    milestone: str
    text: str
    moved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RollPlan:
    """What rolling would write and what people should know; `provisional` while the year's notice is not out."""

    from_year: int
    to_year: int
    provisional: bool
    files: tuple[RolledFile, ...]
    editions: tuple[Edition, ...]
    dates: tuple[DateLine, ...]
    dropped: tuple[Dropped, ...]
    targets: tuple[OpenTarget, ...]
    faults: tuple[Fault, ...]

    @property
    def moved(self) -> tuple[DateLine, ...]:
        return tuple(line for line in self.dates if line.moved)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rolled:
    before: Edition
    rewritten: Rewritten
    after: Edition | None


def roll_year(
    from_year: int,
    to_year: int,
    *,
    almanac: Almanac,
    workdays: WorkdayTable,
    root: Path | None = None,
) -> RollPlan:
    """The plan of `to_year` from the files of `from_year`. Writes nothing; a faulty file does not stop the others.

    Raises RollRefused when there is nothing to roll or when nobody knows the workdays of `to_year`.
    """
    place = root or CALENDARS
    provisional = _known(from_year, to_year, workdays)
    files = campaign_files(place / str(from_year))
    if not files:
        raise RollRefused(f"没有{from_year}年的专项行动文件，请先准备好{from_year}年再结转。")
    units = units_of(place)
    rolled: list[_Rolled] = []
    faults: list[Fault] = []
    for path in files:
        try:
            rolled.append(_roll_file(path, to_year, units, almanac, workdays))
        except CalendarFaults as refusal:
            faults.extend(refusal.faults)
    return _plan(from_year, to_year, provisional, rolled, tuple(faults))


def _known(from_year: int, to_year: int, workdays: WorkdayTable) -> bool:
    """Whether the new year is provisional; refuses a year that cannot be rolled to."""
    if to_year <= from_year:
        raise RollRefused(f"只能从{from_year}年结转到以后的年份，{to_year}年不行，请改年份。")
    try:
        return workdays.state(to_year) is YearState.PROVISIONAL
    except YearUnknown as unknown:
        raise RollRefused(str(unknown)) from unknown


def _roll_file(
    path: Path, to_year: int, units: UnitBook, almanac: Almanac, workdays: WorkdayTable
) -> _Rolled:
    before = read_edition(path, units=units, almanac=almanac, workdays=workdays)
    rewritten = rewrite(path.read_text(encoding="utf-8-sig"), before, to_year, units)
    if rewritten.text is None:
        return _Rolled(before=before, rewritten=rewritten, after=None)
    target = path.parent.parent / str(to_year) / path.name
    after = read_edition_text(rewritten.text, target, units=units, almanac=almanac, workdays=workdays)
    return _Rolled(before=before, rewritten=rewritten, after=after)


def _plan(
    from_year: int, to_year: int, provisional: bool, rolled: list[_Rolled], faults: tuple[Fault, ...]
) -> RollPlan:
    return RollPlan(
        from_year=from_year,
        to_year=to_year,
        provisional=provisional,
        files=tuple(_files(rolled)),
        editions=tuple(one.after for one in rolled if one.after is not None),
        dates=tuple(line for one in rolled if one.after for line in _dates(one.before, one.after)),
        dropped=tuple(gone for one in rolled for gone in one.rewritten.dropped),
        targets=tuple(target for one in rolled for target in one.rewritten.targets),
        faults=faults,
    )


def _files(rolled: list[_Rolled]) -> Iterator[RolledFile]:
    for one in rolled:
        if one.rewritten.text is not None:
            name = one.before.campaign
            yield RolledFile(campaign=name, name=f"{name}.yaml", text=one.rewritten.text)


def _dates(before: Edition, after: Edition) -> Iterator[DateLine]:
    old = {one.key: {point.label: point for point in one.points} for one in before.milestones}
    years = after.year - before.year
    for one in after.milestones:
        for point in one.points:
            past = old[one.key].get(point.label)
            if past is not None:
                text = f"{after.name}·{one.title}：{date_line(one, past, point, years)}"
                moved = has_moved(past, point, years)
                yield DateLine(campaign=after.campaign, milestone=one.key, text=text, moved=moved)


def write(plan: RollPlan, root: Path | None = None, *, replace: bool = False) -> tuple[Path, ...]:
    """Writes the plan's files under `root/to_year` and returns them; an existing file is kept unless `replace`.

    Raises RollRefused before anything is written. Each file appears whole or not at all.
    """
    folder = (root or CALENDARS) / str(plan.to_year)
    targets = [(folder / file.name, file.text) for file in plan.files]
    there = [path.name for path, _ in targets if path.exists()]
    if there and not replace:
        raise RollRefused(
            f"{plan.to_year}年已有{len(there)}个同名文件（如{there[0]}），为不覆盖已确认的内容没有写入，"
            "请先移走旧文件，或明确要求覆盖。"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in targets:
        _write_whole(path, text)
    return tuple(path for path, _ in targets)


def _write_whole(path: Path, text: str) -> None:
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".", delete=False) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    made = Path(file.name)
    made.chmod(0o644)
    made.replace(path)
