"""Rolls a year's campaign files into the next year. Knows no database."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from calendars.almanac import Almanac
from calendars.deadlines.parts import Reading
from calendars.deadlines.resolve import NEXT_YEAR
from calendars.model import Edition, Milestone, Quota, TargetState
from calendars.phrases import read_phrase
from calendars.reader import CALENDARS, campaign_files, read_edition, read_edition_text, units_of
from calendars.reader.diff import date_line, has_moved
from calendars.reader.faults import CalendarFaults, Fault
from calendars.reader.fields import unconfirmed
from calendars.reader.units import UnitBook
from calendars.workdays import WorkdayTable, YearState, YearUnknown
from calendars.writing import dumped, yaml

ONCE = "once"
LAST_YEAR = "上年："
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?=年|[-./]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """What is not carried over, and why. `milestone` is None where the whole campaign ends."""

    campaign: str
    milestone: str | None
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTarget:
    """A figure the new year's document still has to give. `unit` is None for the city's total or a rate."""

    campaign: str
    milestone: str | None
    unit: str | None
    what: str
    last_year: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """`text` is None where nothing of the campaign is carried over."""

    text: str | None
    dropped: tuple[Dropped, ...]
    targets: tuple[OpenTarget, ...]


def rewrite(text: str, edition: Edition, to_year: int, units: UnitBook) -> Rewritten:
    """The file `text`, which was read as `edition`, made the file of `to_year`."""
    top = yaml().load(text)
    if top.get("recurrence") == ONCE:
        reason = top.get("recurrence_note") or "一次性工作，不结转。"
        gone = Dropped(campaign=edition.campaign, milestone=None, name=edition.name, reason=reason)
        return Rewritten(text=None, dropped=(gone,), targets=())
    dropped = _drop_once(top["milestones"], edition)
    if not top["milestones"]:
        return Rewritten(text=None, dropped=dropped, targets=())
    _say_next_year(top["milestones"], edition)
    # The next document has a day of its own, which nobody knows yet.
    top.pop("issued", None)
    _move_years(top, to_year)
    targets = (*_open_quotas(top["milestones"], edition, units), *_open_aims(top, edition))
    return Rewritten(text=dumped(top), dropped=dropped, targets=tuple(targets))


def _drop_once(milestones: CommentedSeq, edition: Edition) -> tuple[Dropped, ...]:
    dropped = []
    for position in reversed(range(len(milestones))):
        entry = milestones[position]
        if entry.get("recurrence") == ONCE:
            reason = "本节点只办一次，不结转。"
            name = f"{edition.name}·{entry['title']}"
            dropped.append(
                Dropped(campaign=edition.campaign, milestone=entry["key"], name=name, reason=reason)
            )
            del milestones[position]
    gone = {one.milestone for one in dropped}
    for entry in milestones:
        _forget(entry, gone)
    return tuple(reversed(dropped))


def _forget(entry: CommentedMap, gone: set[str | None]) -> None:
    """Takes dropped stages out of `after`, so that a later stage does not wait for what never comes."""
    after = entry.get("after")
    if isinstance(after, str) and after in gone:
        del entry["after"]
    elif isinstance(after, list):
        entry["after"] = [name for name in after if name not in gone]


def _say_next_year(milestones: CommentedSeq, edition: Edition) -> None:
    """A date that only the day of issue put into the next year is put there by its own words."""
    by_key = {one.key: one for one in edition.milestones}
    for entry in milestones:
        one = by_key[entry["key"]]
        shifted = len(one.points) == 1 and any(NEXT_YEAR in said for said in one.assumptions)
        reading = read_phrase(f"次年{entry['due']}") if shifted else None
        if isinstance(reading, Reading) and reading.rule == f"{one.rule},relative_year(+1)":
            entry["due"] = reading.text


def _move_years(top: CommentedMap, to_year: int) -> None:
    years = to_year - top["year"]
    if "rolled_from" in top:
        top["rolled_from"] = top["year"]
    else:
        top.insert(list(top).index("year") + 1, "rolled_from", top["year"])
    top["year"] = to_year
    if "subject_year" in top:
        top["subject_year"] += years
    for entry in top["milestones"]:
        for key in ("due", "hard_due"):
            if key in entry and _YEAR.search(entry[key]):
                entry[key] = _YEAR.sub(lambda found: str(int(found[1]) + years), entry[key])


def _open_quotas(milestones: CommentedSeq, edition: Edition, units: UnitBook) -> list[OpenTarget]:
    by_key = {one.key: one for one in edition.milestones}
    opened: list[OpenTarget] = []
    for entry in milestones:
        one = by_key[entry["key"]]
        if one.quota is not None:
            opened += _open_quota(entry["quota"], one, one.quota, edition.campaign, units)
    return opened


def _open_quota(
    table: CommentedMap, one: Milestone, quota: Quota, campaign: str, units: UnitBook
) -> list[OpenTarget]:
    opened: list[OpenTarget] = []

    def open_cell(cells: CommentedMap, key: str, unit: str | None, last_year: Decimal | None) -> None:
        cells[key] = unconfirmed(last_year)
        opened.append(
            OpenTarget(
                campaign=campaign, milestone=one.key, unit=unit, what=quota.indicator, last_year=last_year
            )
        )

    if "city_total" in table:
        open_cell(table, "city_total", None, _latest(quota.city_total, quota.city_total_last_year))
    last = {target.unit: target for target in quota.targets}
    for name in table.get("targets", ()):
        unit = units.responsible(name)
        target = last[unit.name] if unit else None
        # 「--」 says that the unit has no part in it; that does not change with the year by itself.
        if target is not None and target.state not in (TargetState.NONE, TargetState.TEXT):
            open_cell(table["targets"], name, target.unit, _latest(target.value, target.last_year))
    if "note" in table and opened and not table["note"].startswith(LAST_YEAR):
        table["note"] = LAST_YEAR + table["note"]
    return opened


def _open_aims(top: Mapping[str, Any], edition: Edition) -> list[OpenTarget]:
    by_key = {one.key: one for one in edition.indicators}
    opened: list[OpenTarget] = []
    for entry in top.get("indicators", ()):
        one = by_key[entry["key"]]
        if "target" in entry:
            last_year = _latest(one.target_value, one.target_last_year)
            entry["target"] = unconfirmed(last_year)
            opened.append(
                OpenTarget(
                    campaign=edition.campaign, milestone=None, unit=None, what=one.name, last_year=last_year
                )
            )
    return opened


def _latest(value: Decimal | None, before: Decimal | None) -> Decimal | None:
    return before if value is None else value


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
    issued: int = 0  # files whose day of issue is left behind

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
        issued=sum(one.after is not None and one.before.issued_on is not None for one in rolled),
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


def describe(plan: RollPlan) -> Iterator[str]:
    """The plan as Chinese lines: what is carried, what moved and why, what ends, what is open, what is faulty."""
    yield f"{plan.from_year}年结转到{plan.to_year}年：生成{len(plan.files)}个文件。"
    if plan.provisional:
        yield f"{plan.to_year}年放假安排未公布，工作日按法定节日推算，通知公布后会重新核算。"
    still = len(plan.dates) - len(plan.moved)
    yield f"日期有变动的{len(plan.moved)}个，其余{still}个只换年份："
    yield from (f"  {line.text}" for line in plan.moved)
    if plan.issued:
        yield f"{plan.issued}个文件写有印发日，不结转：新文件印发后请填 issued，印发日以前的日期就不排。"
    yield f"不结转的{len(plan.dropped)}项："
    yield from (f"  {gone.name}：{gone.reason}" for gone in plan.dropped)
    yield f"待确认的目标{len(plan.targets)}个，请对照新文件填写，上年数写在括号里："
    yield from (f"  {line}" for line in _open_targets(plan))
    if plan.faults:
        yield f"有{len(plan.faults)}处没能结转："
        yield from (f"  {fault}" for fault in plan.faults)


def _open_targets(plan: RollPlan) -> Iterator[str]:
    """One line for each campaign and figure, not one for each unit."""
    names = {edition.campaign: edition.name for edition in plan.editions}
    counted: dict[tuple[str, str], int] = {}
    for target in plan.targets:
        key = (target.campaign, target.what)
        counted[key] = counted.get(key, 0) + 1
    yield from (f"{names[campaign]}·{what}：{count}个" for (campaign, what), count in counted.items())
