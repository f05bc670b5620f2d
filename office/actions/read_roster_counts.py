"""Where a yearly check stands: the counts kept apart, by unit and in all, and exactly who is missing. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from office.actions.find_edition import edition_or_refuse
from office.actions.office import Office
from office.errors import NotFound
from office.store import rosters, subjects, units
from office.store.editions import StoredEdition
from office.store.subjects import SubjectEntry
from rules.figures import shown
from rules.people import Actor
from rules.rosters import RosterCounts, total
from rules.sight import sight_of


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


def read_roster_counts(office: Office, campaign: str, year: int, *, by: Actor) -> RosterStanding:
    """The counts of an edition's roster as far as the person may see; unknown, not zero, where none was imported."""
    with office.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        roster_id = _roster_id(connection, stored)
        counts = subjects.counts(connection, roster_id, sight_of(by)) if roster_id is not None else {}
        names = units.units_by_id(connection, counts)
    whole = total(counts.values()) if roster_id is not None else None
    return RosterStanding(
        name=stored.value.name,
        year=year,
        roster=stored.value.roster,
        all=_line("合计", None, whole),
        units=tuple(_line(names[unit_id], unit_id, counts[unit_id]) for unit_id in sorted(counts)),
    )


def list_rosters(office: Office, *, by: Actor) -> tuple[RosterInList, ...]:
    """Every check that goes by a roster, the newest year first; a handler's own are those with his units' subjects."""
    sight = sight_of(by)
    with office.store.reading() as connection:
        found = rosters.editions_by_roster(connection)
        totals = subjects.totals(connection, sight)
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
    office: Office, campaign: str, year: int, unit: str | None = None, *, by: Actor
) -> tuple[SubjectEntry, ...]:
    """Everyone who has to take part and has not, exactly, as far as the person may see; of one unit if it is named."""
    with office.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        roster_id = _roster_id(connection, stored)
        if roster_id is None:
            raise NotFound(
                f"{stored.value.name}{year}年还没有名册，不能列出未参检的对象，请先用 duban roster import 导入。"
            )
        unit_id = None
        if unit is not None:
            found = units.find_unit(connection, unit)
            if found is None:
                raise NotFound(f"没有叫“{unit}”的单位，请核对单位名称。")
            unit_id = found.id
        return tuple(subjects.missing(connection, roster_id, sight_of(by), unit_id))


def _roster_id(connection: Any, stored: StoredEdition) -> int | None:
    key = stored.value.roster
    return rosters.roster_id(connection, stored.id, key[:64]) if key else None


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
        participation=shown(counts.participation if counts else None, "%"),
        completion=shown(counts.completion if counts else None, "%"),
        passing=shown(counts.pass_rate if counts else None, "%"),
    )
