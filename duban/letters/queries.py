"""What letters are made of, read for a whole batch of them at once; whom to chase; and which links are in force.

Only what still stands is said: an obligation that was closed, waived, suspended or moved since its reminder was
planned is not found any more. Knows nothing of words.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain, groupby
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    or_,
    select,
    text,
)

from calendars.workdays import WorkdayTable
from duban.accounts.tables import link_generation
from duban.core import clock
from duban.core.access import Role, VisibleUnits
from duban.core.db import upsert
from duban.editions.tables import edition, milestone, milestone_order, point
from duban.figures.tables import progress
from duban.letters.rules import Bearer
from duban.obligations.closing_queries import waiting_for
from duban.obligations.states import OPEN, State
from duban.obligations.support_queries import SupportDuty, support_duties
from duban.obligations.tables import UNFINISHED, obligation, support_duty
from duban.outbox.queries import AUDIENCE, DIGEST, ClaimedDispatch, Part, nobody_row
from duban.outbox.tables import dispatch
from duban.rosters.tables import subject
from duban.rounds.tables import reminder, support_reminder
from duban.units.queries import officers, visible
from duban.units.tables import contact, person, person_role, unit

FIRST_GENERATION = 1
CHASE_NOW = "chase_now"
CHASE, ESCALATE = "chase", "escalate"
_PAGE = 500
_OPEN = sorted(state.value for state in OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterObligation:
    """One obligation as a letter needs it, its texts and dates with it.

    `evidence` are titles. `point_due_on`, `last_workday` and `provisional` are its point's, as they stand under today's
    notices. `reported` is the newest figure towards `target`, of the day `reported_on`.
    """

    id: int
    milestone_id: int
    coordinator_unit_id: int
    unit_id: int
    unit: str
    state: State
    opened_on: date
    due_on: date
    hard_due_on: date | None
    returned_times: int
    extended_times: int
    edition_state: str
    campaign: str
    title: str
    document: str
    due_phrase: str
    rule: str
    evidence: tuple[str, ...]
    unit_of_measure: str
    label: str
    starts_on: date | None
    point_due_on: date
    last_workday: date
    provisional: bool
    subject: str | None
    target: Decimal | None
    reported: Decimal | None
    reported_on: date | None
    instead: str | None = None  # why its escalation is told to another than the leader in charge

    @property
    def stands(self) -> bool:
        """The unit is still to act on it, and its edition has not been withdrawn. A pause stops reminders only."""
        return self.state in OPEN and self.edition_state in ("published", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    """A planned reminder whose obligation still stands as it was planned."""

    kind: str
    round_id: int
    obligation: LetterObligation


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindedSupport:
    """A planned reminder of a supporting unit's duty that is still unanswered, for the date it was planned for.

    `previous_due_on` is the date that the unit was told of before, where that is another.
    """

    kind: str
    round_id: int
    duty: SupportDuty
    previous_due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """To whom one dispatch goes; `name` is None where its unit has no contact."""

    dispatch_id: int
    unit: str
    name: str | None
    active: bool
    link_generation: int
    roles: frozenset[Role] = frozenset()  # of the person of that name, in an office digest


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeToAsk:
    """The unit that runs a campaign, and who of it answers questions."""

    unit: str
    name: str | None
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterData:
    """The facts of a batch of letters, read at one moment."""

    addressees: Mapping[int, Addressee]  # by dispatch
    reminded: Mapping[int, Sequence[Reminded]]  # by target unit
    supports: Mapping[int, Sequence[RemindedSupport]]  # by target unit
    overdue: Mapping[int, Sequence[LetterObligation]]  # by unit, whatever was planned
    chased: Mapping[int, Sequence[tuple[date, str]]]  # by obligation that is escalated: when, who took it
    obligations: Mapping[int, LetterObligation]  # those that urgent messages name, whatever their state
    waits_for: Mapping[int, tuple[str, ...]]  # by obligation: the earlier stages that are not closed
    offices: Mapping[int, OfficeToAsk]  # by coordinating unit
    readers: Mapping[
        tuple[date, str, int], Sequence[tuple[Part, str]]
    ]  # of a unit's chase of a day: who gets which part
    points_in_force: frozenset[int]


def letter_data(
    connection: Connection, rows: Sequence[ClaimedDispatch], today: date, workdays: WorkdayTable
) -> LetterData:
    """Everything that these letters refer to."""
    urgent, digests = ([one for one in rows if (one.kind == DIGEST) is wanted] for wanted in (False, True))
    reminded = _reminded(connection, digests)
    obligations = {
        row.id: _obligation(row)
        for some in _pages(number for one in urgent for number in _obligations(one))
        for row in connection.execute(_OBLIGATIONS.where(obligation.c.id.in_(some)))
    }
    reminders = [one for some in reminded.values() for one in some]
    overdue = _overdue(connection, {one.unit_id for one in digests}, today)
    named = [*obligations.values(), *(one.obligation for one in reminders), *chain(*overdue.values())]
    chased = {unit_id for unit_id, some in reminded.items() if any(one.kind == CHASE for one in some)}
    return LetterData(
        addressees=_addressees(connection, rows),
        reminded=reminded,
        supports=_reminded_supports(connection, digests, workdays),
        overdue=overdue,
        chased=_chased(connection, [one.obligation for one in reminders if one.kind == ESCALATE]),
        obligations=obligations,
        waits_for=_waits_for(connection, named),
        offices=_offices(connection, {one.coordinator_unit_id for one in named}),
        readers=_readers(connection, [one for one in rows if one.kind == CHASE_NOW or one.unit_id in chased]),
        points_in_force=frozenset(
            number
            for some in _pages(number for one in urgent for number in point_of(one))
            for number in connection.scalars(_POINTS_IN_FORCE.where(point.c.id.in_(some)))
        ),
    )


def _waits_for(connection: Connection, named: Sequence[LetterObligation]) -> dict[int, tuple[str, ...]]:
    later = frozenset(connection.scalars(select(milestone_order.c.milestone_id).distinct()))
    found: dict[int, tuple[str, ...]] = {}
    for some in _pages({one.id for one in named if one.milestone_id in later}):
        found |= waiting_for(connection, list(some))
    return found


def point_of(row: ClaimedDispatch) -> Iterable[int]:
    """The point that a stage summary is about."""
    what, _, number = row.ref.partition(":")
    return [int(number)] if what == "point" and number.isdecimal() else []


def _obligations(row: ClaimedDispatch) -> Iterable[int]:
    """The numbers that an urgent message's payload speaks of; what is malformed comes to light when it is composed."""
    payload = row.payload or {}
    entries = [payload, *(payload.get("items") or ())]
    return [number for one in entries if isinstance(number := one.get("obligation_id"), int)]


