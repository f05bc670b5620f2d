"""The ledger as a list: filtered, in order of date, read page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, text

from calendars.model import ExpectedEvidence
from calendars.workdays import YearUnknown
from duban.bureau import Bureau, light_thresholds
from duban.core.access import Actor, Role, VisibleUnits
from duban.editions.tables import edition, milestone, point
from duban.evidence.tables import review, submission
from duban.figures.tables import progress
from duban.obligations.closing_queries import waiting_for
from duban.obligations.lights import Facts, Pace, Standing, standing_of, waiting_standing
from duban.obligations.queries import expected_evidence
from duban.obligations.states import DONE, OPEN, OUT, WAITING, State
from duban.obligations.tables import UNFINISHED, extension, forward_request, obligation
from duban.rosters.tables import subject
from duban.rounds.schedule import ScheduledReminder
from duban.units.queries import visible
from duban.units.tables import person, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationFilter:
    """What is looked for; None asks nothing. `mine` is the person whose desk it is. Dates include both ends."""

    unit_id: int | None = None
    campaign: str | None = None  # key or part of the name
    edition_id: int | None = None
    year: int | None = None
    states: frozenset[State] = frozenset()
    due_from: date | None = None
    due_until: date | None = None
    mine: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedObligation:
    """One row of the ledger with what follows from the calendar on the day it is read for.

    What is `expected` is read for one's own obligations only; `reminder` (what comes next if nothing is handed in),
    `sent_back`, `extension_wanted_on` and `forward_asked_to` for the unit's own page.
    """

    id: int
    campaign: str
    campaign_name: str
    year: int
    edition_id: int
    milestone: str
    label: str
    unit_id: int
    unit: str
    subject: str | None
    state: State
    due_on: date
    hard_due_on: date | None
    starts_on: date
    submitted_on: date | None
    closed_on: date | None
    late: bool
    returned_times: int
    extended_times: int
    extension_pending: bool
    handler: str | None
    target_state: str | None
    target: Decimal | None
    reported: Decimal | None
    version: int
    ladder: str
    opened_on: date
    paused: bool  # its edition is: no reminders for now
    milestone_id: int
    source_document: str
    source_item: str
    due_phrase: str
    standing: Standing
    last_workday: date
    provisional: bool
    expected: tuple[ExpectedEvidence, ...] = ()
    reminder: ScheduledReminder | None = None
    sent_back: SentBackRow | None = None
    extension_wanted_on: date | None = None
    forward_asked_to: str | None = None
    waits_for: tuple[str, ...] = ()  # earlier stages that are not closed

    @property
    def title(self) -> str:
        return self.milestone + (f"（{self.label}）" if self.label else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBackRow:
    """The newest send-back of one obligation."""

    nth: int
    reason: str
    reviewed_by: str
    reviewed_at: datetime


class LightFacts(NamedTuple):
    """A named tuple because a million of them are compared with each other."""

    state: str
    due_on: date
    submitted_on: date | None
    closed_on: date | None
    starts_on: date
    target: Decimal | None
    reported: Decimal | None


def count_obligations(connection: Connection, wanted: ObligationFilter, sight: VisibleUnits) -> int:
    """How many rows the filter finds."""
    # Counted over ids, so that the columns of a row cost nothing here.
    ids = _only(_joined(select(obligation.c.id)), wanted, sight).subquery()
    return connection.execute(select(func.count()).select_from(ids)).scalar_one()


def listed_obligations(
    bureau: Bureau,
    connection: Connection,
    wanted: ObligationFilter,
    sight: VisibleUnits,
    today: date,
    *,
    offset: int,
    limit: int,
) -> tuple[ListedObligation, ...]:
    """Some rows of the list, the earliest date first."""
    found = _only(_joined(_SHOWN), wanted, sight).order_by(obligation.c.due_on, obligation.c.id)
    rows = connection.execute(found.offset(offset).limit(limit))
    return _waiting(connection, [_listed(bureau, row, today) for row in rows])


def obligation_light_facts(
    connection: Connection, wanted: ObligationFilter, sight: VisibleUnits
) -> Iterator[tuple[int, LightFacts]]:
    """Of every row of the list, in the same order, its id and what its light is made of; a few at a time."""
    found = _only(_joined(_FACTS), wanted, sight).order_by(obligation.c.due_on, obligation.c.id)
    for obligation_id, *columns in connection.execute(found.execution_options(yield_per=_PAGE)):
        yield obligation_id, LightFacts(*columns)


def listed_by_id(
    bureau: Bureau, connection: Connection, ids: Sequence[int], sight: VisibleUnits, today: date
) -> tuple[ListedObligation, ...]:
    """These rows that the person may see, in the order of the list."""
    if not ids:
        return ()
    found = _joined(_SHOWN).where(obligation.c.id.in_(ids), visible(sight, obligation.c.unit_id))
    ordered = found.order_by(obligation.c.due_on, obligation.c.id)
    return _waiting(connection, [_listed(bureau, row, today) for row in connection.execute(ordered)])


_PAGE = 500
_newest = (
    select(progress.c.value)
    .where(progress.c.obligation_id == obligation.c.id)
    .order_by(progress.c.as_of_on.desc(), progress.c.id.desc())
    .limit(1)
    .correlate(obligation)
    .scalar_subquery()
)
_asked = (
    select(extension.c.id)
    .where(extension.c.obligation_id == obligation.c.id, extension.c.decided_at.is_(None))
    .correlate(obligation)
    .exists()
)
_SHOWN = select(
    obligation.c.id,
    edition.c.campaign,
    edition.c.name.label("campaign_name"),
    edition.c.year,
    obligation.c.edition_id,
    milestone.c.title.label("milestone"),
    point.c.label,
    obligation.c.unit_id,
    unit.c.name.label("unit"),
    subject.c.name.label("subject"),
    obligation.c.state,
    obligation.c.due_on,
    obligation.c.hard_due_on,
    point.c.due_on.label("point_due_on"),
    point.c.last_workday.label("point_last_workday"),
    point.c.provisional.label("point_provisional"),
    func.coalesce(point.c.starts_on, obligation.c.opened_on).label("starts_on"),
    obligation.c.submitted_on,
    obligation.c.closed_on,
    obligation.c.late,
    obligation.c.returned_times,
    obligation.c.extended_times,
    _asked.label("extension_pending"),
    person.c.name.label("handler"),
    obligation.c.target_state,
    obligation.c.target,
    _newest.label("reported"),
    obligation.c.version,
    obligation.c.ladder,
    obligation.c.opened_on,
    (edition.c.state == "paused").label("paused"),
    obligation.c.milestone_id,
    milestone.c.source_document,
    milestone.c.source_item,
    milestone.c.due_phrase,
)

_FACTS = select(
    obligation.c.id,
    obligation.c.state,
    obligation.c.due_on,
    obligation.c.submitted_on,
    obligation.c.closed_on,
    func.coalesce(point.c.starts_on, obligation.c.opened_on),
    obligation.c.target,
    _newest,
)


def _joined(columns: Select[Any]) -> Select[Any]:
    return columns.select_from(
        obligation.join(edition, edition.c.id == obligation.c.edition_id)
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .join(point, point.c.id == obligation.c.point_id)
        .join(unit, unit.c.id == obligation.c.unit_id)
        .outerjoin(person, person.c.id == obligation.c.handler_id)
        .outerjoin(subject, subject.c.id == obligation.c.subject_id)
    )


def _only(found: Select[Any], wanted: ObligationFilter, sight: VisibleUnits) -> Select[Any]:
    found = found.where(visible(sight, obligation.c.unit_id))
    same = (
        (obligation.c.unit_id, wanted.unit_id),
        (obligation.c.edition_id, wanted.edition_id),
        (edition.c.year, wanted.year),
    )
    found = found.where(*(column == value for column, value in same if value is not None))
    if wanted.campaign is not None:
        named = edition.c.name.contains(wanted.campaign, autoescape=True)
        found = found.where(or_(edition.c.campaign == wanted.campaign, named))
    if wanted.states:
        found = found.where(obligation.c.state.in_(sorted(state.value for state in wanted.states)))
    if wanted.due_from is not None:
        found = found.where(obligation.c.due_on >= wanted.due_from)
    if wanted.due_until is not None:
        found = found.where(obligation.c.due_on <= wanted.due_until)
    return found.where(_desk(wanted.mine)) if wanted.mine else found


def _desk(mine: Actor) -> ColumnElement[bool]:
    """A handler's own and what nobody in the unit has taken on; for reviewers what waits for them."""
    own = or_(
        obligation.c.handler_id == mine.person_id,
        obligation.c.backup_id == mine.person_id,
        and_(obligation.c.handler_id.is_(None), obligation.c.unit_id == mine.unit_id),
    )
    waiting = obligation.c.state.in_(sorted(state.value for state in WAITING))
    if Role.HANDLER not in mine.roles:
        return waiting
    return or_(own, waiting) if mine.roles - {Role.HANDLER} else own


