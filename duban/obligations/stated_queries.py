"""Stated dates of submissions: what was stated, and what they must not lie before."""

from __future__ import annotations

import json
from datetime import date, datetime

from sqlalchemy import Connection, func, select, update

from duban.core import clock
from duban.core.db import insert_row
from duban.evidence.tables import submission
from duban.history.tables import history
from duban.obligations.rules import NewestSubmission, StatedDate
from duban.obligations.states import TRANSITION_NAMES, Transition
from duban.obligations.tables import obligation, stated_date

# What a submission builds on besides its assignment.
_BEFORE = (Transition.SEND_BACK, Transition.REOPEN, Transition.TAKE_BACK, Transition.FORWARD)


def stated_of_newest(connection: Connection, obligation_id: int) -> StatedDate | None:
    """What was stated of the submission under way."""
    newest = select(func.max(submission.c.id)).where(submission.c.obligation_id == obligation_id)
    names = [name for name in StatedDate.__slots__ if name != "late_before"]
    row = connection.execute(
        select(*(stated_date.c[name] for name in names), stated_date.c.late_before).where(
            stated_date.c.submission_id == newest.scalar_subquery()
        )
    ).first()
    return StatedDate(**dict(row._mapping) | {"late_before": bool(row.late_before)}) if row else None


def newest_submission(connection: Connection, obligation_id: int) -> NewestSubmission:
    """Of a matter that was handed in."""
    own = submission.c.obligation_id == obligation_id
    newest = connection.execute(
        select(submission.c.id, submission.c.submitted_at)
        .where(own)
        .order_by(submission.c.nth.desc())
        .limit(1)
    ).one()
    opened_on = connection.execute(
        select(obligation.c.opened_on).where(obligation.c.id == obligation_id)
    ).scalar_one()
    entries = connection.execute(
        select(history.c.verb, history.c.at, history.c.detail)
        .where(
            history.c.noun == "obligation",
            history.c.noun_id == obligation_id,
            history.c.verb.in_([verb.value for verb in (*_BEFORE, Transition.SUBMIT)]),
        )
        .order_by(history.c.id)
    ).all()
    before = [row for row in entries if row.verb != Transition.SUBMIT]
    after, after_on = "交办", opened_on
    if before and clock.civil(before[-1].at) > opened_on:
        after, after_on = TRANSITION_NAMES[Transition(before[-1].verb)], clock.civil(before[-1].at)
    return NewestSubmission(
        id=newest.id,
        received_on=clock.civil(newest.submitted_at),
        after=after,
        after_on=after_on,
        late_before=any(
            _late(row.at, row.detail)
            for row in entries
            if row.verb == Transition.SUBMIT and row.at < newest.submitted_at
        ),
    )


def _late(at: datetime, detail: str) -> bool:
    return clock.civil(at) > date.fromisoformat(json.loads(detail)["due_on"])


def insert_stated_date(connection: Connection, **values: object) -> None:
    insert_row(connection, stated_date, **values)


def decide_stated_date(
    connection: Connection, stated_id: int, *, accepted: bool, by: int, at: datetime
) -> None:
    """A reviewer's word on it."""
    values = {"verdict": "accepted" if accepted else "refused", "decided_by": by, "decided_at": at}
    connection.execute(update(stated_date).where(stated_date.c.id == stated_id).values(**values))