def _addressees(connection: Connection, rows: Sequence[ClaimedDispatch]) -> dict[int, Addressee]:
    statement = (
        select(
            dispatch.c.id.label("dispatch_id"),
            unit.c.name.label("unit"),
            contact.c.name,
            func.coalesce(contact.c.active, False).label("active"),
            _GENERATION,
        )
        .join_from(dispatch, unit, unit.c.id == dispatch.c.unit_id)
        .outerjoin(contact, contact.c.id == dispatch.c.contact_id)
        .outerjoin(link_generation, link_generation.c.unit_id == unit.c.id)
    )
    found = {
        row.dispatch_id: Addressee(**row._mapping)
        for some in _pages(one.id for one in rows)
        for row in connection.execute(statement.where(dispatch.c.id.in_(some)))
    }
    if any(Part(one.parts) & Part.OFFICE for one in rows):
        roles = {one.contact_id: one.roles for one in officers(connection, tuple(Role))}
        return {one.id: replace(found[one.id], roles=roles.get(one.contact_id, frozenset())) for one in rows}
    return found


def _reminded(connection: Connection, digests: Sequence[ClaimedDispatch]) -> dict[int, list[Reminded]]:
    """By target unit, what its digests carry: of each obligation the newest reminder, earliest date first.

    A reminder that a later round has overtaken belongs to that round's digest.
    """
    rounds, units = _carried(digests)
    found: dict[int, list[Reminded]] = {}
    if rounds:
        statement = _REMINDED.where(reminder.c.round_id.in_(rounds), reminder.c.target_unit_id.in_(units))
        for row in connection.execute(statement):
            told = replace(_obligation(row), instead=row.cause)
            one = Reminded(kind=row.kind, round_id=row.round_id, obligation=told)
            found.setdefault(row.target_unit_id, []).append(one)
    return found


