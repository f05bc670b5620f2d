"""What a roster's records settle among the obligations of its subjects, in sets: handed in, or closed.

Each transition is one row of trace per obligation (a submission or a sign-off) and one change, whatever their number.
Knows no sheet; which states may move is decided in rules.rosters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from office.store.tables import obligation, sign_off, subject, submission
from rules.moves import State
from rules.rosters import BY_CONCLUSION, BY_PARTICIPATION, HELD, UNTOUCHED

_ROW = obligation.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Whose roster, and under whose name. `news` chooses the ids of the subjects whose record is new with this act;
    of the others only what nobody has touched yet is settled, or nothing with `only_news`. `source` is written on every trace.
    """

    edition_id: int
    roster_id: int
    news: Select[Any] | None
    source: str
    by: int
    at: datetime
    today: date
    flow_run_id: str | None
    only_news: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How many obligations now wait for the registrar, and how many are closed."""

    submitted: int = 0
    closed: int = 0


def settle_concluded(connection: Connection, act: Settling) -> int:
    """Close what is owed by subjects with a conclusion, handed in or not; returns how many."""
    which = _which(act, BY_CONCLUSION, subject.c.outcome.is_not(None))
    facts = (literal(act.by), literal(act.at, sign_off.c.signed_at.type), literal(act.source))
    connection.execute(
        insert(sign_off).from_select(
            ["obligation_id", "signed_by", "signed_at", "note"], _chosen(which, *facts)
        )
    )
    written = (
        select(sign_off.c.id)
        .where(
            sign_off.c.obligation_id == _ROW.id,
            sign_off.c.signed_at == act.at,
            sign_off.c.signed_by == act.by,
        )
        .exists()
    )
    handed_in_on = func.coalesce(_ROW.submitted_on, subject.c.taken_part_on)
    closed_on = func.coalesce(subject.c.outcome_on, act.today)
    return _set(
        connection,
        act,
        and_(which, written),
        state=State.CLOSED.value,
        submitted_on=handed_in_on,
        closed_on=closed_on,
        late=_late(func.coalesce(handed_in_on, closed_on)),
    )


def settle_taken_part(connection: Connection, act: Settling) -> int:
    """Hand in what is owed by subjects that took part; it then waits for the registrar. Returns how many."""
    which = _which(act, BY_PARTICIPATION, subject.c.taken_part_on.is_not(None))
    before = select(func.count()).where(submission.c.obligation_id == _ROW.id).scalar_subquery()
    facts = (
        before + 1,
        literal(act.by),
        literal(act.at, submission.c.submitted_at.type),
        literal(act.source),
    )
    names = ["obligation_id", "nth", "submitted_by", "submitted_at", "note"]
    connection.execute(insert(submission).from_select(names, _chosen(which, *facts)))
    written = (
        select(submission.c.id)
        .where(
            submission.c.obligation_id == _ROW.id,
            submission.c.submitted_at == act.at,
            submission.c.submitted_by == act.by,
        )
        .exists()
    )
    return _set(
        connection,
        act,
        and_(which, written),
        state=State.SUBMITTED.value,
        submitted_on=subject.c.taken_part_on,
        late=_late(subject.c.taken_part_on),
    )


def withdrawn(connection: Connection, roster_id: int, gone: ColumnElement[bool]) -> tuple[int, str]:
    """How many subjects among `gone` have an obligation that is handed in or closed, and the name of one."""
    settled = select(_ROW.id).where(_ROW.subject_id == subject.c.id, _ROW.state.in_(_values(HELD)))
    row = connection.execute(
        select(func.count().label("n"), func.min(subject.c.name).label("name")).where(
            subject.c.roster_id == roster_id, gone, settled.exists()
        )
    ).one()
    return int(row.n), str(row.name)


def _which(act: Settling, states: Iterable[State], recorded: ColumnElement[bool]) -> ColumnElement[bool]:
    may: list[ColumnElement[bool]] = [] if act.only_news else [_ROW.state.in_(_values(UNTOUCHED))]
    if act.news is not None:
        may.append(and_(_ROW.state.in_(_values(states)), subject.c.id.in_(act.news)))
    return and_(
        _ROW.edition_id == act.edition_id,
        _ROW.subject_id == subject.c.id,
        subject.c.roster_id == act.roster_id,
        subject.c.in_scope == 1,
        recorded,
        or_(false(), *may),
    )


def _chosen(which: ColumnElement[bool], *facts: ColumnElement[Any]) -> Select[Any]:
    # Locked on PostgreSQL, so that nobody moves a chosen row before it is changed; SQLite has one writer.
    return (
        select(_ROW.id, *facts)
        .select_from(obligation.join(subject, subject.c.id == _ROW.subject_id))
        .where(which)
        .with_for_update(of=obligation)
    )


def _late(done_on: ColumnElement[Any]) -> ColumnElement[int]:
    return case((or_(_ROW.late == 1, done_on > _ROW.due_on), 1), else_=0)


def _set(connection: Connection, act: Settling, which: ColumnElement[bool], **values: object) -> int:
    done = connection.execute(
        update(obligation)
        .where(which)
        .values(**values, version=_ROW.version + 1, flow_run_id=act.flow_run_id)
    )
    return int(done.rowcount)


def _values(states: Iterable[State]) -> list[str]:
    return sorted(state.value for state in states)
