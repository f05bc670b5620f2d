"""What bulletins, a leader's decisions, the unit's ledger as a sheet and the history of rounds are read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)

from duban.core.access import VisibleUnits
from duban.editions.tables import edition, milestone, milestone_support, point
from duban.evidence.tables import evidence_item, review, submission
from duban.figures.tables import progress
from duban.obligations.states import DONE, NOT_STARTED, OPEN, OUT, WAITING, State
from duban.obligations.tables import extension, obligation, sign_off
from duban.outbox.tables import dispatch
from duban.problems.rules import ProblemState
from duban.problems.tables import problem
from duban.rounds.queries import DONE as ROUND_DONE
from duban.rounds.queries import FAILED, STEP
from duban.rounds.reader_queries import ISSUED
from duban.rounds.tables import MORNING, edition_round, reminder, round_
from duban.units.queries import visible
from duban.units.tables import person, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletinTotals:
    """Of all published editions, as it stands on a day."""

    editions: int
    owed: int
    done: int
    waiting: int
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletinSpan:
    """What happened from one day to another, both included."""

    became_due: int
    closed: int
    extended: int
    accepted: int  # messages that a channel took
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletinLine:
    """One matter with the units that owe it."""

    campaign: str
    title: str
    label: str
    due_on: date
    units: tuple[str, ...]


def bulletin_totals(connection: Connection, today: date) -> BulletinTotals:
    row = connection.execute(
        select(
            func.count(func.distinct(edition.c.id)).label("editions"),
            func.count(case((_owed(), 1))).label("owed"),
            func.count(case((_in(DONE), 1))).label("done"),
            func.count(case((_in(WAITING), 1))).label("waiting"),
            func.count(case((_overdue(today), 1))).label("overdue"),
        )
        .join_from(edition, obligation, obligation.c.edition_id == edition.c.id)
        .where(edition.c.state == "published")
    ).one()
    return BulletinTotals(**row._mapping)


def bulletin_span(connection: Connection, first: date, last: date) -> BulletinSpan:
    """Counts between two civil days."""
    messages = connection.execute(
        select(
            func.count(case((dispatch.c.status == "accepted", 1))).label("accepted"),
            func.count(case((dispatch.c.status == "failed", 1))).label("failed"),
        ).where(dispatch.c.day.between(first, last))
    ).one()
    return BulletinSpan(
        became_due=_count(connection, and_(_owed(), obligation.c.due_on.between(first, last))),
        closed=_count(connection, and_(_in(DONE), obligation.c.closed_on.between(first, last))),
        extended=connection.scalar(
            select(func.count())
            .select_from(extension)
            .where(extension.c.verdict == "granted", extension.c.granted_on >= first)
            .where(extension.c.previous_due_on <= last)
        )
        or 0,
        accepted=messages.accepted,
        failed=messages.failed,
    )


def overdue_lines(connection: Connection, today: date, *, limit: int) -> tuple[BulletinLine, ...]:
    """What is overdue, the newest first: old arrears are known, new ones need a word."""
    return _lines(connection, _overdue(today), newest_first=True, limit=limit)


def coming_lines(connection: Connection, first: date, last: date, *, limit: int) -> tuple[BulletinLine, ...]:
    """What is still owed and falls due between two days."""
    coming = and_(_in(OPEN), obligation.c.due_on.between(first, last))
    return _lines(connection, coming, newest_first=False, limit=limit)


def drafted_lines(
    connection: Connection, sight: VisibleUnits, edition_id: int | None, *, limit: int
) -> tuple[BulletinLine, ...]:
    """What stands on the draft of a bulletin and is owed still, the longest overdue first."""
    return _lines(connection, _drafted(sight, edition_id), newest_first=False, limit=limit)


def count_drafted(
    connection: Connection, sight: VisibleUnits, edition_id: int | None = None
) -> tuple[int, int, date | None]:
    """How many matters stand on the draft, of how many units, and the earliest due date."""
    row = connection.execute(
        select(
            func.count(), func.count(func.distinct(obligation.c.unit_id)), func.min(obligation.c.due_on)
        ).where(_drafted(sight, edition_id))
    ).one()
    return row[0], row[1], row[2]


def settle_drafted(connection: Connection, edition_id: int | None, *, issued: bool, note: str) -> int:
    """Take everything off the draft; returns how many matters were owed still. Of the others it is said so."""
    standing = select(obligation.c.id).where(_drafted(None, edition_id))
    settled = connection.scalar(select(func.count()).select_from(standing.subquery())) or 0
    drafts = update(reminder).where(_DRAFTS)
    if edition_id is not None:
        of_edition = select(obligation.c.id).where(obligation.c.edition_id == edition_id)
        drafts = drafts.where(reminder.c.obligation_id.in_(of_edition))
    cause = note if issued else f"不通报：{note}"
    values = {"status": ISSUED if issued else "superseded", "cause": cause[:_CAUSE]}
    connection.execute(drafts.where(reminder.c.obligation_id.in_(standing)).values(**values))
    connection.execute(drafts.values(status="superseded", cause="通报前已办结、调整或撤销"))
    return settled


# In the words of the partial index over the drafts.
_DRAFTS: ColumnElement[bool] = text("reminder.status = 'draft'")  # type: ignore[assignment]  # a text condition
_CAUSE = 64


def _drafted(sight: VisibleUnits | None, edition_id: int | None) -> ColumnElement[bool]:
    on_draft = select(reminder.c.obligation_id, reminder.c.due_on).where(_DRAFTS)
    published = select(edition.c.id).where(edition.c.state == "published")
    return and_(
        _in(OPEN),
        tuple_(obligation.c.id, obligation.c.due_on).in_(on_draft),
        obligation.c.edition_id.in_(published)
        if edition_id is None
        else obligation.c.edition_id == edition_id,
        true() if sight is None else visible(sight, obligation.c.unit_id),
    )


def _lines(
    connection: Connection, wanted: ColumnElement[bool], *, newest_first: bool, limit: int
) -> tuple[BulletinLine, ...]:
    order = obligation.c.due_on.desc() if newest_first else obligation.c.due_on
    rows = connection.execute(
        select(
            edition.c.name.label("campaign"),
            milestone.c.title,
            point.c.label,
            obligation.c.due_on,
            unit.c.name.label("unit"),
        )
        .join_from(obligation, edition, edition.c.id == obligation.c.edition_id)
        .join(point, point.c.id == obligation.c.point_id)
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .join(unit, unit.c.id == obligation.c.unit_id)
        .where(edition.c.state == "published", wanted)
        .distinct()
        .order_by(order, edition.c.name, milestone.c.title, unit.c.name)
        .limit(limit)
    )
    groups: dict[tuple[str, str, str, date], list[str]] = {}
    for row in rows:
        groups.setdefault((row.campaign, row.title, row.label, row.due_on), []).append(row.unit)
    return tuple(
        BulletinLine(campaign=campaign, title=title, label=label, due_on=due_on, units=tuple(units))
        for (campaign, title, label, due_on), units in groups.items()
    )


def _count(connection: Connection, wanted: ColumnElement[bool]) -> int:
    counted = (
        select(func.count())
        .select_from(obligation)
        .join(edition, edition.c.id == obligation.c.edition_id)
        .where(edition.c.state == "published", wanted)
    )
    return connection.scalar(counted) or 0


def _owed() -> ColumnElement[bool]:
    return obligation.c.state.not_in(_values(OUT | NOT_STARTED))


def _in(states: frozenset[State]) -> ColumnElement[bool]:
    return obligation.c.state.in_(_values(states))


def _overdue(today: date) -> ColumnElement[bool]:
    return and_(_in(OPEN), obligation.c.due_on < today)


def _values(states: frozenset[State]) -> list[str]:
    return sorted(state.value for state in states)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateProblem:
    """A problem of a rectification that is still open after its date."""

    id: int
    edition_id: int
    campaign: str
    year: int
    code: str
    title: str
    unit_id: int
    unit: str
    due_on: date


def waiting_at_last_level(
    connection: Connection, sight: VisibleUnits, *, limit: int
) -> tuple[list[int], int]:
    """What waits for the last of several review levels: some ids, the longest waiting first, and how many in all."""
    newest = (
        select(func.max(submission.c.id))
        .where(submission.c.obligation_id == obligation.c.id)
        .correlate(obligation)
        .scalar_subquery()
    )
    passed = (
        select(func.count())
        .where(review.c.submission_id == newest, review.c.verdict == "passed")
        .correlate(obligation)
        .scalar_subquery()
    )
    waits = (
        select(obligation.c.id, obligation.c.submitted_on)
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .where(
            obligation.c.state == State.SUBMITTED.value,
            milestone.c.review_levels > 1,
            passed == milestone.c.review_levels - 1,
            visible(sight, obligation.c.unit_id),
        )
    )
    found = connection.execute(waits.order_by(obligation.c.submitted_on, obligation.c.id).limit(limit))
    return [row.id for row in found], _decisions_count(connection, waits)


def beyond_wall(
    connection: Connection, sight: VisibleUnits, *, today: date, limit: int
) -> tuple[list[int], int]:
    """Open obligations past the superior's date, which nobody here can move: some ids, by unit, and how many in all."""
    past = select(obligation.c.id).where(
        obligation.c.hard_due_on < today,
        _in(OPEN),
        visible(sight, obligation.c.unit_id),
        obligation.c.edition_id.in_(select(edition.c.id).where(edition.c.state == "published")),
    )
    found = past.order_by(obligation.c.unit_id, obligation.c.id).limit(limit)
    return list(connection.scalars(found)), _decisions_count(connection, past)


