"""What a rehearsal reads of its scratch ledger: everything owed, and whether the invariants hold."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from calendars.model import ExpectedEvidence
from duban.core import clock
from duban.editions.tables import edition, milestone, milestone_order, point
from duban.evidence.tables import evidence_item, review, submission, zero_report
from duban.figures.tables import progress
from duban.history.tables import history
from duban.obligations.queries import expected_evidence
from duban.obligations.states import DONE, OPEN
from duban.obligations.tables import early_pass, forwarding, obligation, sign_off, support_duty
from duban.outbox.tables import dispatch
from duban.problems.tables import problem, problem_carry
from duban.rosters.tables import subject
from duban.rounds.tables import MORNING, reminder, round_, support_reminder
from duban.units.tables import contact, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedReminder:
    """One obligation as its story needs it."""

    id: int
    edition_id: int
    unit_id: int
    milestone: str
    opened_on: date
    due_on: date
    hard_due_on: date | None
    review_levels: int
    problem_ledger: bool
    staged: bool  # other stages come before it
    evidence: tuple[ExpectedEvidence, ...]


def everything_owed(connection: Connection) -> tuple[OwedReminder, ...]:
    """All obligations of the scratch ledger, in order of their numbers."""
    rows = connection.execute(
        select(
            obligation.c.id,
            obligation.c.edition_id,
            obligation.c.unit_id,
            milestone.c.key.label("milestone"),
            obligation.c.opened_on,
            obligation.c.due_on,
            obligation.c.hard_due_on,
            milestone.c.review_levels,
            obligation.c.milestone_id.in_(select(milestone_order.c.milestone_id)).label("staged"),
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
            **{name: value for name, value in row._mapping.items() if name != "milestone_id"},
            evidence=evidence[row.milestone_id],
        )
        for row in rows
    )


def subject_unit(connection: Connection, code: str) -> int:
    """The unit that a subject of a roster belongs to."""
    return int(connection.execute(select(subject.c.unit_id).where(subject.c.code == code)).scalar_one())


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportOwed:
    """A supporting unit's part; `due_on` is its point's date."""

    id: int
    unit_id: int
    opened_on: date
    due_on: date


def supports_owed(connection: Connection) -> list[SupportOwed]:
    """Every duty of a supporting unit."""
    rows = connection.execute(
        select(support_duty.c.id, support_duty.c.unit_id, support_duty.c.opened_on, point.c.due_on)
        .join(point, point.c.id == support_duty.c.point_id)
        .order_by(support_duty.c.id)
    )
    return [SupportOwed(**row._mapping) for row in rows]


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


_newest = (
    select(progress.c.value)
    .where(progress.c.obligation_id == obligation.c.id)
    .order_by(progress.c.as_of_on.desc(), progress.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_STARTS_ON = func.coalesce(point.c.starts_on, obligation.c.opened_on)
_BEYOND = func.coalesce(obligation.c.submitted_on > obligation.c.due_on, False)
_IS_OPEN = obligation.c.state.in_(sorted(OPEN))
_PLAYED = (
    select(
        *(
            obligation.c[name]
            for name in ("id", "edition_id", "unit_id", "state", "ladder", "opened_on", "due_on")
        ),
        obligation.c.hard_due_on,
        obligation.c.target,
        (edition.c.state == "published").label("published"),
        unit.c.name.label("unit"),
        _BEYOND.label("beyond"),
        # Only the few that have a target are asked for their figures.
        case((obligation.c.target.is_not(None), _newest)).label("reported"),
        _STARTS_ON.label("starts_on"),
        literal(1).label("obligations"),
    )
    .join(edition, edition.c.id == obligation.c.edition_id)
    .join(point, point.c.id == obligation.c.point_id)
    .join(unit, unit.c.id == obligation.c.unit_id)
)


def light_rows(connection: Connection) -> list[LightRow]:
    """Every obligation of the published editions: in groups, and one by one where a target is open."""
    published = obligation.c.edition_id.in_(select(edition.c.id).where(edition.c.state == "published"))
    paced = (obligation.c.target.is_not(None), _IS_OPEN)
    groups = (
        select(obligation.c.state, obligation.c.due_on, _BEYOND, null(), null(), null(), func.count())
        .where(published, ~and_(*paced))
        .group_by(obligation.c.state, obligation.c.due_on, _BEYOND)
    )
    single = (
        select(
            obligation.c.state,
            obligation.c.due_on,
            _BEYOND,
            obligation.c.target,
            _newest,
            _STARTS_ON,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedObligation(LightRow):
    """One obligation as it stands at a moment. `provisional`: its own point says so of its date."""

    id: int
    edition_id: int
    published: bool
    unit_id: int
    unit: str
    ladder: str
    opened_on: date
    hard_due_on: date | None


def played_obligations(connection: Connection, ids: Collection[int] = ()) -> dict[int, PlayedObligation]:
    """Everything that is owed in published editions, and these obligations however they stand, by number."""
    published = edition.c.state == "published"
    rows = connection.execute(_PLAYED.where(or_(and_(published, _IS_OPEN), obligation.c.id.in_(ids))))
    return {row.id: PlayedObligation(**row._mapping) for row in rows}


def coordinator_units(connection: Connection) -> dict[int, int]:
    """By edition, the unit that runs it."""
    return dict(connection.execute(select(edition.c.id, edition.c.coordinator_unit_id)).tuples().all())


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredUnit:
    """A unit as the register has it."""

    id: int
    name: str
    kind: str
    parent_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredContact:
    """A contact in use."""

    id: int
    unit_id: int
    duty: str
    rank: int
    address: str


def registered_units(connection: Connection) -> dict[int, RegisteredUnit]:
    """All units by number."""
    rows = connection.execute(select(*(unit.c[one.name] for one in fields(RegisteredUnit))))
    return {row.id: RegisteredUnit(**row._mapping) for row in rows}


def registered_contacts(connection: Connection) -> dict[int, list[RegisteredContact]]:
    """Everybody in use, by unit."""
    found: dict[int, list[RegisteredContact]] = {}
    rows = connection.execute(
        select(*(contact.c[one.name] for one in fields(RegisteredContact))).where(contact.c.active)
    )
    for row in rows:
        found.setdefault(row.unit_id, []).append(RegisteredContact(**row._mapping))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedReminder:
    """One row of a round's plan."""

    obligation_id: int
    rung: str
    due_on: date
    kind: str
    target_unit_id: int
    status: str


