"""恢复计时: the clock runs again, and the days it stood are given back as far as the wall allows."""

from __future__ import annotations

from datetime import datetime

from office import clock
from office.actions.acting import Acted, acting, clocks, move, person_id, record, refuse, unknown_day
from office.actions.office import Office
from office.store import acts
from rules.extensions import resumed_due_on
from rules.moves import Verb, refusals
from rules.people import Actor


def resume(
    office: Office,
    obligation_id: int,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Acted:
    """Go on in the state it was in; the result shows the date that holds now."""
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(*refusals(act.matter, Verb.RESUME, by))
        stopped = acts.open_suspension(act.connection, obligation_id)
        assert stopped is not None, "every suspended obligation has its suspension"
        due_on = resumed_due_on(clocks(act, now), stopped.suspended_on)
        refuse(*unknown_day(office, due_on))
        move(act, Verb.RESUME, state_before=None, due_on=due_on)
        acts.end_suspension(act.connection, stopped.id, by=person_id(by), on=clock.civil(now))
        return record(act, Verb.RESUME, by, now, {"suspended_on": stopped.suspended_on})
