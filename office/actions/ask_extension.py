"""申请延期: a unit that will not be in time says so before the date, with reason, progress and the day it wants."""

from __future__ import annotations

from datetime import date, datetime

from office.actions.acting import Acted, acting, cleaned, clocks, move, person_id, record, refuse, unknown_day
from office.actions.office import Office
from office.store import acts
from rules.extensions import asking_refusals
from rules.moves import Verb
from rules.people import Actor


def ask_extension(
    office: Office,
    obligation_id: int,
    *,
    wanted_on: date,
    reason: str,
    progress: str,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Acted:
    """Ask for more time. The date stays what it is until somebody decides."""
    reason, progress = cleaned(reason), cleaned(progress)
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        pending = acts.pending_extension(act.connection, obligation_id) is not None
        wanted: dict[str, object] = {"wanted_on": wanted_on, "reason": reason, "progress": progress}
        refuse(
            *unknown_day(office, wanted_on),
            *asking_refusals(
                act.matter,
                by,
                clocks(act, now),
                wanted_on=wanted_on,
                reason=reason,
                progress=progress,
                pending=pending,
            ),
        )
        move(act, Verb.ASK_EXTENSION)
        acts.insert_extension(
            act.connection, obligation_id=obligation_id, asked_by=person_id(by), asked_at=now, **wanted
        )
        return record(act, Verb.ASK_EXTENSION, by, now, wanted)