def owed_groups(connection: Connection) -> dict[tuple[str, date, date], list[int]]:
    """What is owed in published editions: the numbers by ladder, day of handing out and date."""
    found: dict[tuple[str, date, date], list[int]] = {}
    published = select(edition.c.id).where(edition.c.state == "published")
    rows = connection.execute(
        select(obligation.c.id, obligation.c.ladder, obligation.c.opened_on, obligation.c.due_on)
        .where(_IS_OPEN, obligation.c.edition_id.in_(published))
        .order_by(obligation.c.id)
    )
    for number, *key in rows:
        found.setdefault(tuple(key), []).append(number)
    return found


def reminders_of(connection: Connection, day: date) -> list[PlannedReminder]:
    """What the round of the day has planned, superseded rungs included."""
    columns = (reminder.c[one.name] for one in fields(PlannedReminder))
    rows = connection.execute(
        select(*columns)
        .join(round_, round_.c.id == reminder.c.round_id)
        .where(round_.c.held_on == day, round_.c.kind == MORNING)
    )
    return [PlannedReminder(**row._mapping) for row in rows]


def support_reminders_of(connection: Connection, day: date) -> list[tuple[int, int]]:
    """(duty, unit) of what the day's round has planned to tell supporting units themselves."""
    rows = connection.execute(
        select(support_reminder.c.duty_id, support_reminder.c.target_unit_id)
        .join(round_, round_.c.id == support_reminder.c.round_id)
        .where(
            round_.c.held_on == day,
            round_.c.kind == MORNING,
            support_reminder.c.status == "planned",
            support_reminder.c.kind.in_(("assign", "advance", "due", "chase")),
        )
    )
    return [(row[0], row[1]) for row in rows]