def _carried(digests: Sequence[ClaimedDispatch]) -> tuple[set[int], set[int]]:
    """The rounds and units whose reminders these letters carry."""
    rounds = {
        number
        for one in digests
        if one.round_id is not None
        for number in range(one.since_round_id or one.round_id, one.round_id + 1)
    }
    return rounds, {one.unit_id for one in digests}


def _reminded_supports(
    connection: Connection, digests: Sequence[ClaimedDispatch], workdays: WorkdayTable
) -> dict[int, list[RemindedSupport]]:
    """By target unit, of each duty the newest reminder, the earliest date first."""
    rounds, units = _carried(digests)
    if not rounds:
        return {}
    carried = support_reminder.c.round_id.in_(rounds) & support_reminder.c.target_unit_id.in_(units)
    rows = connection.execute(
        select(support_reminder)
        .where(carried, support_reminder.c.status == "planned")
        .order_by(support_reminder.c.round_id)
    )
    newest = {(row.target_unit_id, row.duty_id): row for row in rows}
    duties = {
        one.id: one
        for some in _pages(duty_id for _, duty_id in newest)
        for one in support_duties(connection, workdays, support_duty.c.id.in_(some))
    }
    told = _told_dates(connection, duties)
    found: dict[int, list[RemindedSupport]] = {}
    for (target_id, duty_id), row in newest.items():
        duty = duties[duty_id]
        if duty.asked and duty.edition_state == "published" and duty.due_on == row.due_on:
            before = [due_on for round_id, due_on in told.get(duty_id, ()) if round_id < row.round_id]
            one = RemindedSupport(
                kind=row.kind,
                round_id=row.round_id,
                duty=duty,
                previous_due_on=before[-1] if before and before[-1] != row.due_on else None,
            )
            found.setdefault(target_id, []).append(one)
    return {key: sorted(some, key=lambda one: (one.duty.due_on, one.duty.id)) for key, some in found.items()}


def _told_dates(connection: Connection, duty_ids: Iterable[int]) -> dict[int, list[tuple[int, date]]]:
    """By duty, the rounds that told of it and the dates they told, in order."""
    told: dict[int, list[tuple[int, date]]] = {}
    for some in _pages(duty_ids):
        planned = support_reminder.c.duty_id.in_(some) & (support_reminder.c.status == "planned")
        rows = connection.execute(
            select(support_reminder).where(planned).order_by(support_reminder.c.round_id)
        )
        for row in rows:
            told.setdefault(row.duty_id, []).append((row.round_id, row.due_on))
    return told


def _overdue(
    connection: Connection, units: Collection[int], today: date
) -> dict[int, list[LetterObligation]]:
    """By unit, everything whose date has passed, earliest first: a letter speaks of it whatever it was planned for."""
    found: dict[int, list[LetterObligation]] = {}
    for some in _pages(units):
        for row in connection.execute(_OVERDUE, {"units": some, "today": today}):
            found.setdefault(row.unit_id, []).append(_obligation(row))
    return found


