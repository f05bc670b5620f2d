"""Apply one campaign file by name: also when the portal has changed the edition since, which the file then takes back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from calendars.almanac import almanac_for
from calendars.reader import CalendarFaults, read_edition
from office.actions.apply_edition import Applied, apply_edition
from office.actions.draft_texts import unit_book
from office.actions.office import Office
from office.errors import Refused
from rules.campaign import Edition
from rules.people import Actor


def apply_file(
    office: Office, path: Path, *, by: Actor, now: datetime, publish: bool = True, dry_run: bool = False
) -> Applied:
    """The file has the last word from now on."""
    edition = read_file(office, path)
    return apply_edition(office, edition, by=by, now=now, publish=publish, dry_run=dry_run)


def read_file(office: Office, path: Path) -> Edition:
    """The edition of a file. Raises Refused with every fault and its line."""
    with office.store.reading() as connection:
        book = unit_book(connection, office)
    try:
        return read_edition(path, units=book, almanac=almanac_for(), workdays=office.workdays)
    except CalendarFaults as refusal:
        raise Refused(
            f"{fault.file} 第{fault.line}行：{fault.message}" for fault in refusal.faults
        ) from refusal
