"""暂停计时: the clock of an obligation stands still, for a reason and on somebody's authority."""

from __future__ import annotations

from datetime import datetime

from office import clock
from office.actions.acting import Acted, acting, cleaned, move, person_id, record, refuse
from office.actions.office import Office
from office.store import acts
from rules.moves import Verb, grounds_refusals, refusals
from rules.people import Actor


def suspend(
    office: Office,
    obligation_id: int,
    *,
    reason: str,
    authority: str,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Acted:
    """Stop the clock of one obligation: no reminders, out of the denominators, until it is resumed."""
    reason, authority = cleaned(reason), cleaned(authority)[:200]
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(
            *refusals(act.matter, Verb.SUSPEND, by),
            *grounds_refusals(Verb.SUSPEND, reason=reason, authority=authority),
        )
        move(act, Verb.SUSPEND, state_before=act.one.state.value)
        acts.insert_suspension(
            act.connection,
            obligation_id=obligation_id,
            reason=reason,
            authority=authority,
            suspended_by=person_id(by),
            suspended_on=clock.civil(now),
        )
        return record(act, Verb.SUSPEND, by, now, {"reason": reason, "authority": authority})
