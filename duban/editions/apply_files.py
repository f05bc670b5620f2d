"""Apply one campaign file by name: also when the portal has changed the edition since, which the file then takes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from calendars.lunar import almanac_for
from calendars.model import Edition
from calendars.reader import YearRead, read_edition, read_year, units_of
from calendars.reader.faults import CalendarFaults, Fault
from duban.bureau import Bureau
from duban.core.access import Actor
from duban.core.errors import Refused
from duban.editions.apply import Applied, apply_edition
from duban.editions.drafts import unit_book
from duban.editions.queries import stored_editions
from duban.units.importing import import_unit_book


def apply_file(
    bureau: Bureau, path: Path, *, by: Actor, now: datetime, publish: bool = True, dry_run: bool = False
) -> Applied:
    """The file has the last word from now on."""
    edition = read_file(bureau, path)
    return apply_edition(bureau, edition, by=by, now=now, publish=publish, dry_run=dry_run)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class YearApplied:
    """What applying a year did: editions applied, faults of files that gave none, and editions refused."""

    year: int
    editions: tuple[Applied, ...]
    faults: tuple[Fault, ...]
    refused: tuple[str, ...]
    # In the ledger but in no file any more: a person decides whether to withdraw them.
    unlisted: tuple[str, ...] = ()
    # Changed in the portal since: the file is passed over until somebody applies it by name.
    left: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return not (self.faults or self.refused)


def read_calendars(bureau: Bureau, year: int, root: Path) -> YearRead:
    """The year's files as they read under the workdays this bureau knows."""
    return read_year(year, root, almanac=almanac_for(), workdays=bureau.workdays)


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
    read = read_calendars(bureau, year, root)
    if read.editions:
        entered = import_unit_book(bureau, units_of(root), by=by, now=now, dry_run=dry_run)
        if dry_run and entered.new:
            raise Refused(
                f"名录里还有{len(entered.new)}个单位没有登记，请先运行 duban setup，再用 --dry-run 预览。"
            )
    own = _own(bureau, year)
    applied: list[Applied] = []
    refused: list[str] = []
    left: list[str] = []
    for number, edition in enumerate(read.editions, start=1):
        progress(number, len(read.editions))
        if edition.campaign in own:
            left.append(f"{edition.name}（{edition.campaign}）")
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
        unlisted=_unlisted(bureau, year, read),
        left=tuple(left),
    )


def _own(bureau: Bureau, year: int) -> frozenset[str]:
    """The campaigns that the portal keeps this year."""
    with bureau.store.reading() as connection:
        return frozenset(one.value.campaign for one in stored_editions(connection, year=year) if one.own)


def _unlisted(bureau: Bureau, year: int, read: YearRead) -> tuple[str, ...]:
    listed = {one.campaign for one in read.editions} | {Path(fault.file).stem for fault in read.faults}
    with bureau.store.reading() as connection:
        stored = stored_editions(connection, year=year)
    return tuple(
        f"{one.value.name}（{one.value.campaign}）"
        for one in stored
        if one.state != "withdrawn" and not one.own and one.value.campaign not in listed
    )
