"""免办: a unit need not do it, for a reason and on somebody's authority; it leaves the denominators."""

from __future__ import annotations

from datetime import datetime

from office import clock
from office.actions.acting import Acted, acting, cleaned, move, person_id, record, refuse
from office.actions.office import Office
from office.store import acts
from rules.moves import State, Verb, grounds_refusals, refusals
from rules.people import Actor


def waive(
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
    """Waive one obligation. A suspension under way ends with it."""
    reason, authority = cleaned(reason), cleaned(authority)[:200]
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(
            *refusals(act.matter, Verb.WAIVE, by),
            *grounds_refusals(Verb.WAIVE, reason=reason, authority=authority),
        )
        move(act, Verb.WAIVE, state_before=None)
        stopped = acts.open_suspension(act.connection, obligation_id)
        if act.one.state is State.SUSPENDED and stopped:
            acts.end_suspension(act.connection, stopped.id, by=person_id(by), on=clock.civil(now))
        acts.insert_waiver(
            act.connection,
            obligation_id=obligation_id,
            reason=reason,
            authority=authority,
            waived_by=person_id(by),
            waived_at=now,
        )
        return record(act, Verb.WAIVE, by, now, {"reason": reason, "authority": authority})
