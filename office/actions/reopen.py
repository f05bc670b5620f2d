"""重新打开: a spot check failed or new facts came up; the unit owes it again and the late mark stays."""

from __future__ import annotations

from datetime import date, datetime

from office.actions.acting import Acted, acting, cleaned, clocks, move, record, refuse, unknown_day
from office.actions.office import Office
from rules.extensions import returned_due_on, returning_refusals
from rules.moves import Verb, refusals
from rules.people import Actor


def reopen(
    office: Office,
    obligation_id: int,
    *,
    reason: str,
    resubmit_by_on: date | None = None,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Acted:
    """Open it again for a reason, if wanted with a new limit inside the wall."""
    reason = cleaned(reason)
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(
            *refusals(act.matter, Verb.REOPEN, by),
            *returning_refusals(clocks(act, now), resubmit_by_on),
            *unknown_day(office, resubmit_by_on),
            *(() if reason else ("重新打开要写明原因（抽查不合格或新的情况），请补写。",)),
        )
        due_on = returned_due_on(act.one.due_on, resubmit_by_on)
        move(act, Verb.REOPEN, due_on=due_on, closed_on=None, submitted_on=None)
        return record(act, Verb.REOPEN, by, now, {"reason": reason, "resubmit_by_on": resubmit_by_on})
