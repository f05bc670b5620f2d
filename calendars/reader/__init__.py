"""Reads campaign files, units and ladders into values, and tells every fault with its line. Knows no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from yaml.nodes import MappingNode, Node

from calendars.almanac import FIRST_YEAR, LAST_YEAR, Almanac
from calendars.ladders import Ladder, Rung, RungKind
from calendars.model import CampaignKind, Edition, Milestone, Source
from calendars.reader.faults import CalendarFaults, Fault, FaultList, Report
from calendars.reader.milestones import DEFAULT_KEYS, ROLLS, Shared, Year, judge_order, milestone, recurrence
from calendars.reader.nodes import Fields, as_fields, line_of, open_file, open_text
from calendars.reader.parts import documents, indicators, source
from calendars.reader.units import UNITS_FILE, UnitBook, load_units
from calendars.workdays import WorkdayTable

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


EDITION_KEYS = (
    "campaign",
    "name",
    "kind",
    "year",
    "subject_year",
    "recurrence",
    "recurrence_note",
    "rolled_from",
    "coordinator",
    "documents",
    "sources",
    "ladder",
    "roll",
    "roll_reason",
    "roster",
    "note",
    "defaults",
    "milestones",
    "indicators",
)
STANDARD_LADDER = "standard"


def read_edition(
    path: Path,
    *,
    units: UnitBook,
    almanac: Almanac,
    workdays: WorkdayTable,
    ladders: Mapping[str, Ladder] | None = None,
) -> Edition:
    """The edition a campaign file describes, dated for the file's own year.

    Raises CalendarFaults holding every fault found, each with its line. Sums that do not agree are no fault.
    """
    report = FaultList(f"{path.parent.name}/{path.name}")
    return _read(open_file(path, report), path, units, (almanac, workdays), ladders, report)


def read_edition_text(
    text: str, path: Path, *, units: UnitBook, almanac: Almanac, workdays: WorkdayTable
) -> Edition:
    """The same for text that is to be written to `path`; the path is only named, not opened."""
    report = FaultList(f"{path.parent.name}/{path.name}")
    return _read(open_text(text, report), path, units, (almanac, workdays), None, report)


def _read(
    top: MappingNode | None,
    path: Path,
    units: UnitBook,
    tables: tuple[Almanac, WorkdayTable],
    ladders: Mapping[str, Ladder] | None,
    report: FaultList,
) -> Edition:
    edition = None
    if top is not None:
        fields = Fields(top, EDITION_KEYS, report)
        edition = _edition(fields, path, units, tables, load_ladders() if ladders is None else ladders)
    report.raise_if_any()
    assert edition is not None, "a file without faults has given an edition"
    return edition


def _edition(
    fields: Fields,
    path: Path,
    units: UnitBook,
    tables: tuple[Almanac, WorkdayTable],
    ladders: Mapping[str, Ladder],
) -> Edition | None:
    for key in ("campaign", "name", "kind", "year", "documents", "milestones"):
        fields.need(key)
    campaign, name, kind, year = (
        _campaign(fields, path),
        fields.text("name"),
        _kind(fields),
        _year(fields, path),
    )
    ladder = _edition_ladder(fields, ladders)
    recurrence(fields)
    documents = _documents(fields)
    rolled = _roll(fields)
    milestones: tuple[Milestone, ...] = ()
    if year is not None:
        almanac, workdays = tables
        when = Year(
            number=year,
            almanac=almanac,
            workdays=workdays,
            roll=rolled,
            roll_reason=fields.text("roll_reason"),
        )
        milestones = _milestones(fields, documents, units, when)
    extra = _sources(fields, documents)
    if not (campaign and name and kind and year):
        return None
    return Edition(
        campaign=campaign,
        name=name,
        kind=kind,
        year=year,
        subject_year=fields.whole("subject_year"),
        coordinator=_coordinator(fields, units),
        sources=tuple(dict.fromkeys((*(one.source for one in milestones), *extra))),
        ladder=ladder,
        roll=rolled,
        roll_reason=fields.text("roll_reason"),
        roster=fields.text("roster"),
        milestones=milestones,
        indicators=indicators(fields.items("indicators"), fields.report),
        rolled_from=fields.whole("rolled_from"),
        note=fields.text("note"),
    )


def _campaign(fields: Fields, path: Path) -> str | None:
    campaign = fields.text("campaign")
    if campaign is not None and campaign != path.stem:
        fields.report(
            fields.line_at("campaign"), f"campaign 是“{campaign}”，文件名却是“{path.name}”，请改成一致。"
        )
    return campaign


def _kind(fields: Fields) -> CampaignKind | None:
    text = fields.text("kind")
    if text is None or text in set(CampaignKind):
        return None if text is None else CampaignKind(text)
    fields.report(fields.line_at("kind"), f"类别“{text}”不认识，请改成：{'、'.join(CampaignKind)}。")
    return None


def _year(fields: Fields, path: Path) -> int | None:
    year = fields.whole("year")
    folder = path.parent.name
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        fields.report(fields.line_at("year"), f"{year}年不在{FIRST_YEAR}至{LAST_YEAR}年之间，请改正年份。")
        return None
    if year is not None and folder.isdecimal() and int(folder) != year:
        fields.report(
            fields.line_at("year"),
            f"文件写的是{year}年，却放在{folder}年的文件夹里，请改年份或移动文件。",
        )
    return year


def _edition_ladder(fields: Fields, ladders: Mapping[str, Ladder]) -> str:
    ladder = fields.text("ladder")
    if ladder is not None and ladder not in ladders:
        fields.report(
            fields.line_at("ladder"), f"催办梯次“{ladder}”没有定义，请改成：{'、'.join(sorted(ladders))}。"
        )
    return ladder or STANDARD_LADDER


def _roll(fields: Fields) -> str:
    roll = fields.text("roll")
    if roll is not None and roll not in ROLLS:
        fields.report(
            fields.line_at("roll"),
            f"roll“{roll}”不认识，请写 none（不动）、previous（提前）或 next（顺延）。",
        )
        return "none"
    if roll in ("previous", "next") and "roll_reason" not in fields:
        fields.report(fields.line_at("roll"), "移动休息日的到期日要有依据，请补上 roll_reason。")
    return roll or "none"


def _coordinator(fields: Fields, units: UnitBook) -> str:
    name = fields.text("coordinator")
    if name is None:
        return "市民政局"
    unit = units.responsible(name)
    if unit is None:
        line = fields.line_at("coordinator")
        fields.report(line, f"统筹单位“{name}”没有登记，请改正名称或先在 units.yaml 登记。")
    return unit.name if unit else name


def _documents(fields: Fields) -> dict[str, str]:
    node = fields.mapping("documents")
    return documents(Fields(node, (), fields.report) if node is not None else None)


def _sources(fields: Fields, documents: Mapping[str, str]) -> tuple[Source, ...]:
    read = (source(item, line, documents, fields.report) for item, line in fields.texts("sources"))
    return tuple(one for one in read if one is not None)


def _milestones(
    fields: Fields, documents: Mapping[str, str], units: UnitBook, year: Year
) -> tuple[Milestone, ...]:
    nodes = fields.items("milestones")
    shared = Shared(
        documents=documents, defaults=_defaults(fields), units=units, year=year, report=fields.report
    )
    if "milestones" in fields and not nodes:
        fields.report(fields.line_at("milestones"), "milestones 里一项也没有，请至少写一个节点。")
    read = tuple((made, line_of(node)) for node in nodes if (made := _milestone(node, shared)) is not None)
    judge_order(nodes, read, has_roster="roster" in fields, report=fields.report)
    return tuple(made for made, _ in read)


def _milestone(node: Node, shared: Shared) -> Milestone | None:
    if isinstance(node, MappingNode):
        return milestone(node, shared)
    shared.report(line_of(node), "每个节点应写成“键: 值”的形式，请对照说明改写。")
    return None


def _defaults(fields: Fields) -> Fields | None:
    node = fields.mapping("defaults")
    return None if node is None else as_fields(node, DEFAULT_KEYS, fields.report, "defaults")


CALENDARS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class YearRead:
    """The editions of a year in the order of their file names, and the faults of the files that gave none."""

    editions: tuple[Edition, ...]
    faults: tuple[Fault, ...]


def read_year(year: int, root: Path | None = None, *, almanac: Almanac, workdays: WorkdayTable) -> YearRead:
    """Every file of `root/year` (the shipped calendars by default); a missing folder is one fault."""
    place = root or CALENDARS
    folder = place / str(year)
    files = campaign_files(folder)
    if not files:
        message = f"没有{year}年的专项行动文件，请先用 duban calendar roll {year} 从上一年生成。"
        return YearRead(editions=(), faults=(Fault(file=str(year), line=1, message=message),))
    try:
        units = units_of(place)
    except CalendarFaults as refusal:
        return YearRead(editions=(), faults=refusal.faults)
    editions: list[Edition] = []
    faults: list[Fault] = []
    for path in files:
        try:
            editions.append(read_edition(path, units=units, almanac=almanac, workdays=workdays))
        except CalendarFaults as refusal:
            faults.extend(refusal.faults)
    return YearRead(editions=tuple(editions), faults=tuple(faults))


def campaign_files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(folder.glob("*.yaml"))) if folder.is_dir() else ()


def units_of(root: Path) -> UnitBook:
    """A bureau's own unit book where its calendars keep one, else the shipped one."""
    own = root / UNITS_FILE.name
    return load_units(own if own.is_file() else None)


__all__ = [
    "CalendarFaults",
    "Change",
    "ChangeKind",
    "Fault",
    "Unit",
    "UnitBook",
    "YearRead",
    "diff_years",
    "load_ladders",
    "load_units",
    "read_edition",
    "read_year",
]