def _listed(
    bureau: Bureau, row: Row[Any], today: date, expected: tuple[ExpectedEvidence, ...] = ()
) -> ListedObligation:
    """A row with its light and its last workday; of a date that an extension moved that is computed anew."""
    values = dict(row._mapping) | {"state": State(row.state)}
    values |= {name: bool(values[name]) for name in ("late", "extension_pending", "paused")}
    point_due_on, last_workday, provisional = (values.pop(f"point_{name}") for name in _OF_POINT)
    if row.due_on != point_due_on:
        try:
            last_workday = bureau.workdays.on_or_before(row.due_on)
            provisional = bureau.workdays.is_provisional(last_workday, row.due_on)
        except YearUnknown:
            # A date granted in a year that nobody knows yet: it stands as it is, and says so.
            last_workday, provisional = row.due_on, True
    return ListedObligation(
        **values,
        standing=standing_of(
            facts_of(row, late=values["late"]), today, bureau.workdays, light_thresholds(bureau)
        ),
        last_workday=last_workday,
        provisional=bool(provisional),
        expected=expected,
    )


def _waiting(connection: Connection, found: Sequence[ListedObligation]) -> tuple[ListedObligation, ...]:
    """The same, each saying which earlier stages it waits for."""
    stages = waiting_for(connection, [one.id for one in found])
    return tuple(
        replace(one, waits_for=names, standing=waiting_standing(one.standing, names))
        if (names := stages.get(one.id, ()))
        else one
        for one in found
    )