def unanswered_supports(connection: Connection) -> dict[int, int]:
    """The unit of every duty that waits for its supporter, while a lead of its point still owes."""
    owes = exists().where(obligation.c.point_id == support_duty.c.point_id, _IS_OPEN)
    waits = support_duty.c.state.in_(("pending", "acknowledged"))
    rows = connection.execute(select(support_duty.c.id, support_duty.c.unit_id).where(waits, owes))
    return {row[0]: row[1] for row in rows}


def contacts_given_up(connection: Connection, day: date) -> set[int]:
    """Contacts whose digest of the day could not be sent, or broke off, and waits no more."""
    found = select(dispatch.c.contact_id).where(
        dispatch.c.day == day, dispatch.c.kind == "digest", dispatch.c.status.in_(("failed", "unsure"))
    )
    return {key for key in connection.scalars(found) if key is not None}


def dispatch_rows(connection: Connection, ids: Collection[int]) -> dict[int, tuple[date, str, bool]]:
    """By number: the day, the status, and whether the hour of acceptance is kept."""
    rows = connection.execute(
        select(dispatch.c.id, dispatch.c.day, dispatch.c.status, dispatch.c.accepted_at.is_not(None)).where(
            dispatch.c.id.in_(ids)
        )
    )
    return {number: (day, status, accepted) for number, day, status, accepted in rows}


def count_sending(connection: Connection) -> int:
    """Dispatches that hang in `sending`."""
    return _count(connection, dispatch.c.status == "sending")


def count_pending(connection: Connection, now: datetime) -> int:
    """Dispatches that could have left by now and have not."""
    return _count(connection, dispatch.c.status == "pending", dispatch.c.not_before <= now)


def stored_evidence_hashes(connection: Connection) -> tuple[str, ...]:
    """The hashes that submissions speak of."""
    found = select(evidence_item.c.sha256).where(evidence_item.c.sha256.is_not(None)).distinct()
    return tuple(connection.scalars(found))


