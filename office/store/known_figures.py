"""Every figure that a unit has given for an obligation or under the same name of the same edition."""

from __future__ import annotations

from sqlalchemy import Connection, select

from office import clock
from office.store import figures
from office.store.obligations import Obligation
from office.store.tables import evidence_item, figure, person, progress, submission
from rules.known_figures import DONE, KnownFigure, Origin


def candidates(connection: Connection, one: Obligation) -> tuple[KnownFigure, ...]:
    """Handed in with an earlier submission, reported as progress, or recorded under its name; in no order."""
    return (*_submitted(connection, one), *_reported(connection, one), *_recorded(connection, one))


def _submitted(connection: Connection, one: Obligation) -> tuple[KnownFigure, ...]:
    rows = connection.execute(
        select(evidence_item, submission.c.submitted_at, person.c.name)
        .join_from(evidence_item, submission, submission.c.id == evidence_item.c.submission_id)
        .join(person, person.c.id == submission.c.submitted_by)
        .where(submission.c.obligation_id == one.id, evidence_item.c.value.is_not(None))
    )
    return tuple(
        KnownFigure(
            key=row.key,
            value=row.value,
            unit_of_measure=row.unit_of_measure or "",
            origin=Origin.SUBMISSION,
            on=clock.civil(row.submitted_at),
            at=row.submitted_at,
            by=row.name,
        )
        for row in rows
    )


def _reported(connection: Connection, one: Obligation) -> tuple[KnownFigure, ...]:
    """Progress towards the target is what the expected figure `done` asks for."""
    quota = figures.quota_of(connection, one.id)
    if quota is None:
        return ()
    rows = connection.execute(
        select(progress.c.value, progress.c.as_of_on, progress.c.reported_at, person.c.name)
        .join_from(progress, person, person.c.id == progress.c.reported_by)
        .where(progress.c.obligation_id == one.id)
        .order_by(progress.c.as_of_on.desc(), progress.c.id.desc())
        .limit(1)
    )
    return tuple(
        KnownFigure(
            key=DONE,
            value=row.value,
            unit_of_measure=quota.unit_of_measure,
            origin=Origin.PROGRESS,
            on=row.as_of_on,
            at=row.reported_at,
            by=row.name,
        )
        for row in rows
    )


def _recorded(connection: Connection, one: Obligation) -> tuple[KnownFigure, ...]:
    """Of the unit's own figures in this edition; one that was withdrawn as unknown is none."""
    if one.subject_id:
        return ()
    rows = connection.execute(
        select(figure, person.c.name.label("reporter"))
        .join_from(figure, person, person.c.id == figure.c.reported_by)
        .where(figure.c.edition_id == one.edition_id, figure.c.unit_id == one.unit_id)
        .where(figure.c.name.in_([item.key for item in one.evidence]))
        .order_by(figure.c.as_of_on, figure.c.id)
    )
    newest = {row.name: row for row in rows}
    return tuple(
        KnownFigure(
            key=row.name,
            value=row.value,
            unit_of_measure=row.unit_of_measure,
            origin=Origin.FIGURE,
            on=row.as_of_on,
            at=row.reported_at,
            by=row.reporter,
        )
        for row in newest.values()
        if row.value is not None
    )