def late_problems(
    connection: Connection, sight: VisibleUnits, *, today: date, limit: int
) -> tuple[tuple[LateProblem, ...], int]:
    """Problems that are still open after their date, the oldest first."""
    condition = (
        (problem.c.state == ProblemState.OPEN.value)
        & (problem.c.due_on < today)
        & visible(sight, problem.c.unit_id)
        & (edition.c.state == "published")
    )
    joined = problem.join(edition, edition.c.id == problem.c.edition_id)
    found = (
        select(
            problem.c.id,
            problem.c.edition_id,
            edition.c.name.label("campaign"),
            edition.c.year,
            problem.c.code,
            problem.c.title,
            problem.c.unit_id,
            unit.c.name.label("unit"),
            problem.c.due_on,
        )
        .select_from(joined.join(unit, unit.c.id == problem.c.unit_id))
        .where(condition)
        .order_by(problem.c.due_on, problem.c.id)
        .limit(limit)
    )
    total = _decisions_count(connection, select(problem.c.id).select_from(joined).where(condition))
    return tuple(LateProblem(**row._mapping) for row in connection.execute(found)), total


def _decisions_count(connection: Connection, found: Select[Any]) -> int:
    return int(connection.execute(select(func.count()).select_from(found.subquery())).scalar_one())


