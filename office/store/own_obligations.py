"""What some units owe, as their own page lists it: the earliest date first, and what is done newest first.

Read through indexes that lead straight to the unit's open matters, so that what was done in earlier years costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, text

from office.store.obligation_list import Listed, listed_of, shown
from office.store.obligations import expected_evidence
from office.store.sights import within
from office.store.tables import (
    edition,
    extension,
    milestone,
    obligation,
    person,
    progress,
    review,
    submission,
)
from office.store.tables.ledger import UNFINISHED
from rules.campaign import ExpectedEvidence
from rules.moves import DONE, OPEN, OUT, WAITING, State
from rules.sight import Sight

OWED = OPEN
WITH_OTHERS = WAITING | {State.SUSPENDED}
OVER = DONE | (OUT - {State.SUSPENDED})
_IN_FORCE = ("published", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """One obligation of one's own: the row of the ledger and what the unit's page says besides."""

    listed: Listed
    ladder: str
    opened_on: date
    version: int
    paused: bool  # its edition is: no reminders for now
    source_document: str
    source_item: str
    due_phrase: str
    milestone_id: int
    expected: tuple[ExpectedEvidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBackRow:
    """The newest send-back of one obligation."""

    nth: int
    reason: str
    reviewed_by: str
    reviewed_at: datetime


def rows(
    connection: Connection, sight: Sight, states: frozenset[State], *, offset: int, limit: int
) -> tuple[Own, ...]:
    """Some of them; what is over is read from its end."""
    newest_first = states == OVER
    order = (
        (obligation.c.due_on.desc(), obligation.c.id.desc())
        if newest_first
        # The index's own order: nothing is left to be sorted.
        else (obligation.c.due_on, obligation.c.state, obligation.c.edition_id, obligation.c.id)
    )
    ids = (
        select(obligation.c.id)
        .where(within(sight, obligation.c.unit_id), among(states), _in_force())
        .order_by(*order)
        .offset(offset)
        .limit(limit)
    )
    wanted = list(connection.scalars(ids))
    found = {one.listed.id: one for one in _of(connection, wanted)}
    return tuple(found[one] for one in wanted)


def all_of(connection: Connection, sight: Sight, *, due_from: date) -> tuple[Own, ...]:
    """Everything due since a day, and whatever is still open from before: a calendar, a ledger of the year."""
    still = and_(among(OWED | WITH_OTHERS), obligation.c.due_on < due_from)
    ids = (
        select(obligation.c.id)
        .where(within(sight, obligation.c.unit_id), _in_force())
        .where(or_(obligation.c.due_on >= due_from, still), obligation.c.state.not_in(_NOT_YET))
        .order_by(obligation.c.due_on, obligation.c.id)
    )
    return _of(connection, list(connection.scalars(ids)))


def one(connection: Connection, obligation_id: int) -> Own | None:
    """One of them, for whoever has already been found to see it."""
    return next(iter(_of(connection, [obligation_id])), None)


def count(connection: Connection, sight: Sight, states: frozenset[State]) -> int:
    """How many there are."""
    return connection.execute(
        select(func.count()).where(within(sight, obligation.c.unit_id), among(states), _in_force())
    ).scalar_one()


def sent_back(connection: Connection, ids: Sequence[int]) -> dict[int, SentBackRow]:
    """The newest send-back of each of these obligations."""
    found = connection.execute(
        select(
            submission.c.obligation_id,
            submission.c.nth,
            review.c.reason,
            person.c.name.label("reviewed_by"),
            review.c.reviewed_at,
        )
        .join_from(review, submission, submission.c.id == review.c.submission_id)
        .join(person, person.c.id == review.c.reviewed_by)
        .where(submission.c.obligation_id.in_(ids), review.c.verdict == "sent_back")
        .order_by(submission.c.nth, review.c.level)
    )
    return {
        row.obligation_id: SentBackRow(
            nth=row.nth, reason=row.reason, reviewed_by=row.reviewed_by, reviewed_at=row.reviewed_at
        )
        for row in found
    }


def wanted_on(connection: Connection, ids: Sequence[int]) -> dict[int, date]:
    """The day that each undecided request for more time asks for."""
    found = connection.execute(
        select(extension.c.obligation_id, extension.c.wanted_on).where(
            extension.c.obligation_id.in_(ids), extension.c.decided_at.is_(None)
        )
    )
    return {row.obligation_id: row.wanted_on for row in found}


def newest_reports(connection: Connection, ids: Sequence[int]) -> dict[int, date]:
    """The day that the newest report of progress stands for."""
    found = connection.execute(
        select(progress.c.obligation_id, func.max(progress.c.as_of_on).label("on"))
        .where(progress.c.obligation_id.in_(ids))
        .group_by(progress.c.obligation_id)
    )
    return {row.obligation_id: row.on for row in found}


def among(states: frozenset[State]) -> ColumnElement[bool]:
    """The states; of unfinished ones with the index's own condition, so that the database finds it fit."""
    wanted = obligation.c.state.in_(sorted(state.value for state in states))
    if states <= OWED | WITH_OTHERS:
        return and_(text(f"obligation.{UNFINISHED}"), wanted)
    return wanted


_NOT_YET = (State.DRAFT.value, State.REGISTERED.value)
_PAGE = 500


def _in_force() -> ColumnElement[bool]:
    """As a sub-query over the few editions, so that the unit's index leads the way."""
    return obligation.c.edition_id.in_(select(edition.c.id).where(edition.c.state.in_(_IN_FORCE)))


def _of(connection: Connection, ids: Sequence[int]) -> tuple[Own, ...]:
    found: list[Own] = []
    bodies: dict[int, tuple[ExpectedEvidence, ...]] = {}
    for start in range(0, len(ids), _PAGE):
        some = connection.execute(_whole(ids[start : start + _PAGE])).all()
        _expect(connection, bodies, {row.milestone_id for row in some})
        found += [_own(row, bodies) for row in some]
    return tuple(found)


def _whole(ids: Sequence[int]) -> Any:
    return (
        shown()
        .add_columns(
            obligation.c.ladder,
            obligation.c.opened_on,
            obligation.c.version,
            obligation.c.milestone_id,
            edition.c.state.label("edition_state"),
            milestone.c.source_document,
            milestone.c.source_item,
            milestone.c.due_phrase,
        )
        .where(obligation.c.id.in_(ids))
        .order_by(obligation.c.due_on, obligation.c.id)
    )


def _expect(connection: Connection, bodies: dict[int, tuple[ExpectedEvidence, ...]], ids: set[int]) -> None:
    """What each milestone expects, read once for all its obligations."""
    new = sorted(ids - set(bodies))
    for row in connection.execute(select(milestone.c.id, milestone.c.body).where(milestone.c.id.in_(new))):
        bodies[row.id] = expected_evidence(row.body)


_EXTRA = (
    "ladder",
    "opened_on",
    "version",
    "source_document",
    "source_item",
    "due_phrase",
    "milestone_id",
)


def _own(row: Any, bodies: dict[int, tuple[ExpectedEvidence, ...]]) -> Own:
    values = dict(row._mapping)
    own = {name: values.pop(name) for name in _EXTRA}
    state = values.pop("edition_state")
    return Own(
        **own, listed=listed_of(values), paused=state == "paused", expected=bodies[own["milestone_id"]]
    )
