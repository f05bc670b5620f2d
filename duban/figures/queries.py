"""Reported figures and progress: append-only, the newest counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select, true

from calendars.model import Quota
from calendars.serialization import from_plain
from duban.core import clock
from duban.core.access import VisibleUnits
from duban.editions.tables import edition, milestone, point
from duban.evidence.tables import evidence_item, submission, submission_fate
from duban.figures.rules import DONE, FigureOrigin, KnownFigure
from duban.figures.tables import figure, progress
from duban.obligations.queries import Obligation
from duban.obligations.states import State
from duban.obligations.tables import obligation
from duban.problems.rules import LedgerStanding, ProblemState
from duban.problems.tables import problem
from duban.rosters.tables import roster, subject
from duban.units.queries import visible
from duban.units.tables import person

_OUT = (State.CANCELLED.value, State.WAIVED.value, State.SUSPENDED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFigure:
    """One reported figure; unit_id None is the city's own, value None is known to be unknown."""

    unit_id: int | None
    name: str
    value: Decimal | None
    unit_of_measure: str
    as_of_on: date
    reason: str | None
    doubt: str | None
    reported_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaProgress:
    """One obligation's target beside the newest progress reported for it; None where nothing was given."""

    milestone: str
    unit_id: int
    target: Decimal | None
    done: Decimal | None


def newest_figures(
    connection: Connection, edition_id: int, sight: VisibleUnits
) -> dict[tuple[int | None, str], ReportedFigure]:
    """The newest figure by name of every unit the person may see, and of the city where he may see all."""
    own = (figure.c[name] for name in ReportedFigure.__dataclass_fields__ if name != "reported_by")
    rows = connection.execute(
        select(*own, person.c.name.label("reported_by"))
        .join_from(figure, person, person.c.id == figure.c.reported_by)
        .where(figure.c.edition_id == edition_id, visible(sight, figure.c.unit_id))
        .order_by(figure.c.as_of_on, figure.c.id)
    )
    return {(row.unit_id, row.name): ReportedFigure(**row._mapping) for row in rows}


def measured(connection: Connection) -> frozenset[int]:
    """The editions that have indicators, or for which a figure was reported."""
    rows = connection.execute(select(edition.c.id, edition.c.body["indicators"].label("indicators")))
    with_indicators = {row.id for row in rows if row.indicators}
    return frozenset(with_indicators | set(connection.execute(select(figure.c.edition_id)).scalars()))


def insert_figure(connection: Connection, values: Mapping[str, object]) -> None:
    """One reported figure."""
    connection.execute(figure.insert().values(**values))


def newest_progress(connection: Connection, obligation_id: int) -> tuple[Decimal, date] | None:
    """The newest progress of an obligation and the day it stands for."""
    row = connection.execute(
        select(progress.c.value, progress.c.as_of_on)
        .where(progress.c.obligation_id == obligation_id)
        .order_by(progress.c.as_of_on.desc(), progress.c.id.desc())
        .limit(1)
    ).first()
    return (row.value, row.as_of_on) if row else None


def insert_progress(
    connection: Connection,
    *,
    obligation_id: int,
    value: Decimal,
    as_of_on: date,
    reason: str | None,
    doubt: str | None,
    by: int,
    at: datetime,
) -> None:
    """One report of progress."""
    connection.execute(
        progress.insert().values(
            obligation_id=obligation_id,
            value=value,
            as_of_on=as_of_on,
            reason=reason,
            doubt=doubt,
            reported_by=by,
            reported_at=at,
        )
    )


