"""归档: a signed-off obligation goes into the files; it can still be spot-checked and reopened."""

from __future__ import annotations

from datetime import datetime

from office.actions.acting import Acted, acting, move, record, refuse
from office.actions.office import Office
from rules.moves import Verb, refusals
from rules.people import Actor


def archive(
    office: Office,
    obligation_id: int,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Acted:
    """Archive one signed-off obligation."""
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(*refusals(act.matter, Verb.ARCHIVE, by))
        move(act, Verb.ARCHIVE)
        return record(act, Verb.ARCHIVE, by, now, {})
