"""未签收: units that were handed something and have not acknowledged it for too long, with whom one can reach there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from office.actions.office import Office
from office.actions.read_reviews import PAGE_SIZE
from office.store import units, unread
from office.store.units import ContactEntry
from office.store.unread import UnreadUnit
from rules.people import Actor
from rules.sight import sight_of
from rules.workdays import YearUnknown

# How many workdays a unit has to acknowledge before it is listed.
UNREAD_WORKDAYS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPage:
    """Units, the longest silent first. `obligations` and `total` (units) count all pages."""

    units: tuple[UnreadUnit, ...]
    contacts: Mapping[int, tuple[ContactEntry, ...]]
    opened_until: date
    obligations: int
    total: int
    page: int
    page_size: int


def read_unread(
    office: Office,
    *,
    by: Actor,
    today: date,
    workdays: int = UNREAD_WORKDAYS,
    edition_id: int | None = None,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> UnreadPage:
    """What was handed out longer than so many workdays ago and is still only assigned."""
    sight, until = sight_of(by), opened_until(office, today, workdays)
    with office.store.reading() as connection:
        found = unread.unread_units(
            connection,
            sight,
            opened_until=until,
            edition_id=edition_id,
            offset=(page - 1) * page_size,
            limit=page_size,
        )
        contacts = units.active_contacts(connection, [one.unit_id for one in found.units])
    return UnreadPage(
        units=found.units,
        contacts=contacts,
        opened_until=until,
        obligations=found.obligations,
        total=found.total,
        page=page,
        page_size=page_size,
    )


def opened_until(office: Office, today: date, workdays: int) -> date:
    """What was opened on this day or before has had its workdays."""
    try:
        return office.workdays.shift(today, -workdays)
    except YearUnknown:
        return today - timedelta(days=workdays)