_PAGE = 500


@dataclass(slots=True, kw_only=True)
class LedgerFacts:
    """By obligation; supporting units by milestone."""

    supporting: dict[int, list[str]] = field(default_factory=dict)
    extended_days: dict[int, int] = field(default_factory=dict)
    chases: dict[int, int] = field(default_factory=dict)
    files: dict[int, int] = field(default_factory=dict)
    signed: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    reported: dict[int, tuple[Decimal, date]] = field(default_factory=dict)
    noted: dict[int, str] = field(default_factory=dict)


def ledger_facts(connection: Connection, ids: Sequence[int], milestone_ids: Sequence[int]) -> LedgerFacts:
    """Everything about these obligations."""
    found = LedgerFacts()
    for start in range(0, len(milestone_ids), _PAGE):
        _supporting(connection, found, milestone_ids[start : start + _PAGE])
    for start in range(0, len(ids), _PAGE):
        some = ids[start : start + _PAGE]
        _extensions(connection, found, some)
        _counts(connection, found, some)
        _signed(connection, found, some)
        _reports(connection, found, some)
    return found


def _supporting(connection: Connection, found: LedgerFacts, ids: Sequence[int]) -> None:
    rows = connection.execute(
        select(milestone_support.c.milestone_id, unit.c.name)
        .join_from(milestone_support, unit, unit.c.id == milestone_support.c.unit_id)
        .where(milestone_support.c.milestone_id.in_(ids))
        .order_by(unit.c.id)
    )
    for row in rows:
        found.supporting.setdefault(row.milestone_id, []).append(row.name)