def _count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return int(connection.scalar(select(func.count()).select_from(dispatch).where(*conditions)) or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedReminder:
    """One reminder of a campaign: the day of its round, whose matter, the rung, who is told, and the letter that told it.

    `letter` is its key, with the day and the address it was handed to; None where `cause` or `status` says why not.
    """

    on: date
    unit: str
    milestone: str
    label: str
    obligation_id: int
    due_on: date
    rung: str
    kind: str
    told: str
    status: str
    cause: str | None
    letter: str | None
    handed_on: date | None
    address: str | None


def reminders_of_campaign(connection: Connection, campaign: str, year: int) -> tuple[PlayedReminder, ...]:
    """Every reminder of an edition, in order of time; a rung with several letters stands once for each."""
    target, carrier = unit.alias("target"), dispatch.alias("carrier")
    carried = and_(
        reminder.c.status == "planned",
        carrier.c.kind == "digest",
        carrier.c.unit_id == reminder.c.target_unit_id,
        carrier.c.status.in_(("accepted", "unsure")),
        carrier.c.round_id >= reminder.c.round_id,
        func.coalesce(carrier.c.since_round_id, carrier.c.round_id) <= reminder.c.round_id,
        # What is written for the unit itself, or for whoever leads it.
        case(
            (reminder.c.kind == "escalate", carrier.c.parts.in_((2, 3, 6, 7))), else_=carrier.c.parts % 2 == 1
        ),
    )
    rows = connection.execute(
        select(
            round_.c.held_on.label("on"),
            unit.c.name.label("unit"),
            milestone.c.title.label("milestone"),
            point.c.label,
            reminder.c.obligation_id,
            reminder.c.due_on,
            reminder.c.rung,
            reminder.c.kind,
            target.c.name.label("told"),
            reminder.c.status,
            reminder.c.cause,
            carrier.c.id.label("letter"),
            carrier.c.day,
            carrier.c.handed_at,
            carrier.c.address,
        )
        .select_from(reminder)
        .join(round_, round_.c.id == reminder.c.round_id)
        .join(obligation, obligation.c.id == reminder.c.obligation_id)
        .join(edition, edition.c.id == obligation.c.edition_id)
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .join(point, point.c.id == obligation.c.point_id)
        .join(unit, unit.c.id == obligation.c.unit_id)
        .join(target, target.c.id == reminder.c.target_unit_id)
        .outerjoin(carrier, carried)
        .where(edition.c.campaign == campaign, edition.c.year == year)
        .order_by(round_.c.held_on, unit.c.id, reminder.c.due_on, reminder.c.obligation_id, reminder.c.status)
    )
    return tuple(
        PlayedReminder(
            **{
                name: value
                for name, value in row._mapping.items()
                if name not in ("letter", "day", "handed_at")
            },
            letter=f"{row.day}-{row.letter}" if row.letter else None,
            handed_on=clock.civil(row.handed_at) if row.handed_at else None,
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeedRow:
    """One act upon an obligation. `what`: submitted, passed, sent_back, signed; `nth` is of the submission it is about."""

    obligation_id: int
    nth: int
    step: int
    what: str
    by: int
    at: datetime


_SIGNED_LAST = 1_000


def deeds(connection: Connection) -> list[DeedRow]:
    """Every handing in, review and signing off, of each obligation in the order in which they build on each other."""
    handed_in = select(
        submission.c.obligation_id,
        submission.c.nth,
        literal(0).label("step"),
        literal("submitted").label("what"),
        submission.c.submitted_by.label("by"),
        submission.c.submitted_at.label("at"),
    )
    reviewed = select(
        submission.c.obligation_id,
        submission.c.nth,
        review.c.level,
        review.c.verdict,
        review.c.reviewed_by,
        review.c.reviewed_at,
    ).join(submission, submission.c.id == review.c.submission_id)
    signed = select(
        sign_off.c.obligation_id,
        literal(_SIGNED_LAST),
        sign_off.c.id,
        literal("signed"),
        sign_off.c.signed_by,
        sign_off.c.signed_at,
    )
    every = union_all(handed_in, reviewed, signed).subquery()
    in_order = select(every).order_by(every.c.obligation_id, every.c.nth, every.c.step)
    return [DeedRow(**row._mapping) for row in connection.execute(in_order)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedObligation:
    """One that was signed off, subjects' own apart: those are settled by their roster."""

    id: int
    review_levels: int
    closed_on: date | None
    late: bool


def closed_obligations(connection: Connection) -> list[ClosedObligation]:
    """What people have signed off."""
    rows = connection.execute(
        select(
            obligation.c.id,
            milestone.c.review_levels,
            obligation.c.closed_on,
            (obligation.c.late == 1).label("late"),
        )
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .where(obligation.c.state.in_(sorted(DONE)), obligation.c.subject_id == 0)
    )
    return [ClosedObligation(**row._mapping) for row in rows]


def passed_too_early(connection: Connection) -> list[tuple[int, int]]:
    """(later, earlier): a unit's later stage passed before its own earlier one was signed off, with nobody's leave.

    An earlier stage that is let off keeps nobody back; a filing is done once it is accepted and is not looked at here.
    """
    later, early = obligation.alias("later"), obligation.alias("early")
    passed = (
        select(func.min(review.c.reviewed_at))
        .join(submission, submission.c.id == review.c.submission_id)
        .where(submission.c.obligation_id == later.c.id, review.c.verdict == "passed")
        .scalar_subquery()
    )
    signed = (
        select(func.max(sign_off.c.signed_at)).where(sign_off.c.obligation_id == early.c.id).scalar_subquery()
    )
    let_off = ("waived", "cancelled", "registered", "draft")
    found = (
        select(later.c.id, early.c.id)
        .join(milestone_order, milestone_order.c.milestone_id == later.c.milestone_id)
        .join(
            early,
            and_(
                early.c.milestone_id == milestone_order.c.earlier_id,
                early.c.unit_id == later.c.unit_id,
                early.c.due_on <= later.c.due_on,
            ),
        )
        .join(edition, edition.c.id == later.c.edition_id)
        .where(
            edition.c.kind != "filing",
            later.c.subject_id == 0,
            early.c.subject_id == 0,
            early.c.state.not_in(let_off),
            passed.is_not(None),
            or_(signed.is_(None), passed < signed),
            ~exists().where(early_pass.c.obligation_id == later.c.id),
            ~exists().where(forwarding.c.obligation_id.in_((later.c.id, early.c.id))),
        )
    )
    return [(row[0], row[1]) for row in connection.execute(found)]


def closed_with_problems(connection: Connection) -> list[int]:
    """Signed off while a problem of its own ledger was neither struck off nor carried on, or with an empty ledger and
    no word that there are none.
    """
    own = and_(problem.c.unit_id == obligation.c.unit_id, problem.c.milestone_id == obligation.c.milestone_id)
    carried = exists().where(
        problem_carry.c.problem_id == problem.c.id, problem_carry.c.carried_at <= sign_off.c.signed_at
    )
    left = exists().where(
        own,
        # What is found afterwards belongs to the next time.
        problem.c.found_on <= obligation.c.closed_on,
        or_(problem.c.closed_at.is_(None), problem.c.closed_at > sign_off.c.signed_at),
        ~carried,
    )
    zero = exists().where(
        zero_report.c.submission_id == submission.c.id, submission.c.obligation_id == obligation.c.id
    )
    found = (
        select(obligation.c.id)
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .join(sign_off, sign_off.c.obligation_id == obligation.c.id)
        .where(milestone.c.problem_ledger, or_(left, and_(~exists().where(own), ~zero)))
    )
    return list(connection.scalars(found))


def owed_by_nobody(connection: Connection) -> list[int]:
    """What stands as owed where the source says "--", or leaves a cell open that nobody has decided."""
    found = select(obligation.c.id).where(
        obligation.c.target_state.in_(("none", "blank")),
        obligation.c.state == "assigned",
        obligation.c.version == 1,
    )
    return list(connection.scalars(found))


def beyond_the_wall(connection: Connection) -> list[int]:
    """Obligations whose date lies behind the superior's, and whose point's does not."""
    found = (
        select(obligation.c.id)
        .join(point, point.c.id == obligation.c.point_id)
        .where(obligation.c.due_on > obligation.c.hard_due_on, point.c.due_on <= obligation.c.hard_due_on)
    )
    return list(connection.scalars(found))


def history_moments(connection: Connection) -> list[datetime]:
    """When each entry of the history was made, in its order."""
    return list(connection.scalars(select(history.c.at).order_by(history.c.id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePoint:
    """A stage's date that closes with a result. `result` is None while it has not."""

    id: int
    title: str
    kind: str
    due_on: date
    closed_at: datetime | None
    result: dict[str, Any] | None


def gate_points(connection: Connection, *, since: datetime) -> list[GatePoint]:
    """Those of published editions that are open, or were closed since then."""
    rows = connection.execute(
        select(
            point.c.id,
            milestone.c.title,
            edition.c.kind,
            point.c.due_on,
            point.c.gate_closed_at.label("closed_at"),
            point.c.gate_result.label("result"),
        )
        .join(milestone, milestone.c.id == point.c.milestone_id)
        .join(edition, edition.c.id == point.c.edition_id)
        .where(
            milestone.c.gate,
            ~milestone.c.withdrawn,
            ~point.c.withdrawn,
            edition.c.state == "published",
            or_(point.c.gate_closed_at.is_(None), point.c.gate_closed_at >= since),
        )
    )
    return [GatePoint(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How so many obligations of one point stand."""

    point_id: int
    state: str
    due_on: date
    submitted_on: date | None
    closed_on: date | None
    late: bool
    returned: bool
    obligations: int


def standings(connection: Connection, point_ids: Collection[int] | None = None) -> list[Standing]:
    """Of these points, or of everything that is published."""
    facts = (
        obligation.c.point_id,
        obligation.c.state,
        obligation.c.due_on,
        obligation.c.submitted_on,
        obligation.c.closed_on,
        (obligation.c.late == 1).label("late"),
        (obligation.c.returned_times > 0).label("returned"),
    )
    found = select(*facts, func.count().label("obligations")).group_by(*(one.name for one in facts))
    if point_ids is None:
        published = select(edition.c.id).where(edition.c.state == "published")
        found = found.where(obligation.c.edition_id.in_(published))
    else:
        found = found.where(obligation.c.point_id.in_(point_ids))
    return [Standing(**row._mapping) for row in connection.execute(found)]