def quota_progress(connection: Connection, edition_id: int, sight: VisibleUnits) -> tuple[QuotaProgress, ...]:
    """Every obligation that has a target, or whose progress was reported, waived and cancelled ones left out."""
    rows = connection.execute(
        select(obligation.c.id, obligation.c.unit_id, obligation.c.target, milestone.c.key, progress.c.value)
        .join_from(obligation, milestone, milestone.c.id == obligation.c.milestone_id)
        .join(progress, progress.c.obligation_id == obligation.c.id, isouter=True)
        .where(obligation.c.edition_id == edition_id, obligation.c.state.not_in(_OUT))
        .where(visible(sight, obligation.c.unit_id))
        .where(obligation.c.target_state.is_not(None) | progress.c.value.is_not(None))
        .order_by(obligation.c.id, progress.c.as_of_on, progress.c.id)
    )
    newest = {
        row.id: QuotaProgress(milestone=row.key, unit_id=row.unit_id, target=row.target, done=row.value)
        for row in rows
    }
    return tuple(newest.values())


def last_submitted(connection: Connection, one: Obligation, keys: Sequence[str]) -> dict[str, Decimal]:
    """The unit's figures of the same milestone when it last handed in another occurrence of it."""
    owed = obligation.alias("owed")
    rows = connection.execute(
        select(evidence_item.c.key, evidence_item.c.value)
        .join_from(evidence_item, submission, submission.c.id == evidence_item.c.submission_id)
        .join(obligation, obligation.c.id == submission.c.obligation_id)
        .where(
            obligation.c.milestone_id
            == select(owed.c.milestone_id).where(owed.c.id == one.id).scalar_subquery(),
            obligation.c.unit_id == one.unit_id,
            obligation.c.subject_id == one.subject_id,
            obligation.c.id != one.id,
            evidence_item.c.key.in_(keys),
            evidence_item.c.value.is_not(None),
        )
        .order_by(submission.c.submitted_at, submission.c.id, evidence_item.c.id)
    )
    return {row.key: row.value for row in rows}


def subjects_of(connection: Connection, edition_id: int, unit_id: int | None) -> int | None:
    """How many of the roster's subjects have to take part, of a unit or in all; None where there is no roster."""
    rosters = select(roster.c.id).where(roster.c.edition_id == edition_id)
    if not connection.execute(rosters.limit(1)).first():
        return None
    own = [] if unit_id is None else [subject.c.unit_id == unit_id]
    counted = select(func.count()).where(subject.c.roster_id.in_(rosters), subject.c.in_scope == 1, *own)
    return connection.execute(counted).scalar_one()


def owing_units(connection: Connection, edition_id: int) -> dict[str, frozenset[int]]:
    """By milestone the units that owe it, one by one or by roster left aside."""
    rows = connection.execute(
        select(milestone.c.key, obligation.c.unit_id)
        .join_from(obligation, milestone, milestone.c.id == obligation.c.milestone_id)
        .where(obligation.c.edition_id == edition_id, obligation.c.subject_id == 0)
        .where(obligation.c.state.not_in(_OUT))
        .distinct()
    )
    found: dict[str, set[int]] = {}
    for row in rows:
        found.setdefault(row.key, set()).add(row.unit_id)
    return {key: frozenset(units) for key, units in found.items()}


def submitted_figures(
    connection: Connection, edition_id: int, sight: VisibleUnits
) -> dict[tuple[int, str], Decimal]:
    """The newest figure of each unit under each key of expected evidence: asked once, used again."""
    rows = connection.execute(
        select(obligation.c.unit_id, evidence_item.c.key, evidence_item.c.value)
        .join_from(evidence_item, submission, submission.c.id == evidence_item.c.submission_id)
        .join(obligation, obligation.c.id == submission.c.obligation_id)
        .where(
            obligation.c.edition_id == edition_id,
            obligation.c.subject_id == 0,
            visible(sight, obligation.c.unit_id),
            evidence_item.c.value.is_not(None),
            obligation.c.state.not_in((*_OUT, State.RETURNED.value)),
            ~select(submission_fate.c.submission_id)
            .where(submission_fate.c.submission_id == submission.c.id, submission_fate.c.what == "taken_back")
            .exists(),
        )
        .order_by(submission.c.submitted_at, submission.c.id, evidence_item.c.id)
    )
    return {(row.unit_id, row.key): row.value for row in rows}