def _extensions(connection: Connection, found: LedgerFacts, ids: Sequence[int]) -> None:
    rows = connection.execute(
        select(extension.c.obligation_id, extension.c.granted_on, extension.c.previous_due_on).where(
            extension.c.obligation_id.in_(ids), extension.c.verdict == "granted"
        )
    )
    for row in rows:
        days = (row.granted_on - row.previous_due_on).days if row.granted_on and row.previous_due_on else 0
        found.extended_days[row.obligation_id] = found.extended_days.get(row.obligation_id, 0) + days


def _counts(connection: Connection, found: LedgerFacts, ids: Sequence[int]) -> None:
    chases: Any = (
        select(reminder.c.obligation_id, func.count().label("n"))
        .where(reminder.c.obligation_id.in_(ids), reminder.c.kind == "chase", reminder.c.status == "planned")
        .group_by(reminder.c.obligation_id)
    )
    found.chases |= {row.obligation_id: row.n for row in connection.execute(chases)}
    files: Any = (
        select(submission.c.obligation_id, func.count().label("n"))
        .join_from(evidence_item, submission, submission.c.id == evidence_item.c.submission_id)
        .where(submission.c.obligation_id.in_(ids), evidence_item.c.sha256.is_not(None))
        .group_by(submission.c.obligation_id)
    )
    found.files |= {row.obligation_id: row.n for row in connection.execute(files)}


def _signed(connection: Connection, found: LedgerFacts, ids: Sequence[int]) -> None:
    rows = connection.execute(
        select(sign_off.c.obligation_id, sign_off.c.signed_at, person.c.name)
        .join_from(sign_off, person, person.c.id == sign_off.c.signed_by)
        .where(sign_off.c.obligation_id.in_(ids))
        .order_by(sign_off.c.id)
    )
    found.signed |= {row.obligation_id: (row.name, row.signed_at) for row in rows}


def _reports(connection: Connection, found: LedgerFacts, ids: Sequence[int]) -> None:
    rows = connection.execute(
        select(progress.c.obligation_id, progress.c.value, progress.c.as_of_on)
        .where(progress.c.obligation_id.in_(ids))
        .order_by(progress.c.as_of_on, progress.c.id)
    )
    found.reported |= {row.obligation_id: (row.value, row.as_of_on) for row in rows}
    notes = connection.execute(
        select(submission.c.obligation_id, submission.c.note)
        .where(submission.c.obligation_id.in_(ids), submission.c.note != "")
        .order_by(submission.c.nth)
    )
    found.noted |= {row.obligation_id: row.note for row in notes}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """What is looked for; None asks nothing. `campaign` is a key or part of a name."""

    campaign: str | None = None
    unit_id: int | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRound:
    """A round as it is listed."""

    id: int
    held_on: date
    status: str
    started_at: datetime
    finished_at: datetime | None
    planned: int
    superseded: int
    flow_run_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPart:
    """What one round or step did for one edition."""

    id: int
    kind: str
    edition_id: int
    campaign: str
    name: str
    year: int
    held_on: date
    finished_at: datetime | None
    status: str
    planned: int
    superseded: int
    gates_closed: int
    fault: str | None
    flow_run_id: str | None

    @property
    def failed(self) -> bool:
        return self.status == FAILED

    @property
    def own_step(self) -> bool:
        """Begun by the campaign's own timeline, not by the morning's round."""
        return self.kind == STEP


_ROUNDS = select(*(round_.c[name] for name in RunRound.__dataclass_fields__))


