"""销号: what has passed every review level is struck off the ledger by somebody who neither handed in nor reviewed."""

from __future__ import annotations

from datetime import datetime

from office import clock
from office.actions.acting import Acted, acting, cleaned, move, person_id, record, refuse
from office.actions.office import Office
from office.store import acts
from rules.moves import Verb
from rules.people import Actor
from rules.reviews import review_refusals


def sign_off(
    office: Office,
    obligation_id: int,
    *,
    note: str = "",
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Acted:
    """Close it on the civil day of `now`; the result says whether it bears the permanent late mark."""
    note = cleaned(note)
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(*review_refusals(act.matter, Verb.SIGN_OFF, by))
        move(act, Verb.SIGN_OFF, closed_on=clock.civil(now))
        acts.insert_sign_off(
            act.connection, obligation_id=obligation_id, signed_by=person_id(by), signed_at=now, note=note
        )
        return record(act, Verb.SIGN_OFF, by, now, {"note": note, "late": act.one.late})
