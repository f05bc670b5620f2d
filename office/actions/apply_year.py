"""Apply and publish every edition of a year whose file has no fault; one that is refused does not stop the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from calendars.almanac import almanac_for
from calendars.reader import Fault, YearRead, read_year
from calendars.reader.year import units_of
from office.actions.apply_edition import Applied, apply_edition
from office.actions.import_units import import_unit_book
from office.actions.office import Office
from office.errors import Refused
from office.store.editions import editions
from rules.people import Actor


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


def read_calendars(office: Office, year: int, root: Path) -> YearRead:
    """The year's files as they read under the workdays this bureau knows."""
    return read_year(year, root, almanac=almanac_for(), workdays=office.workdays)


def apply_year(
    office: Office,
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
    read = read_calendars(office, year, root)
    if read.editions:
        entered = import_unit_book(office, units_of(root), by=by, now=now, dry_run=dry_run)
        if dry_run and entered.new:
            raise Refused(
                f"名录里还有{len(entered.new)}个单位没有登记，请先运行 duban setup，再用 --dry-run 预览。"
            )
    own = _own(office, year)
    applied: list[Applied] = []
    refused: list[str] = []
    left: list[str] = []
    for number, edition in enumerate(read.editions, start=1):
        progress(number, len(read.editions))
        if edition.campaign in own:
            left.append(f"{edition.name}（{edition.campaign}）")
            continue
        try:
            applied.append(apply_edition(office, edition, by=by, now=now, publish=publish, dry_run=dry_run))
        except Refused as refusal:
            refused.extend(refusal.reasons)
    return YearApplied(
        year=year,
        editions=tuple(applied),
        faults=read.faults,
        refused=tuple(refused),
        unlisted=_unlisted(office, year, read),
        left=tuple(left),
    )


def _own(office: Office, year: int) -> frozenset[str]:
    """The campaigns that the portal keeps this year."""
    with office.store.reading() as connection:
        return frozenset(one.value.campaign for one in editions(connection, year=year) if one.own)


def _unlisted(office: Office, year: int, read: YearRead) -> tuple[str, ...]:
    listed = {one.campaign for one in read.editions} | {Path(fault.file).stem for fault in read.faults}
    with office.store.reading() as connection:
        stored = editions(connection, year=year)
    return tuple(
        f"{one.value.name}（{one.value.campaign}）"
        for one in stored
        if one.state != "withdrawn" and not one.own and one.value.campaign not in listed
    )
