"""抽查: somebody who had no part in the matter looks at it after it was signed off, and writes down what was found."""

from __future__ import annotations

from datetime import datetime

from office.actions.acting import Acted, acting, cleaned, move, person_id, record, refuse
from office.actions.office import Office
from office.store import acts
from rules.moves import Verb
from rules.people import Actor
from rules.reviews import spot_check_refusals


def spot_check(
    office: Office,
    obligation_id: int,
    *,
    passed: bool,
    finding: str,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Acted:
    """Record the finding. One that failed does not reopen by itself: that is decided, with a reason, by `reopen`."""
    finding = cleaned(finding)
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(*spot_check_refusals(act.matter, by, finding=finding))
        move(act, Verb.SPOT_CHECK)
        acts.insert_spot_check(
            act.connection,
            obligation_id=obligation_id,
            checked_by=person_id(by),
            checked_at=now,
            passed=int(passed),
            finding=finding,
        )
        return record(act, Verb.SPOT_CHECK, by, now, {"passed": passed, "finding": finding})