_OF_POINT = ("due_on", "last_workday", "provisional")


def facts_of(one: Row[Any] | LightFacts, *, late: bool = False) -> Facts:
    """What a light is made of. The mark `late` changes the word, never the light; only a whole row has it."""
    pace = None
    if one.target is not None:
        pace = Pace(target=one.target, reported=one.reported, starts_on=one.starts_on)
    return Facts(
        state=State(one.state),
        due_on=one.due_on,
        submitted_on=one.submitted_on,
        closed_on=one.closed_on,
        late=late,
        pace=pace,
    )


OWED = OPEN
WITH_OTHERS = WAITING | {State.SUSPENDED}
OVER = DONE | (OUT - {State.SUSPENDED})
_IN_FORCE = ("published", "paused")


def own_obligations(
    bureau: Bureau,
    connection: Connection,
    sight: VisibleUnits,
    states: frozenset[State],
    today: date,
    *,
    offset: int,
    limit: int,
) -> tuple[ListedObligation, ...]:
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
        .where(visible(sight, obligation.c.unit_id), among(states), _in_force())
        .order_by(*order)
        .offset(offset)
        .limit(limit)
    )
    wanted = list(connection.scalars(ids))
    found = {one.id: one for one in own_by_id(bureau, connection, wanted, today)}
    return tuple(found[one] for one in wanted)


def all_own_obligations(
    bureau: Bureau, connection: Connection, sight: VisibleUnits, today: date, *, due_from: date
) -> tuple[ListedObligation, ...]:
    """Everything due since a day, and whatever is still open from before: a calendar, a ledger of the year."""
    still = and_(among(OWED | WITH_OTHERS), obligation.c.due_on < due_from)
    ids = (
        select(obligation.c.id)
        .where(visible(sight, obligation.c.unit_id), _in_force())
        .where(or_(obligation.c.due_on >= due_from, still), obligation.c.state.not_in(_NOT_YET))
        .order_by(obligation.c.due_on, obligation.c.id)
    )
    return own_by_id(bureau, connection, list(connection.scalars(ids)), today)


def count_own_obligations(
    connection: Connection, sight: VisibleUnits, *groups: frozenset[State]
) -> tuple[int, ...]:
    """How many there are in each group of states."""
    counts = [func.count().filter(among(states)) for states in groups]
    found = select(*counts).where(
        visible(sight, obligation.c.unit_id), among(frozenset().union(*groups)), _in_force()
    )
    return tuple(connection.execute(found).one())


def send_backs(connection: Connection, ids: Sequence[int]) -> dict[int, SentBackRow]:
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


def asked_extension_on(connection: Connection, ids: Sequence[int]) -> dict[int, date]:
    """The day that each undecided request for more time asks for."""
    found = connection.execute(
        select(extension.c.obligation_id, extension.c.wanted_on).where(
            extension.c.obligation_id.in_(ids), extension.c.decided_at.is_(None)
        )
    )
    return {row.obligation_id: row.wanted_on for row in found}


def asked_forward_to(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """The unit that each undecided request to forward names."""
    found = connection.execute(
        select(forward_request.c.obligation_id, unit.c.name)
        .join(unit, unit.c.id == forward_request.c.to_unit_id)
        .where(forward_request.c.obligation_id.in_(ids), forward_request.c.decided_at.is_(None))
    )
    return {row.obligation_id: row.name for row in found}


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


def _in_force() -> ColumnElement[bool]:
    """As a sub-query over the few editions, so that the unit's index leads the way."""
    return obligation.c.edition_id.in_(select(edition.c.id).where(edition.c.state.in_(_IN_FORCE)))


def own_by_id(
    bureau: Bureau, connection: Connection, ids: Sequence[int], today: date
) -> tuple[ListedObligation, ...]:
    """These, with what is expected, for whoever has already been found to see them; the earliest date first."""
    found: list[ListedObligation] = []
    bodies: dict[int, tuple[ExpectedEvidence, ...]] = {}
    for start in range(0, len(ids), _PAGE):
        some = _joined(_SHOWN).where(obligation.c.id.in_(ids[start : start + _PAGE]))
        rows = connection.execute(some.order_by(obligation.c.due_on, obligation.c.id)).all()
        # What each milestone expects is read once for all its obligations.
        new = sorted({row.milestone_id for row in rows} - set(bodies))
        of_new = connection.execute(select(milestone.c.id, milestone.c.body).where(milestone.c.id.in_(new)))
        bodies |= {one.id: expected_evidence(one.body) for one in of_new}
        found += _waiting(connection, [_listed(bureau, row, today, bodies[row.milestone_id]) for row in rows])
    return tuple(found)
