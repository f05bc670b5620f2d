"""退回: a submission is not good enough; the unit is told at once why and by when to put it right."""

from __future__ import annotations

from datetime import date, datetime

from office.actions.acting import (
    Act,
    Acted,
    acting,
    cleaned,
    clocks,
    move,
    person_id,
    record,
    refuse,
    unknown_day,
)
from office.actions.office import Office
from office.store import dispatches, submissions
from rules.extensions import returned_due_on, returning_refusals
from rules.moves import Verb
from rules.people import Actor
from rules.reviews import review_refusals


def send_back(
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
    """Send back with a reason and, if wanted, a short new limit inside the wall; it never shortens the one that holds.

    The late mark of what was handed in late stays.
    """
    reason = cleaned(reason)
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        due_on = returned_due_on(act.one.due_on, resubmit_by_on)
        refuse(
            *review_refusals(act.matter, Verb.SEND_BACK, by, reason=reason),
            *returning_refusals(clocks(act, now), resubmit_by_on),
            *unknown_day(office, resubmit_by_on),
        )
        times = act.one.returned_times + 1
        move(act, Verb.SEND_BACK, due_on=due_on, returned_times=times, submitted_on=None)
        _review(act, by, now, reason)
        messages = _tell(act, by, now, reason, times, resubmit_by_on)
        facts = {"reason": reason, "times": times, "resubmit_by_on": resubmit_by_on}
        return record(act, Verb.SEND_BACK, by, now, facts, messages=messages)


def _review(act: Act, by: Actor, now: datetime, reason: str) -> None:
    submissions.insert_review(
        act.connection,
        submission_id=submissions.newest_submission(act.connection, act.one.id),
        level=len(act.matter.passed_by) + 1,
        reviewed_by=person_id(by),
        reviewed_at=now,
        verdict="sent_back",
        reason=reason,
    )


def _tell(act: Act, by: Actor, now: datetime, reason: str, times: int, resubmit_by_on: date | None) -> int:
    return dispatches.enqueue_urgent(
        act.connection,
        kind="send_back",
        unit_id=act.one.unit_id,
        ref=f"obligation:{act.one.id}:{times}",
        payload={
            "obligation_id": act.one.id,
            "reason": reason,
            "reviewer": by.name,
            "times": times,
            "resubmit_by_on": resubmit_by_on.isoformat() if resubmit_by_on else None,
            "previous_due_on": act.one.due_on.isoformat(),
        },
        now=now,
        settings=act.office.settings,
    )