def _chased(
    connection: Connection, escalated: Sequence[LetterObligation]
) -> dict[int, list[tuple[date, str]]]:
    """When the unit itself was chased for what is escalated, by a letter that its mailbox took."""
    if not escalated:
        return {}
    planned = [
        row
        for some in _pages(one.id for one in escalated)
        for row in connection.execute(
            select(reminder.c.obligation_id, reminder.c.round_id, reminder.c.target_unit_id).where(
                reminder.c.obligation_id.in_(some),
                reminder.c.kind == CHASE,
                reminder.c.status == "planned",
            )
        )
    ]
    letters: dict[int, list[Any]] = {}
    for some in _pages(one.unit_id for one in escalated):
        by_round = and_(
            dispatch.c.kind == DIGEST,
            dispatch.c.round_id >= min((row.round_id for row in planned), default=0),
        )
        by_hand = and_(
            dispatch.c.kind == CHASE_NOW, dispatch.c.day >= min(one.opened_on for one in escalated)
        )
        statement = select(dispatch, contact.c.name).join(contact, contact.c.id == dispatch.c.contact_id)
        for row in connection.execute(
            statement.where(
                or_(by_round, by_hand),
                dispatch.c.unit_id.in_(some),
                dispatch.c.status == "accepted",
                dispatch.c.parts.bitwise_and(Part.OWN.value) != 0,
            )
        ):
            letters.setdefault(row.unit_id, []).append(row)
    found: dict[int, set[tuple[date, str]]] = {}
    for row in planned:
        for letter in letters.get(row.target_unit_id, ()):
            if letter.kind == DIGEST and letter.since_round_id <= row.round_id <= letter.round_id:
                found.setdefault(row.obligation_id, set()).add((clock.civil(letter.accepted_at), letter.name))
    for one in escalated:
        for letter in letters.get(one.unit_id, ()):
            if letter.kind == CHASE_NOW and any(
                item["obligation_id"] == one.id for item in letter.payload["items"]
            ):
                found.setdefault(one.id, set()).add((clock.civil(letter.accepted_at), letter.name))
    return {number: sorted(times) for number, times in found.items()}


def _offices(connection: Connection, units: Collection[int]) -> dict[int, OfficeToAsk]:
    """Of each coordinating unit who answers questions: a coordinator with an address, else who does the unit's work."""
    if not units:
        return {}
    rows = connection.execute(_OFFICES, {"units": list(units)})
    found: dict[int, OfficeToAsk] = {}
    for row in rows:
        answers = row.coordinates or row.works
        mailbox = row.address if answers and row.channel == "mail" else None
        found.setdefault(
            row.id, OfficeToAsk(unit=row.unit, name=row.name if answers else None, address=mailbox)
        )
    return found


def _readers(
    connection: Connection, rows: Sequence[ClaimedDispatch]
) -> dict[tuple[date, str, int], list[tuple[Part, str]]]:
    """Who else has the same chase: the letter says who has a copy, the copy to whom the letter went."""
    found: dict[tuple[date, str, int], list[tuple[Part, str]]] = {}
    for kind, some in groupby(sorted(rows, key=lambda one: one.kind), key=lambda one: one.kind):
        wanted = list(some)
        which = (
            dispatch.c.round_id.in_({one.round_id for one in wanted})
            if kind == DIGEST
            else dispatch.c.day.in_({one.day for one in wanted})
        )
        statement = (
            select(dispatch.c.day, dispatch.c.unit_id, dispatch.c.parts, contact.c.name)
            .join(contact, contact.c.id == dispatch.c.contact_id)
            .where(
                which,
                dispatch.c.kind == kind,
                dispatch.c.unit_id.in_({one.unit_id for one in wanted}),
                dispatch.c.status.not_in(("failed", "withdrawn")),
            )
            .order_by(dispatch.c.id)
        )
        for row in connection.execute(statement):
            found.setdefault((row.day, kind, row.unit_id), []).append((Part(row.parts), row.name))
    return found


def _obligation(row: Any) -> LetterObligation:
    values = {name: row._mapping[name] for name in _COLUMNS}
    evidence, measure = _of_body(row.body)
    return LetterObligation(
        **values,
        state=State(row.state),
        document=f"{row.source_document} {row.source_item}".strip(),
        evidence=evidence,
        unit_of_measure=measure,
    )


