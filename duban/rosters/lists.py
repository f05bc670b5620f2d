"""The subjects of a check's roster, a page at a time, as far as the person may see. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from calendars.formulas import figure_shown
from duban.bureau import Bureau
from duban.core.access import Actor, visible_units
from duban.core.errors import NotFound
from duban.editions.queries import (
    StoredEdition,
    StoredRoster,
    edition_by_id,
    edition_or_refuse,
    find_roster,
    find_roster_id,
)
from duban.rosters.queries import (
    SubjectEntry,
    editions_by_roster,
    goes_by_roster,
    missing_subjects,
    roster_totals,
    subject_counts_by_unit,
)
from duban.rosters.rules import RosterCounts, total_counts
from duban.rosters.subject_queries import SubjectFilter, count_subjects, subject_rows
from duban.units.queries import find_unit, units_by_id

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPage:
    """A page of the roster, from 1; `total` counts all that the filter finds. `roster` None: none was imported yet."""

    edition_id: int
    campaign: str
    name: str
    year: int
    roster: StoredRoster | None
    subjects: tuple[SubjectEntry, ...]
    total: int
    page: int
    page_size: int


def list_subjects(
    bureau: Bureau,
    edition_id: int,
    wanted: SubjectFilter,
    *,
    by: Actor,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> RosterPage:
    """The subjects of one page, by unit and in the order of the sheet. Raises NotFound for an edition that goes by no roster."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        stored, found = roster_of(connection, edition_id)
        subjects: tuple[SubjectEntry, ...] = ()
        total = 0
        if found is not None:
            offset = (page - 1) * page_size
            subjects = subject_rows(connection, found.id, wanted, sight, offset=offset, limit=page_size)
            total = count_subjects(connection, found.id, wanted, sight)
    return RosterPage(
        edition_id=edition_id,
        campaign=stored.value.campaign,
        name=stored.value.name,
        year=stored.value.year,
        roster=found,
        subjects=subjects,
        total=total,
        page=page,
        page_size=page_size,
    )


def roster_of(connection: Connection, edition_id: int) -> tuple[StoredEdition, StoredRoster | None]:
    """The edition and what was imported of its roster."""
    if not goes_by_roster(connection, edition_id):
        raise NotFound("没有这份名册：该专项行动不存在，或不按名册办理，请从名册的清单里选择。")
    stored = edition_by_id(connection, edition_id)
    assert stored.value.roster is not None, "just asked"
    return stored, find_roster(connection, stored.id, stored.value.roster[:64])


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterLine:
    """One unit's counts; every one None, and every rate "—", while nobody knows who has to take part.

    `passing` is 合格率 = 合格 ÷ 完成年检. The counts beside a rate are its exact fraction.
    """

    unit: str
    unit_id: int | None
    due: int | None
    taken_part: int | None
    completed: int | None
    passed: int | None
    basically_passed: int | None
    failed: int | None
    missing: int | None
    participation: str
    completion: str
    passing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterStanding:
    """The whole check; `units` in the order of the register."""

    name: str
    year: int
    roster: str | None
    all: RosterLine
    units: tuple[RosterLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterInList:
    """One check with its roster, as far as one was imported, and its counts."""

    edition_id: int
    name: str
    year: int
    state: str
    roster: str
    filename: str | None
    imported_at: datetime | None
    line: RosterLine


def read_roster_counts(bureau: Bureau, campaign: str, year: int, *, by: Actor) -> RosterStanding:
    """The counts of an edition's roster as far as the person may see; unknown, not zero, where none was imported."""
    with bureau.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        roster_id = _roster_id(connection, stored)
        counts = (
            subject_counts_by_unit(connection, roster_id, visible_units(by)) if roster_id is not None else {}
        )
        names = units_by_id(connection, counts)
    whole = total_counts(counts.values()) if roster_id is not None else None
    return RosterStanding(
        name=stored.value.name,
        year=year,
        roster=stored.value.roster,
        all=_line("合计", None, whole),
        units=tuple(_line(names[unit_id], unit_id, counts[unit_id]) for unit_id in sorted(counts)),
    )


def list_rosters(bureau: Bureau, *, by: Actor) -> tuple[RosterInList, ...]:
    """Every check that goes by a roster, the newest year first; a handler's own are those with his units' subjects."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        found = editions_by_roster(connection)
        totals = roster_totals(connection, sight)
    return tuple(
        RosterInList(
            edition_id=one.edition_id,
            name=one.name,
            year=one.year,
            state=one.state,
            roster=one.roster,
            filename=one.filename,
            imported_at=one.imported_at,
            line=_line("合计", None, totals.get(one.roster_id or 0)),
        )
        for one in found
        if sight.everything or one.roster_id in totals
    )


def list_missing(
    bureau: Bureau, campaign: str, year: int, unit: str | None = None, *, by: Actor
) -> tuple[SubjectEntry, ...]:
    """Everyone who has to take part and has not, exactly, as far as the person may see; of one unit if it is named."""
    with bureau.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        roster_id = _roster_id(connection, stored)
        if roster_id is None:
            raise NotFound(
                f"{stored.value.name}{year}年还没有名册，不能列出未参检的对象，请先用 duban roster import 导入。"
            )
        unit_id = None
        if unit is not None:
            found = find_unit(connection, unit)
            if found is None:
                raise NotFound(f"没有叫“{unit}”的单位，请核对单位名称。")
            unit_id = found.id
        return tuple(missing_subjects(connection, roster_id, visible_units(by), unit_id))


def _roster_id(connection: Any, stored: StoredEdition) -> int | None:
    key = stored.value.roster
    return find_roster_id(connection, stored.id, key[:64]) if key else None


def _line(unit: str, unit_id: int | None, counts: RosterCounts | None) -> RosterLine:
    return RosterLine(
        unit=unit,
        unit_id=unit_id,
        due=counts.due if counts else None,
        taken_part=counts.taken_part if counts else None,
        completed=counts.completed if counts else None,
        passed=counts.passed if counts else None,
        basically_passed=counts.basically_passed if counts else None,
        failed=counts.failed if counts else None,
        missing=counts.missing if counts else None,
        participation=figure_shown(counts.participation if counts else None, "%"),
        completion=figure_shown(counts.completion if counts else None, "%"),
        passing=figure_shown(counts.pass_rate if counts else None, "%"),
    )
