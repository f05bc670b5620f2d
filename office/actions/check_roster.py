"""Check the sheet of a roster before it is imported: every fault by row and kind, in bounded memory, nothing written."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from office import clock
from office.actions.find_edition import edition_or_refuse
from office.actions.import_roster import roster_key
from office.actions.office import Office
from office.actions.roster_rows import Scope, read_roster
from office.actions.row_faults import SHOWN_FAULTS
from office.errors import Refused
from office.store import units
from rules.keeping import keeping_refusals
from rules.people import Actor


def check_roster(
    office: Office,
    campaign: str,
    year: int,
    path: Path,
    *,
    by: Actor,
    now: datetime,
    scope: Scope = Scope(),
    keep: int = SHOWN_FAULTS,
) -> int:
    """Read the sheet and write nothing, so that nobody waits for a faulty one; returns how many subjects it has.

    Raises RowsRefused with up to `keep` of its faults in full.
    """
    if reasons := keeping_refusals(by, "导入名册"):
        raise Refused(reasons)
    with office.store.reading() as connection:
        roster_key(edition_or_refuse(connection, campaign, year))
        find = units.unit_names(connection).find
    sheet = read_roster(path, find_unit=find, scope=scope, today=clock.civil(now), keep=keep)
    subjects = sum(1 for _ in sheet.rows)
    sheet.faults.refuse()
    return subjects