@lru_cache(maxsize=512)
def _of_body(body: str) -> tuple[tuple[str, ...], str]:
    """What is to be handed in, and the measure that its target counts in."""
    value = json.loads(body)
    return tuple(_asked_for(item) for item in value.get("evidence", ())), (value.get("quota") or {}).get(
        "unit_of_measure", ""
    )


def _asked_for(item: Mapping[str, Any]) -> str:
    measure = item.get("unit_of_measure")
    details = [measure] if measure and not item["title"].endswith(measure) else []
    details += [] if item.get("required", True) else ["选报"]
    return item["title"] + (f"（{'，'.join(details)}）" if details else "")


def _pages(ids: Iterable[int]) -> Iterable[list[int]]:
    wanted = sorted(set(ids))
    return (wanted[start : start + _PAGE] for start in range(0, len(wanted), _PAGE))


_GENERATION = func.coalesce(link_generation.c.generation, FIRST_GENERATION).label("link_generation")
_POINTS_IN_FORCE = (
    select(point.c.id)
    .join(edition, edition.c.id == point.c.edition_id)
    .where(edition.c.state.in_(("published", "paused")), ~point.c.withdrawn)
)


def _newest_figure(column: ColumnElement[Any]) -> ColumnElement[Any]:
    newest = (
        select(column)
        .where(progress.c.obligation_id == obligation.c.id)
        .order_by(progress.c.as_of_on.desc(), progress.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return case((obligation.c.target.is_not(None), newest))


_MADE = ("state", "document", "evidence", "unit_of_measure", "instead")
_ELSEWHERE: dict[str, ColumnElement[Any]] = {
    "unit": unit.c.name,
    "edition_state": edition.c.state,
    "campaign": edition.c.name,
    "title": milestone.c.title,
    "label": point.c.label,
    "starts_on": point.c.starts_on,
    "point_due_on": point.c.due_on,
    "last_workday": point.c.last_workday,
    "provisional": point.c.provisional,
    "subject": subject.c.name,
    "coordinator_unit_id": edition.c.coordinator_unit_id,
    "due_phrase": milestone.c.due_phrase,
    "rule": milestone.c.rule,
    "reported": _newest_figure(progress.c.value),
    "reported_on": _newest_figure(progress.c.as_of_on),
}
_COLUMNS = [one.name for one in fields(LetterObligation) if one.name not in _MADE]
_SHOWN = [
    *(
        _ELSEWHERE[name].label(name) if name in _ELSEWHERE else obligation.c[name]
        for name in [*_COLUMNS, "state"]
    ),
    milestone.c.source_document,
    milestone.c.source_item,
    # As text, because many obligations share one milestone and its body is read once.
    cast(milestone.c.body, Text).label("body"),
]
_WHOLE = (
    obligation.join(edition, edition.c.id == obligation.c.edition_id)
    .join(unit, unit.c.id == obligation.c.unit_id)
    .join(milestone, milestone.c.id == obligation.c.milestone_id)
    .join(point, point.c.id == obligation.c.point_id)
    .outerjoin(subject, subject.c.id == obligation.c.subject_id)
)
_OBLIGATIONS: Select[Any] = select(*_SHOWN).select_from(_WHOLE)
# Statements are built once: building one takes as long as running it.
_UNITS: BindParameter[Any] = bindparam("units", expanding=True)
_OVERDUE: Select[Any] = _OBLIGATIONS.where(
    text(f"obligation.{UNFINISHED}"),
    obligation.c.unit_id.in_(_UNITS),
    obligation.c.state.in_(_OPEN),
    obligation.c.due_on < bindparam("today", type_=Date),
    obligation.c.opened_on <= bindparam("today", type_=Date),
    edition.c.state == "published",
).order_by(obligation.c.due_on, obligation.c.id)
_coordinates = case((person_role.c.person_id.is_not(None), 1), else_=0).label("coordinates")
_works = case((contact.c.duty.in_(("handler", "backup")), 1), else_=0).label("works")
_OFFICES = (
    select(unit.c.id, unit.c.name.label("unit"), contact.c.name, contact.c.channel, contact.c.address)
    .add_columns(_coordinates, _works)
    .select_from(
        unit.outerjoin(contact, and_(contact.c.unit_id == unit.c.id, contact.c.active))
        .outerjoin(
            person,
            and_(person.c.unit_id == contact.c.unit_id, person.c.name == contact.c.name, person.c.active),
        )
        .outerjoin(
            person_role,
            and_(person_role.c.person_id == person.c.id, person_role.c.role == Role.COORDINATOR.value),
        )
    )
    .where(unit.c.id.in_(_UNITS))
    .order_by(unit.c.id, _coordinates.desc(), _works.desc(), contact.c.rank, contact.c.id)
)
_newer = reminder.alias("newer")
_REMINDED: Select[Any] = (
    select(reminder.c.target_unit_id, reminder.c.kind, reminder.c.round_id, reminder.c.cause, *_SHOWN)
    .select_from(_WHOLE.join(reminder, reminder.c.obligation_id == obligation.c.id))
    .where(
        reminder.c.status == "planned",
        obligation.c.due_on == reminder.c.due_on,
        obligation.c.state.in_(_OPEN),
        edition.c.state == "published",
        # What was moved to another unit is no longer this one's.
        or_(reminder.c.kind == "escalate", obligation.c.unit_id == reminder.c.target_unit_id),
        ~exists().where(
            and_(
                _newer.c.obligation_id == reminder.c.obligation_id,
                _newer.c.status == "planned",
                _newer.c.target_unit_id == reminder.c.target_unit_id,
                _newer.c.round_id > reminder.c.round_id,
                (_newer.c.kind == "escalate") == (reminder.c.kind == "escalate"),
            )
        ),
    )
    .order_by(obligation.c.due_on, obligation.c.id)
)


def link_generation_of(connection: Connection, unit_id: int) -> int:
    """The generation of a unit's links that is in force; revoking begins the next."""
    found = select(link_generation.c.generation).where(link_generation.c.unit_id == unit_id)
    return connection.scalar(found) or FIRST_GENERATION


def link_bearer(connection: Connection, contact_id: int) -> Bearer | None:
    """The contact as registered today. Holds the unit's row, so that no two enter its person, nor links end meanwhile."""
    row = connection.execute(
        select(
            contact.c.name,
            contact.c.unit_id,
            unit.c.name.label("unit"),
            unit.c.active.label("unit_active"),
            contact.c.active,
            contact.c.duty,
            _GENERATION.label("generation"),
            person.c.active.label("person_active"),
        )
        .join_from(contact, unit, unit.c.id == contact.c.unit_id)
        .outerjoin(link_generation, link_generation.c.unit_id == unit.c.id)
        .outerjoin(person, (person.c.unit_id == unit.c.id) & (person.c.name == contact.c.name))
        .where(contact.c.id == contact_id)
        .with_for_update(key_share=True, of=unit)
    ).first()
    return Bearer(**row._mapping) if row else None


def raise_link_generation(connection: Connection, unit_id: int, now: datetime) -> int:
    """Begin the unit's next generation of links; returns it."""
    connection.execute(select(unit.c.id).where(unit.c.id == unit_id).with_for_update(key_share=True))
    new = link_generation_of(connection, unit_id) + 1
    values = {"generation": new, "changed_at": now}
    if new == FIRST_GENERATION + 1:
        connection.execute(link_generation.insert().values(unit_id=unit_id, **values))
    else:
        connection.execute(
            link_generation.update().where(link_generation.c.unit_id == unit_id).values(**values)
        )
    return new


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaseScope:
    """What is chased: each that is given narrows it. `unread_since`: only what was opened by then and not acknowledged."""

    edition_id: int | None = None
    unit_ids: tuple[int, ...] = ()
    obligation_ids: tuple[int, ...] = ()
    due_until: date | None = None
    unread_since: date | None = None

    @property
    def bounded(self) -> bool:
        return self.edition_id is not None or bool(self.unit_ids) or bool(self.obligation_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitToChase:
    """One unit of the scope: how many it owes, and the first of them to fall due."""

    unit_id: int
    unit: str
    total: int
    obligation_ids: tuple[int, ...]


def units_to_chase(
    connection: Connection, scope: ChaseScope, *, today: date, shown: int
) -> tuple[UnitToChase, ...]:
    """By unit, what is owed now; done, waived, suspended and handed-in matters are not, nor those of paused editions."""
    ranked = (
        select(
            obligation.c.unit_id,
            obligation.c.id,
            func.row_number()
            .over(partition_by=obligation.c.unit_id, order_by=(obligation.c.due_on, obligation.c.id))
            .label("place"),
            func.count().over(partition_by=obligation.c.unit_id).label("total"),
        )
        .where(*_owed(scope, today))
        .subquery()
    )
    rows = connection.execute(
        select(ranked, unit.c.name)
        .join(unit, unit.c.id == ranked.c.unit_id)
        .where(ranked.c.place <= shown)
        .order_by(unit.c.id, ranked.c.place)
    )
    return tuple(
        UnitToChase(unit_id=number, unit=name, total=total, obligation_ids=tuple(row.id for row in some))
        for (number, name, total), some in groupby(rows, key=lambda row: (row.unit_id, row.name, row.total))
    )


def _owed(scope: ChaseScope, today: date) -> list[ColumnElement[bool]]:
    conditions = _published(scope.edition_id)
    conditions.append(obligation.c.opened_on <= min(today, scope.unread_since or today))
    states = _OPEN if scope.unread_since is None else [State.ASSIGNED.value]
    conditions.append(obligation.c.state.in_(states))
    if scope.unit_ids:
        conditions.append(obligation.c.unit_id.in_(scope.unit_ids))
    if scope.obligation_ids:
        conditions.append(obligation.c.id.in_(scope.obligation_ids))
    if scope.due_until is not None:
        conditions.append(obligation.c.due_on <= scope.due_until)
    return conditions


def _published(edition_id: int | None) -> list[ColumnElement[bool]]:
    """By edition first, so that the rounds' index leads past everything that is closed."""
    published = select(edition.c.id).where(edition.c.state == "published")
    if edition_id is not None:
        published = published.where(edition.c.id == edition_id)
    return [obligation.c.edition_id.in_(published)]


def chased_on(connection: Connection, day: date) -> frozenset[int]:
    """The units that were chased by hand on that day."""
    statement = select(dispatch.c.unit_id).where(dispatch.c.day == day, dispatch.c.kind == CHASE_NOW)
    return frozenset(connection.scalars(statement.distinct()))


def write_chases(
    connection: Connection,
    units: Collection[UnitToChase],
    said: Mapping[str, object],
    *,
    day: date,
    not_before: datetime,
) -> tuple[ClaimedDispatch, ...]:
    """One row per contact who does the unit's work, and per deputy leader; a unit without contacts gets a failed one.

    A unit is chased once a day: the row's key is (day, channel, address, kind, unit). Returns what is to be sent, as
    delivery will read it.
    """
    told: dict[int, list[dict[str, object]]] = {one.unit_id: [] for one in units}
    for row in connection.execute(_TOLD, {"unit_ids": list(told)}):
        told[row.unit_id].append(
            {
                "contact_id": row.contact_id,
                "channel": row.channel,
                "address": row.address,
                "parts": row.own + 4 * row.copy,
                "status": "pending",
                "reason": None,
            }
        )
    rows = [
        {
            "day": day,
            "kind": CHASE_NOW,
            "ref": f"unit:{one.unit_id}",
            "unit_id": one.unit_id,
            "not_before": not_before,
            "items": one.total,
            "payload": {
                "items": [{"obligation_id": number} for number in one.obligation_ids],
                "total": one.total,
                **said,
            },
            "parts": 1,
            **contact,
        }
        for one in units
        for contact in told[one.unit_id] or [nobody_row(one.unit_id)]
    ]
    connection.execute(upsert(connection, dispatch).on_conflict_do_nothing(), rows)
    written = select(*(dispatch.c[one.name] for one in fields(ClaimedDispatch))).where(
        dispatch.c.day == day,
        dispatch.c.kind == CHASE_NOW,
        dispatch.c.status == "pending",
        dispatch.c.unit_id.in_(list(told)),
    )
    return tuple(
        ClaimedDispatch(**row._mapping) for row in connection.execute(written.order_by(dispatch.c.id))
    )


_TOLD = text(
    f"SELECT * FROM ({AUDIENCE}) AS told WHERE unit_id IN :unit_ids AND (own = 1 OR copy = 1) ORDER BY contact_id"
).bindparams(bindparam("unit_ids", expanding=True))


# In the words of the partial indexes over the few reminders that wait for a person.
HELD = "reminder.status IN ('held', 'approved') AND reminder.status = 'held'"
ON_DRAFT = "reminder.status = 'draft'"


def count_kept(connection: Connection, kept: str) -> tuple[int, date | None]:
    """Of how many matters escalations are held for approval, or stand on the draft; and the earliest date."""
    row = connection.execute(
        select(func.count(func.distinct(reminder.c.obligation_id)), func.min(reminder.c.due_on))
        .join_from(reminder, obligation, obligation.c.id == reminder.c.obligation_id)
        .join(edition, edition.c.id == obligation.c.edition_id)
        .where(
            text(kept),
            obligation.c.due_on == reminder.c.due_on,
            func.coalesce(obligation.c.state, "").in_(_OPEN),
            edition.c.state == "published",
        )
    ).one()
    return row[0], row[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadUnit:
    """How many obligations one unit has not acknowledged, since when, and when the first of them is due."""

    unit_id: int
    unit: str
    obligations: int
    since: date
    first_due_on: date


def unread_units(
    connection: Connection,
    sight: VisibleUnits,
    *,
    opened_until: date,
    edition_id: int | None = None,
    offset: int = 0,
    limit: int,
) -> tuple[tuple[UnreadUnit, ...], int, int]:
    """Who has left something unread since that day or longer, the longest first; one index answers it.

    With the page come the numbers of all units and of their obligations, 0 beyond the last page.
    """
    # Summed before anything is joined: a name is looked up for the units of the page only.
    sums = (
        select(
            obligation.c.unit_id,
            func.count().label("obligations"),
            func.min(obligation.c.opened_on).label("since"),
            func.min(obligation.c.due_on).label("first_due_on"),
        )
        .where(*_unread(sight, opened_until, edition_id))
        .group_by(obligation.c.unit_id)
        .subquery()
    )
    page = (
        select(
            sums, func.count().over().label("all_units"), func.sum(sums.c.obligations).over().label("whole")
        )
        .order_by(sums.c.since, sums.c.unit_id)
        .offset(offset)
        .limit(limit)
        .subquery()
    )
    rows = connection.execute(
        select(page, unit.c.name.label("unit"))
        .join(unit, unit.c.id == page.c.unit_id)
        .order_by(page.c.since, page.c.unit_id)
    ).all()
    names = [one.name for one in fields(UnreadUnit)]
    units = tuple(UnreadUnit(**{name: row._mapping[name] for name in names}) for row in rows)
    return units, rows[0].all_units if rows else 0, int(rows[0].whole) if rows else 0


def count_unread(
    connection: Connection, sight: VisibleUnits, *, opened_until: date, edition_id: int | None = None
) -> tuple[int, int, date | None]:
    """How many obligations of how many units, and since when the first."""
    row = connection.execute(
        select(
            func.count(),
            func.count(func.distinct(obligation.c.unit_id)),
            func.min(obligation.c.opened_on),
        ).where(*_unread(sight, opened_until, edition_id))
    ).one()
    return row[0], row[1], row[2]


def _unread(sight: VisibleUnits, opened_until: date, edition_id: int | None) -> list[ColumnElement[bool]]:
    return [
        *_published(edition_id),
        obligation.c.state == State.ASSIGNED.value,
        obligation.c.opened_on <= opened_until,
        visible(sight, obligation.c.unit_id),
    ]
