"""Reads campaign files, units and ladders into values, and tells every fault with its line. Knows no database.

One file becomes a document (its values and their lines), the document a pydantic model, the model an edition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import ValidationError

from calendars.almanac import Almanac
from calendars.ladders import RUNG_NAMES, WEEK, Ladder, Rung, RungKind
from calendars.model import Edition
from calendars.reader.campaign import ENTRIES, Around, CampaignFile
from calendars.reader.document import Document, open_file, open_text
from calendars.reader.faults import CalendarFaults, Fault, FaultList
from calendars.reader.fields import Entry, Text, Whole, one_of
from calendars.reader.units import UNITS_FILE, UnitBook, load_units
from calendars.workdays import WorkdayTable

CALENDARS = Path(__file__).resolve().parent.parent
LADDERS_FILE = CALENDARS / "ladders.yaml"
AFTER_DUE = frozenset({RungKind.CHASE, RungKind.ESCALATE, RungKind.BULLETIN})
# A reminder's key holds it with the number of its repeat.
MOST_KEY = 8


class RungEntry(Entry):
    key: Text
    kind: Annotated[RungKind, one_of(RungKind, "档别“{}”不认识，请改成：{}。")]
    workdays: Whole | None = None
    repeat: Whole | None = None


class LadderEntry(Entry):
    name: Text
    rungs: tuple[RungEntry, ...]


class LaddersFile(Entry):
    ladders: dict[str, LadderEntry]


def load_ladders(path: Path | None = None) -> Mapping[str, Ladder]:
    """The ladders of a file by key (the shipped one by default). Raises CalendarFaults with every fault of it."""
    return _shipped() if path is None else _load(path)


@cache
def _shipped() -> Mapping[str, Ladder]:
    return _load(LADDERS_FILE)


def _load(path: Path) -> Mapping[str, Ladder]:
    report = FaultList(path.name)
    document = open_file(path, report)
    try:
        file = LaddersFile.model_validate(document.values)
    except ValidationError as error:
        report.take(error, document, {"": LaddersFile, "ladders": LadderEntry, "rungs": RungEntry})
        report.raise_if_any()
        raise
    for key, ladder in file.ladders.items():
        for position, text in _rung_faults(key, ladder.rungs):
            place = ("ladders", key) if position is None else ("ladders", key, "rungs", position)
            report(document.line(place), text)
    report.raise_if_any()
    return {key: _ladder(key, ladder) for key, ladder in file.ladders.items()}


def _rung_faults(key: str, rungs: Sequence[RungEntry]) -> Iterator[tuple[int | None, str]]:
    """What is wrong with a ladder's rungs, each with the rung's position, None for the ladder as a whole."""
    days = [rung.workdays or 0 for rung in rungs if rung.kind is not RungKind.ASSIGN]
    if days != sorted(set(days)):
        yield None, f"梯次“{key}”的各档应按时间先后排列、不能重复，请调整顺序。"
    last = {rung.kind: position for position, rung in enumerate(rungs)}
    chased = False
    for position, rung in enumerate(rungs):
        chased = chased or rung.kind is RungKind.CHASE
        if len(rung.key) > MOST_KEY or set(rung.key) & set("/@."):
            yield (
                position,
                f"“{rung.key}”作档的代号不行，请改成不超过{MOST_KEY}个字符、不含 / @ . 的，如 t+6。",
            )
        if rung.workdays is None and rung.kind is not RungKind.ASSIGN:
            yield position, f"“{rung.key}”没有写 workdays，请写距到期日的工作日数，之前为负。"
        if rung.kind in AFTER_DUE:
            if rung.workdays is not None and rung.workdays < 1:
                yield (
                    position,
                    f"“{rung.key}”是{RUNG_NAMES[rung.kind]}，要在到期以后，请把 workdays 改成正数。",
                )
            if not chased:
                yield (
                    position,
                    f"“{rung.key}”之前没有催办，单位没催过不能{RUNG_NAMES[rung.kind]}，请在它前面加一档 chase。",
                )
        if rung.repeat is not None and (rung.kind not in AFTER_DUE or last[rung.kind] != position):
            yield position, f"“{rung.key}”不能重复，repeat 只写在最后一档催办、督办或通报上，请删去。"
        if rung.repeat is not None and rung.repeat < 0:
            yield position, f"“{rung.key}”的 repeat 是{rung.repeat}，请写隔几个工作日，0是不重复。"


def _ladder(key: str, entry: LadderEntry) -> Ladder:
    last = max((n for n, rung in enumerate(entry.rungs) if rung.kind is RungKind.CHASE), default=None)
    rungs = tuple(
        Rung(
            key=rung.key,
            kind=rung.kind,
            workdays=rung.workdays or 0,
            # A chase goes on every week unless the file says otherwise.
            repeat=(WEEK if number == last and rung.repeat is None else rung.repeat) or None,
        )
        for number, rung in enumerate(entry.rungs)
    )
    return Ladder(key=key, name=entry.name, rungs=rungs)


def read_edition(path: Path, *, units: UnitBook, almanac: Almanac, workdays: WorkdayTable) -> Edition:
    """The edition a campaign file describes, dated for the file's own year.

    Raises CalendarFaults holding every fault found, each with its line. Sums that do not agree are no fault.
    """
    report = FaultList(f"{path.parent.name}/{path.name}")
    around = Around(
        path=path,
        units=units,
        almanac=almanac,
        workdays=workdays,
        ladders=ladders_of(path.parent.parent).keys(),
    )
    return _read(open_file(path, report), around, report)


def read_edition_text(
    text: str, path: Path, *, units: UnitBook, almanac: Almanac, workdays: WorkdayTable
) -> Edition:
    """The same for text that is to be written to `path`; the path is only named, not opened."""
    report = FaultList(f"{path.parent.name}/{path.name}")
    ladders = ladders_of(path.parent.parent).keys()
    around = Around(path=path, units=units, almanac=almanac, workdays=workdays, ladders=ladders)
    return _read(open_text(text, report), around, report)


def _read(document: Document, around: Around, report: FaultList) -> Edition:
    try:
        file = CampaignFile.model_validate(document.values, context=around)
    except ValidationError as error:
        report.take(error, document, ENTRIES)
        report.raise_if_any()
        raise
    report.raise_if_any()
    return file.edition(around)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearRead:
    """The editions of a year in the order of their file names, and the faults of the files that gave none."""

    editions: tuple[Edition, ...]
    faults: tuple[Fault, ...]


def read_year(year: int, root: Path | None = None, *, almanac: Almanac, workdays: WorkdayTable) -> YearRead:
    """Every file of `root/year` (the shipped calendars by default); a missing folder is one fault."""
    place = root or CALENDARS
    files = campaign_files(place / str(year))
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


def ladders_of(root: Path, *, repeats: int | None = None) -> Mapping[str, Ladder]:
    """A bureau's own ladders where its calendars keep any, else the shipped ones; `repeats` is the bureau's own cap."""
    own = root / LADDERS_FILE.name
    found = load_ladders(own if own.is_file() and own != LADDERS_FILE else None)
    if repeats is None:
        return found
    return {key: replace(one, repeats=repeats) for key, one in found.items()}


def units_of(root: Path) -> UnitBook:
    """A bureau's own unit book where its calendars keep one, else the shipped one."""
    own = root / UNITS_FILE.name
    return load_units(own if own.is_file() else None)
