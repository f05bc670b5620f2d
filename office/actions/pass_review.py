"""审核通过: one review level passes the submission under way; the last level makes it ready to be signed off."""

from __future__ import annotations

from datetime import datetime

from office.actions.acting import Acted, acting, cleaned, move, person_id, record, refuse
from office.actions.office import Office
from office.store import submissions
from rules.moves import Verb
from rules.people import Actor
from rules.reviews import review_refusals


def pass_review(
    office: Office,
    obligation_id: int,
    *,
    remark: str = "",
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Acted:
    """Pass the next level. Whoever handed in, passed a level before or signed off is refused."""
    remark = cleaned(remark)
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(*review_refusals(act.matter, Verb.PASS, by))
        level = len(act.matter.passed_by) + 1
        move(act, Verb.PASS)
        submissions.insert_review(
            act.connection,
            submission_id=submissions.newest_submission(act.connection, obligation_id),
            level=level,
            reviewed_by=person_id(by),
            reviewed_at=now,
            verdict="passed",
            reason=remark,
        )
        facts = {"level": level, "levels": act.one.review_levels, "remark": remark}
        return record(act, Verb.PASS, by, now, facts)
