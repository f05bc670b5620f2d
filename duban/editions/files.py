"""Campaign files and texts: read under this bureau's units and workdays, checked, applied, proposed for the next year."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from calendars.formulas import FormulaError, parse_formula
from calendars.lunar import almanac_for
from calendars.model import Edition
from calendars.reader import CALENDARS, campaign_files, read_edition, read_edition_text, read_year, units_of
from calendars.reader.faults import CalendarFaults, Fault
from calendars.reader.units import Unit, UnitBook, name_key
from calendars.roll import RollRefused, describe, roll_year, write
from calendars.serialization import content_hash
from calendars.workdays import WorkdayTable
from calendars.writing import text_of
from duban.bureau import Bureau
from duban.core import clock, errors
from duban.core.access import Actor
from duban.core.db import Connection
from duban.core.errors import Refused
from duban.editions.queries import StoredEdition, last_applied_text, stored_editions
from duban.editions.rules import FIRST_MONTH
from duban.editions.service import EditionChange, apply_edition
from duban.figures.rules import SumFinding, SumVerdict, sum_findings
from duban.units.importing import import_unit_book
from duban.units.queries import all_units


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRead:
    """A text as the reader has it: an edition, or every fault with its line."""

    edition: Edition | None
    faults: tuple[Fault, ...] = ()

    def edition_or_refuse(self, *, lines: bool = True) -> Edition:
        """Raises Refused with every fault, with its line where somebody sees the text."""
        if self.edition is None:
            raise Refused(
                f"第{fault.line}行：{fault.message}" if lines else fault.message for fault in self.faults
            )
        return self.edition


def calendars_root(bureau: Bureau) -> Path:
    """Where the campaign files lie: the bureau's own folder, else those shipped."""
    return bureau.settings.calendars or CALENDARS


def unit_book(connection: Connection, bureau: Bureau) -> UnitBook:
    """The units of the calendars, and those that are only in this bureau's register."""
    book = units_of(calendars_root(bureau))
    more = tuple(
        Unit(code=one.code, name=one.name, kind=one.kind)
        for one in all_units(connection)
        if one.active and book.find(one.name) is None
    )
    added = {name_key(name): one for one in more for name in (one.code, one.name)}
    return UnitBook(units=(*book.units, *more), groups=book.groups, by_key={**added, **book.by_key})


def read_text(bureau: Bureau, book: UnitBook, text: str, campaign: str, year: int) -> TextRead:
    """The text of one campaign's file, read as the year's files are."""
    path = Path(str(year)) / f"{campaign}.yaml"
    try:
        edition = read_edition_text(text, path, units=book, almanac=almanac_for(), workdays=bureau.workdays)
    except CalendarFaults as refusal:
        return TextRead(edition=None, faults=refusal.faults)
    return TextRead(edition=edition)


def current_text(connection: Connection, bureau: Bureau, book: UnitBook, stored: StoredEdition) -> str:
    """The text of an edition in force: as it was kept, with its comments, where that still says the same."""
    campaign, year = stored.value.campaign, stored.value.year
    kept = last_applied_text(connection, campaign, year)
    file = calendars_root(bureau) / str(year) / f"{campaign}.yaml"
    texts = [kept] if kept is not None else []
    if file.is_file():
        texts.append(file.read_text(encoding="utf-8-sig", errors="replace"))
    for text in texts:
        read = read_text(bureau, book, text, campaign, year).edition
        if read is not None and content_hash(read) == stored.content_hash:
            return text
    return text_of(stored.value)


def read_file(bureau: Bureau, path: Path) -> Edition:
    """The edition of a file. Raises Refused with every fault and its line."""
    with bureau.store.reading() as connection:
        book = unit_book(connection, bureau)
    try:
        return read_edition(path, units=book, almanac=almanac_for(), workdays=bureau.workdays)
    except CalendarFaults as refusal:
        raise Refused(
            f"{fault.file} 第{fault.line}行：{fault.message}" for fault in refusal.faults
        ) from refusal


def apply_file(
    bureau: Bureau, path: Path, *, by: Actor, now: datetime, publish: bool = True, dry_run: bool = False
) -> EditionChange:
    """The file has the last word from now on, also when the portal has changed the edition since."""
    edition = read_file(bureau, path)
    return apply_edition(bureau, edition, by=by, now=now, publish=publish, dry_run=dry_run)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearApplied:
    """What applying a year did: editions applied, faults of files that gave none, and editions refused."""

    year: int
    editions: tuple[EditionChange, ...]
    faults: tuple[Fault, ...]
    refused: tuple[str, ...]
    # In the ledger but in no file any more: a person decides whether to withdraw them.
    unlisted: tuple[str, ...] = ()
    # Changed in the portal since: the file is passed over until somebody applies it by name.
    left: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return not (self.faults or self.refused)


