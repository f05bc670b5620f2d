"""What a rehearsal reads of its scratch ledger: everything owed, and whether the invariants hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, and_, exists, func, literal, null, select

from calendars.model import ExpectedEvidence
from duban.editions.tables import edition, milestone, point
from duban.evidence.tables import evidence_item
from duban.figures.tables import progress
from duban.obligations.queries import expected_evidence
from duban.obligations.states import OPEN
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from duban.rounds.tables import reminder


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedReminder:
    """One obligation as its story needs it."""

    id: int
    unit_id: int
    opened_on: date
    due_on: date
    review_levels: int
    problem_ledger: bool
    evidence: tuple[ExpectedEvidence, ...]


def everything_owed(connection: Connection) -> tuple[OwedReminder, ...]:
    """All obligations of the scratch ledger, in order of their numbers."""
    rows = connection.execute(
        select(
            obligation.c.id,
            obligation.c.unit_id,
            obligation.c.opened_on,
            obligation.c.due_on,
            milestone.c.review_levels,
            milestone.c.problem_ledger,
            obligation.c.milestone_id,
        )
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .order_by(obligation.c.id)
    ).all()
    bodies = dict(connection.execute(select(milestone.c.id, milestone.c.body)).tuples().all())
    evidence = {key: expected_evidence(body) for key, body in bodies.items()}
    return tuple(
        OwedReminder(
            id=row.id,
            unit_id=row.unit_id,
            opened_on=row.opened_on,
            due_on=row.due_on,
            review_levels=row.review_levels,
            problem_ledger=row.problem_ledger,
            evidence=evidence[row.milestone_id],
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedObligation:
    """One obligation as the invariants look at it."""

    id: int
    state: str
    ladder: str
    opened_on: date
    due_on: date


_PLAYED = tuple(obligation.c[one.name] for one in fields(PlayedObligation))


def played_obligations(connection: Connection, ids: Sequence[int]) -> dict[int, PlayedObligation]:
    """These obligations as they stand at this moment."""
    found = connection.execute(select(*_PLAYED).where(obligation.c.id.in_(ids)))
    return {row.id: PlayedObligation(**row._mapping) for row in found}


def published_obligations(connection: Connection) -> tuple[PlayedObligation, ...]:
    """Every obligation of the published editions."""
    statement = select(*_PLAYED).join(edition, edition.c.id == obligation.c.edition_id)
    found = connection.execute(statement.where(edition.c.state == "published").order_by(obligation.c.id))
    return tuple(PlayedObligation(**row._mapping) for row in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class LightRow:
    """What the light of so many obligations is made of. `beyond`: handed in after the date."""

    state: str
    due_on: date
    beyond: bool
    target: Decimal | None
    reported: Decimal | None
    starts_on: date | None
    obligations: int


def light_rows(connection: Connection) -> list[LightRow]:
    """Every obligation of the published editions: in groups, and one by one where a target is open."""
    beyond = func.coalesce(obligation.c.submitted_on > obligation.c.due_on, False)
    published = obligation.c.edition_id.in_(select(edition.c.id).where(edition.c.state == "published"))
    paced = (obligation.c.target.is_not(None), obligation.c.state.in_(sorted(OPEN)))
    groups = (
        select(obligation.c.state, obligation.c.due_on, beyond, null(), null(), null(), func.count())
        .where(published, ~and_(*paced))
        .group_by(obligation.c.state, obligation.c.due_on, beyond)
    )
    starts_on = func.coalesce(point.c.starts_on, obligation.c.opened_on)
    newest = (
        select(progress.c.value)
        .where(progress.c.obligation_id == obligation.c.id)
        .order_by(progress.c.as_of_on.desc(), progress.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    single = (
        select(
            obligation.c.state,
            obligation.c.due_on,
            beyond,
            obligation.c.target,
            newest,
            starts_on,
            literal(1),
        )
        .join(point, point.c.id == obligation.c.point_id)
        .where(published, *paced)
    )
    names = [one.name for one in fields(LightRow)]
    return [
        LightRow(**dict(zip(names, row, strict=True)))
        for one in (groups, single)
        for row in connection.execute(one)
    ]


def reminded_by_unit(connection: Connection) -> set[tuple[int, str, date]]:
    """(obligation, rung, due date) of every reminder in the ledger, planned or superseded."""
    found = select(reminder.c.obligation_id, reminder.c.rung, reminder.c.due_on)
    return {(row.obligation_id, row.rung, row.due_on) for row in connection.execute(found)}


def count_sending(connection: Connection) -> int:
    """Dispatches that hang in `sending`."""
    return _count(connection, dispatch.c.status == "sending")


def count_pending(connection: Connection, now: datetime) -> int:
    """Dispatches that could have left by now and have not."""
    return _count(connection, dispatch.c.status == "pending", dispatch.c.not_before <= now)


def count_silent_reminders(connection: Connection) -> int:
    """Planned reminders whose unit has no dispatch of that round or a later one that merged it."""
    carried = exists().where(
        dispatch.c.unit_id == reminder.c.target_unit_id,
        dispatch.c.kind == "digest",
        dispatch.c.round_id >= reminder.c.round_id,
        func.coalesce(dispatch.c.since_round_id, dispatch.c.round_id) <= reminder.c.round_id,
    )
    statement = select(func.count()).select_from(reminder).where(reminder.c.status == "planned", ~carried)
    return int(connection.scalar(statement) or 0)


def stored_evidence_hashes(connection: Connection) -> tuple[str, ...]:
    """The hashes that submissions speak of."""
    found = select(evidence_item.c.sha256).where(evidence_item.c.sha256.is_not(None)).distinct()
    return tuple(connection.scalars(found))


def _count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return int(connection.scalar(select(func.count()).select_from(dispatch).where(*conditions)) or 0)


def is_announced(connection: Connection, letter_key: str) -> bool:
    """Whether a letter stands in the ledger: its key is the dispatch's day and number."""
    day, _, number = letter_key.rpartition("-")
    if not number.isdecimal():
        return False
    found = select(dispatch.c.id).where(
        dispatch.c.id == int(number), dispatch.c.day == date.fromisoformat(day)
    )
    return connection.scalar(found) is not None