def quota_of(connection: Connection, obligation_id: int) -> Quota | None:
    """The quota that an obligation belongs to."""
    body = connection.execute(
        select(milestone.c.body)
        .join_from(obligation, milestone, milestone.c.id == obligation.c.milestone_id)
        .where(obligation.c.id == obligation_id)
    ).scalar_one()
    return from_plain(Quota, body["quota"]) if body.get("quota") else None


def target_of(connection: Connection, obligation_id: int) -> tuple[Decimal | None, date]:
    """An obligation's target, and the day from which its pace counts."""
    row = connection.execute(
        select(obligation.c.target, func.coalesce(point.c.starts_on, obligation.c.opened_on).label("since"))
        .join_from(obligation, point, point.c.id == obligation.c.point_id)
        .where(obligation.c.id == obligation_id)
    ).one()
    return row.target, row.since


def known_figure_candidates(connection: Connection, one: Obligation) -> tuple[KnownFigure, ...]:
    """Handed in with an earlier submission, reported as progress, or recorded under its name; in no order."""
    by = person.c.name.label("by")
    submitted = (
        select(
            evidence_item.c.key,
            evidence_item.c.value,
            func.coalesce(evidence_item.c.unit_of_measure, "").label("unit_of_measure"),
            submission.c.submitted_at.label("at"),
            by,
        )
        .join_from(evidence_item, submission, submission.c.id == evidence_item.c.submission_id)
        .join(person, person.c.id == submission.c.submitted_by)
        .where(submission.c.obligation_id == one.id, evidence_item.c.value.is_not(None))
    )
    known = [
        KnownFigure(**row._mapping, origin=FigureOrigin.SUBMISSION, on=clock.civil(row.at))
        for row in connection.execute(submitted)
    ]
    if quota := quota_of(connection, one.id):
        # Progress towards the target is what the expected figure `done` asks for.
        newest = (
            select(progress.c.value, progress.c.as_of_on.label("on"), progress.c.reported_at.label("at"), by)
            .join_from(progress, person, person.c.id == progress.c.reported_by)
            .where(progress.c.obligation_id == one.id)
            .order_by(progress.c.as_of_on.desc(), progress.c.id.desc())
            .limit(1)
        )
        of: dict[str, Any] = {
            "key": DONE,
            "unit_of_measure": quota.unit_of_measure,
            "origin": FigureOrigin.PROGRESS,
        }
        known += [KnownFigure(**row._mapping, **of) for row in connection.execute(newest)]
    if one.subject_id == 0:
        recorded = (
            select(
                figure.c.name.label("key"),
                figure.c.value,
                figure.c.unit_of_measure,
                figure.c.as_of_on.label("on"),
                figure.c.reported_at.label("at"),
                by,
            )
            .join_from(figure, person, person.c.id == figure.c.reported_by)
            .where(figure.c.edition_id == one.edition_id, figure.c.unit_id == one.unit_id)
            .where(figure.c.name.in_([item.key for item in one.evidence]))
            .order_by(figure.c.as_of_on, figure.c.id)
        )
        by_name = {row.key: row for row in connection.execute(recorded)}
        # One that was withdrawn as unknown is none.
        newest_known = (row for row in by_name.values() if row.value is not None)
        known += [KnownFigure(**row._mapping, origin=FigureOrigin.FIGURE) for row in newest_known]
    return tuple(known)


def ledger_of(connection: Connection, edition_id: int, unit_id: int | None) -> LedgerStanding | None:
    """An edition's problem ledger, or one unit's part of it; None where the edition keeps none."""
    kept = select(milestone.c.id).where(
        milestone.c.edition_id == edition_id, milestone.c.problem_ledger, ~milestone.c.withdrawn
    )
    if connection.execute(kept.limit(1)).first() is None:
        return None
    rows = connection.execute(
        select(problem.c.state, func.count().label("n"))
        .where(problem.c.edition_id == edition_id)
        .where(true() if unit_id is None else problem.c.unit_id == unit_id)
        .group_by(problem.c.state)
    ).all()
    still_open = sum(row.n for row in rows if row.state == ProblemState.OPEN.value)
    found = sum(row.n for row in rows)
    return LedgerStanding(found=found, fixed=found - still_open)
