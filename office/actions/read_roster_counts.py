"""Where a yearly check stands: the counts kept apart, by unit and in all, and exactly who is missing. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from office.actions.find_edition import edition_or_refuse
from office.actions.office import Office
from office.errors import NotFound
from office.store import rosters, subjects, units
from office.store.subjects import SubjectEntry
from rules.figures import shown
from rules.rosters import RosterCounts, total


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterLine:
    """One unit's counts; every one None, and every rate "—", while nobody knows who has to take part."""

    unit: str
    due: int | None
    taken_part: int | None
    completed: int | None
    passed: int | None
    missing: int | None
    participation: str
    completion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterStanding:
    """The whole check; `units` in the order of the register."""

    name: str
    year: int
    roster: str | None
    all: RosterLine
    units: tuple[RosterLine, ...]


def read_roster_counts(office: Office, campaign: str, year: int) -> RosterStanding:
    """The counts of an edition's roster; unknown, not zero, where none was imported."""
    with office.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        key = stored.value.roster
        roster_id = rosters.roster_id(connection, stored.id, key[:64]) if key else None
        counts = subjects.counts(connection, roster_id) if roster_id is not None else {}
        names = units.units_by_id(connection, counts)
    whole = total(counts.values()) if roster_id is not None else None
    return RosterStanding(
        name=stored.value.name,
        year=year,
        roster=key,
        all=_line("合计", whole),
        units=tuple(_line(names[unit_id], counts[unit_id]) for unit_id in sorted(counts)),
    )


def list_missing(
    office: Office, campaign: str, year: int, unit: str | None = None
) -> tuple[SubjectEntry, ...]:
    """Everyone who has to take part and has not, exactly; of one unit if it is named."""
    with office.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        key = stored.value.roster
        roster_id = rosters.roster_id(connection, stored.id, key[:64]) if key else None
        if roster_id is None:
            raise NotFound(
                f"{stored.value.name}{year}年还没有名册，不能列出未参检的对象，请先用 duban roster import 导入。"
            )
        unit_id = None
        if unit is not None:
            found = units.find_unit(connection, unit)
            if found is None:
                raise NotFound(f"没有叫“{unit}”的单位，请用 duban unit list 查看。")
            unit_id = found.id
        return tuple(subjects.missing(connection, roster_id, unit_id))


def _line(unit: str, counts: RosterCounts | None) -> RosterLine:
    return RosterLine(
        unit=unit,
        due=counts.due if counts else None,
        taken_part=counts.taken_part if counts else None,
        completed=counts.completed if counts else None,
        passed=counts.passed if counts else None,
        missing=counts.missing if counts else None,
        participation=shown(counts.participation if counts else None, "%"),
        completion=shown(counts.completion if counts else None, "%"),
    )
