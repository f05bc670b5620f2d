"""The subjects of a check's roster, a page at a time, as far as the person may see. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from office.actions.find_edition import edition_by_id
from office.actions.office import Office
from office.errors import NotFound
from office.store import rosters, subject_list
from office.store.editions import StoredEdition
from office.store.engine import Connection
from office.store.rosters import StoredRoster
from office.store.subject_list import NO_OUTCOME as NO_OUTCOME  # doors ask with it
from office.store.subject_list import SubjectFilter
from office.store.subjects import SubjectEntry
from rules.people import Actor
from rules.sight import sight_of

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
    office: Office,
    edition_id: int,
    wanted: SubjectFilter,
    *,
    by: Actor,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> RosterPage:
    """The subjects of one page, by unit and in the order of the sheet. Raises NotFound for an edition that goes by no roster."""
    sight = sight_of(by)
    with office.store.reading() as connection:
        stored, found = roster_of(connection, edition_id)
        subjects: tuple[SubjectEntry, ...] = ()
        total = 0
        if found is not None:
            offset = (page - 1) * page_size
            subjects = subject_list.rows(connection, found.id, wanted, sight, offset=offset, limit=page_size)
            total = subject_list.count(connection, found.id, wanted, sight)
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
    if not rosters.goes_by_roster(connection, edition_id):
        raise NotFound("没有这份名册：该专项行动不存在，或不按名册办理，请从名册的清单里选择。")
    stored = edition_by_id(connection, edition_id)
    assert stored.value.roster is not None, "just asked"
    return stored, rosters.find_roster(connection, stored.id, stored.value.roster[:64])
