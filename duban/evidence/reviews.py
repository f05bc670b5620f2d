"""审核通过: one review level passes the submission under way; the last level makes it ready to be signed off."""

from __future__ import annotations

from datetime import date, datetime

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, person_id
from duban.core.errors import refuse
from duban.core.text import cleaned
from duban.evidence.queries import insert_review, newest_submission
from duban.obligations.queries import insert_sign_off, insert_spot_check
from duban.obligations.rules import returned_due_on, returning_refusals, review_refusals, spot_check_refusals
from duban.obligations.states import Transition
from duban.obligations.transitions import (
    TransitionContext,
    TransitionDone,
    move_to,
    obligation_clocks,
    record_transition,
    transition,
    unknown_day,
)
from duban.outbox.queries import enqueue_urgent


def pass_review(
    bureau: Bureau,
    obligation_id: int,
    *,
    remark: str = "",
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Pass the next level. Whoever handed in, passed a level before or signed off is refused."""
    remark = cleaned(remark)
    with transition(bureau, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(*review_refusals(act.matter, Transition.PASS, by))
        level = len(act.matter.passed_by) + 1
        move_to(act, Transition.PASS)
        insert_review(
            act.connection,
            submission_id=newest_submission(act.connection, obligation_id),
            level=level,
            reviewed_by=person_id(by),
            reviewed_at=now,
            verdict="passed",
            reason=remark,
        )
        facts = {"level": level, "levels": act.one.review_levels, "remark": remark}
        return record_transition(act, Transition.PASS, by, now, facts)


def send_back(
    bureau: Bureau,
    obligation_id: int,
    *,
    reason: str,
    resubmit_by_on: date | None = None,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Send back with a reason and, if wanted, a short new limit inside the wall; it never shortens the one that holds.

    The late mark of what was handed in late stays.
    """
    reason = cleaned(reason)
    with transition(bureau, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        due_on = returned_due_on(act.one.due_on, resubmit_by_on)
        refuse(
            *review_refusals(act.matter, Transition.SEND_BACK, by, reason=reason),
            *returning_refusals(obligation_clocks(act, now), resubmit_by_on),
            *unknown_day(bureau, resubmit_by_on),
        )
        times = act.one.returned_times + 1
        move_to(act, Transition.SEND_BACK, due_on=due_on, returned_times=times, submitted_on=None)
        _review(act, by, now, reason)
        messages = _tell(act, by, now, reason, times, resubmit_by_on)
        facts = {"reason": reason, "times": times, "resubmit_by_on": resubmit_by_on}
        return record_transition(act, Transition.SEND_BACK, by, now, facts, messages=messages)


def _review(act: TransitionContext, by: Actor, now: datetime, reason: str) -> None:
    insert_review(
        act.connection,
        submission_id=newest_submission(act.connection, act.one.id),
        level=len(act.matter.passed_by) + 1,
        reviewed_by=person_id(by),
        reviewed_at=now,
        verdict="sent_back",
        reason=reason,
    )


def _tell(
    act: TransitionContext, by: Actor, now: datetime, reason: str, times: int, resubmit_by_on: date | None
) -> int:
    return enqueue_urgent(
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
        settings=act.bureau.settings,
    )


def sign_off(
    bureau: Bureau,
    obligation_id: int,
    *,
    note: str = "",
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Close it on the civil day of `now`; the result says whether it bears the permanent late mark."""
    note = cleaned(note)
    with transition(bureau, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(*review_refusals(act.matter, Transition.SIGN_OFF, by))
        move_to(act, Transition.SIGN_OFF, closed_on=clock.civil(now))
        insert_sign_off(
            act.connection, obligation_id=obligation_id, signed_by=person_id(by), signed_at=now, note=note
        )
        return record_transition(act, Transition.SIGN_OFF, by, now, {"note": note, "late": act.one.late})


def spot_check(
    bureau: Bureau,
    obligation_id: int,
    *,
    passed: bool,
    finding: str,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Record the finding. One that failed does not reopen by itself: that is decided, with a reason, by `reopen`."""
    finding = cleaned(finding)
    with transition(bureau, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(*spot_check_refusals(act.matter, by, finding=finding))
        move_to(act, Transition.SPOT_CHECK)
        insert_spot_check(
            act.connection,
            obligation_id=obligation_id,
            checked_by=person_id(by),
            checked_at=now,
            passed=int(passed),
            finding=finding,
        )
        return record_transition(act, Transition.SPOT_CHECK, by, now, {"passed": passed, "finding": finding})