def apply_year(
    bureau: Bureau,
    year: int,
    root: Path,
    *,
    by: Actor,
    now: datetime,
    publish: bool = True,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> YearApplied:
    """Enter the units the files name, then apply each edition in a transaction of its own.

    `progress` is told how many editions of how many are done.
    """
    read = read_year(year, root, almanac=almanac_for(), workdays=bureau.workdays)
    if read.editions:
        entered = import_unit_book(bureau, units_of(root), by=by, now=now, dry_run=dry_run)
        if dry_run and entered.new:
            raise Refused(
                f"名录里还有{len(entered.new)}个单位没有登记，请先运行 duban setup，再用 --dry-run 预览。"
            )
    with bureau.store.reading() as connection:
        stored = stored_editions(connection, year=year)
    own = {one.value.campaign for one in stored if one.own}
    listed = {one.campaign for one in read.editions} | {Path(fault.file).stem for fault in read.faults}
    applied: list[EditionChange] = []
    refused: list[str] = []
    for number, edition in enumerate(read.editions, start=1):
        progress(number, len(read.editions))
        if edition.campaign in own:
            continue
        try:
            applied.append(apply_edition(bureau, edition, by=by, now=now, publish=publish, dry_run=dry_run))
        except Refused as refusal:
            refused.extend(refusal.reasons)
    return YearApplied(
        year=year,
        editions=tuple(applied),
        faults=read.faults,
        refused=tuple(refused),
        unlisted=tuple(
            f"{one.value.name}（{one.value.campaign}）"
            for one in stored
            if one.state != "withdrawn" and not one.own and one.value.campaign not in listed
        ),
        left=tuple(f"{one.name}（{one.campaign}）" for one in read.editions if one.campaign in own),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarsChecked:
    """`faults` forbid applying; `sums` are the quotas that do not agree with the city's figure, shown and not mended."""

    editions: int
    faults: tuple[Fault, ...]
    sums: tuple[SumFinding, ...]
    undated: tuple[str, ...]
    provisional: int

    @property
    def good(self) -> bool:
        return not self.faults


def check_year(year: int, root: Path, workdays: WorkdayTable) -> CalendarsChecked:
    """Every file of a year."""
    read = read_year(year, root, almanac=almanac_for(), workdays=workdays)
    return _checked(read.editions, read.faults)


def check_file(path: Path, root: Path, workdays: WorkdayTable) -> CalendarsChecked:
    """One campaign file, wherever it lies; units come from the calendars in `root`."""
    try:
        edition = read_edition(path, units=units_of(root), almanac=almanac_for(), workdays=workdays)
    except CalendarFaults as refusal:
        return _checked((), refusal.faults)
    return _checked((edition,), ())


def _checked(editions: Sequence[Edition], faults: Sequence[Fault]) -> CalendarsChecked:
    findings = (finding for one in editions for finding in sum_findings(one))
    milestones = [(one, milestone) for one in editions for milestone in one.milestones]
    return CalendarsChecked(
        editions=len(editions),
        faults=(*faults, *(fault for one in editions for fault in _formula_faults(one))),
        sums=tuple(finding for finding in findings if finding.verdict is SumVerdict.DIFFERS),
        undated=tuple(
            f"{one.name}“{milestone.title}”：{milestone.undated}"
            for one, milestone in milestones
            if milestone.undated
        ),
        provisional=sum(point.provisional for _, milestone in milestones for point in milestone.points),
    )


def _formula_faults(edition: Edition) -> Iterator[Fault]:
    """The reader keeps a formula as text; whether it can be computed is known here, though not on which line."""
    for indicator in edition.indicators:
        try:
            if indicator.formula is not None:
                parse_formula(indicator.formula)
        except FormulaError as error:
            file = f"{edition.year}/{edition.campaign}.yaml"
            yield Fault(file=file, line=1, message=f"指标“{indicator.name}”的公式读不懂：{error}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What was proposed. `folder` is None where the year's files are there already; `report` says what moved."""

    to_year: int
    folder: Path | None
    files: int
    open_targets: int
    provisional: bool
    report: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the coordinator should know, with the next step."""
        said = []
        if self.folder is None:
            said.append(f"{self.to_year} 年度的专项行动文件已经在用，没有另拟草案。")
        else:
            said.append(
                f"{self.to_year} 年度草案 {self.files} 项在 {self.folder}，其中 {self.open_targets} 个指标待定；"
                "核对后移入专项行动文件夹，再用 duban calendar apply 发布。"
            )
        if self.provisional:
            said.append(
                f"{self.to_year} 年放假通知尚未导入，所有与工作日有关的日期均为暂定；通知发布后请用 duban import-notice 导入。"
            )
        return (*said, *self.faults)


def propose_year(bureau: Bureau, calendars: Path, *, now: datetime) -> Proposal:
    """Roll the present civil year's files into the next. Written again, a proposal replaces the one before.

    Refused before November, and when the next year's workdays are known to nobody.
    """
    today = clock.civil(now)
    if today.month < FIRST_MONTH:
        raise Refused(
            f"{today.year + 1} 年度草案从 11 月起拟定；现在就要的，请用 duban calendar roll {today.year + 1}。"
        )
    try:
        plan = roll_year(
            today.year, today.year + 1, almanac=almanac_for(), workdays=bureau.workdays, root=calendars
        )
        exists = bool(campaign_files(calendars / str(plan.to_year)))
        folder = bureau.settings.home.resolve() / "proposals"
        if not exists:
            write(plan, folder, replace=True)
    except RollRefused as refusal:
        raise Refused(str(refusal)) from refusal
    except OSError as error:
        raise errors.Fault(f"草案没有写成（{error.strerror}），请检查磁盘与权限。") from error
    return Proposal(
        to_year=plan.to_year,
        folder=None if exists else folder / str(plan.to_year),
        files=len(plan.files),
        open_targets=len(plan.targets),
        provisional=plan.provisional,
        report=tuple(describe(plan)),
        faults=tuple(f"{fault.file} 第 {fault.line} 行：{fault.message}" for fault in plan.faults),
    )