def run_rounds(
    connection: Connection, wanted: RunFilter, *, offset: int, limit: int
) -> tuple[tuple[RunRound, ...], int]:
    """Rounds of the days looked for, the newest first, and how many there are."""
    conditions = [round_.c.kind == MORNING]
    if wanted.on is not None:
        conditions.append(round_.c.held_on == wanted.on)
    if wanted.campaign is not None:
        conditions.append(
            exists()
            .select_from(edition_round.join(edition, edition.c.id == edition_round.c.edition_id))
            .where(
                edition_round.c.held_on == round_.c.held_on, _campaign_named(wanted.campaign), _did_anything()
            )
        )
    if wanted.unit_id is not None:
        conditions.append(
            exists().where(dispatch.c.round_id == round_.c.id, dispatch.c.unit_id == wanted.unit_id)
        )
    found = _ROUNDS.where(*conditions).order_by(round_.c.held_on.desc()).offset(offset).limit(limit)
    total = connection.execute(select(func.count()).select_from(round_).where(*conditions)).scalar_one()
    return tuple(RunRound(**row._mapping) for row in connection.execute(found)), int(total)


def run_of_round(connection: Connection, round_id: int) -> RunRound | None:
    row = connection.execute(_ROUNDS.where(round_.c.id == round_id)).first()
    return RunRound(**row._mapping) if row else None


def run_parts(
    connection: Connection, days: Sequence[date], *, campaign: str | None = None
) -> tuple[RunPart, ...]:
    """What was done on these days for each edition, in the order it was done."""
    own = [edition_round.c[name] for name in RunPart.__dataclass_fields__ if name in edition_round.c]
    found = (
        select(*own, edition.c.campaign, edition.c.name, edition.c.year)
        .join_from(edition_round, edition, edition.c.id == edition_round.c.edition_id)
        .where(edition_round.c.held_on.in_(days))
        .order_by(edition_round.c.id)
    )
    if campaign is not None:
        found = found.where(_campaign_named(campaign))
    return tuple(RunPart(**row._mapping) for row in connection.execute(found))


def made_good_on(connection: Connection, part: RunPart) -> date | None:
    """The day on which the edition went through again after this part had failed."""
    return connection.execute(
        select(edition_round.c.held_on)
        .where(
            edition_round.c.edition_id == part.edition_id,
            edition_round.c.held_on >= part.held_on,
            edition_round.c.id > part.id,
            edition_round.c.status == ROUND_DONE,
        )
        .order_by(edition_round.c.held_on)
        .limit(1)
    ).scalar()


def next_held_on(connection: Connection, day: date) -> date | None:
    """The day of the first round after this one that came to its end."""
    return connection.execute(
        select(func.min(round_.c.held_on)).where(
            round_.c.kind == MORNING, round_.c.held_on > day, round_.c.finished_at.is_not(None)
        )
    ).scalar()


def run_dispatches(
    connection: Connection, days: Sequence[date], sight: VisibleUnits, *, unit_id: int | None = None
) -> Mapping[date, dict[str, int]]:
    """By day, how many messages stand at each status."""
    found = (
        select(dispatch.c.day, dispatch.c.status, func.count())
        .where(dispatch.c.day.in_(days), visible(sight, dispatch.c.unit_id))
        .group_by(dispatch.c.day, dispatch.c.status)
    )
    if unit_id is not None:
        found = found.where(dispatch.c.unit_id == unit_id)
    counted: dict[date, dict[str, int]] = {}
    for day, status, number in connection.execute(found):
        counted.setdefault(day, {})[status] = int(number)
    return counted


def _campaign_named(campaign: str) -> ColumnElement[bool]:
    return or_(edition.c.campaign == campaign, edition.c.name.contains(campaign, autoescape=True))


def _did_anything() -> ColumnElement[bool]:
    """Parts in which anything happened; an edition that stood as planned is no answer to a search for it."""
    own = edition_round.c
    return or_(own.planned > 0, own.gates_closed > 0, own.fault.is_not(None))
