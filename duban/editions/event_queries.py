"""What hangs on events: who waits for a day, the days that are known, and the obligations that move with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from duban.core.access import VisibleUnits
from duban.core.db import upsert
from duban.editions.staging_queries import CHANGEABLE, MovedItem
from duban.editions.tables import edition, event_date, milestone, point
from duban.obligations.states import DONE, State
from duban.obligations.tables import forwarding, obligation
from duban.rosters.tables import subject
from duban.rounds.tables import reminder
from duban.units.queries import visible
from duban.units.tables import person, unit

_OVER = sorted((State.CANCELLED, State.WAIVED))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDuty:
    """One duty that hangs on an event. `event_on` None: it waits. `obligation_id`, `due_on`, `state` once it is owed."""

    id: int
    edition_id: int
    campaign: str
    campaign_name: str
    year: int
    milestone_key: str
    milestone: str
    due_phrase: str
    event: str
    source: str
    unit_id: int
    unit: str
    subject_code: str | None
    subject: str | None
    event_on: date | None
    note: str
    entered_by: str | None
    obligation_id: int | None
    due_on: date | None
    state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which duties are wanted; `waiting`: only those without a day. `milestone` is a key, `subject` a code or name."""

    edition_id: int | None = None
    milestone: str = ""
    unit_id: int | None = None
    subject: str = ""
    waiting: bool = False
    by_hand: bool = False  # without those whose day comes from a closing

    def conditions(self) -> list[ColumnElement[bool]]:
        return [
            condition
            for wanted, condition in (
                (self.edition_id is not None, event_date.c.edition_id == self.edition_id),
                (self.milestone, milestone.c.key == self.milestone),
                (self.unit_id is not None, event_date.c.unit_id == self.unit_id),
                (self.subject, or_(subject.c.code == self.subject, subject.c.name == self.subject)),
                (self.waiting, event_date.c.event_on.is_(None)),
                (self.by_hand, event_date.c.source != "closing"),
            )
            if wanted
        ]


def event_duties(
    connection: Connection, sight: VisibleUnits, wanted: EventFilter, *, limit: int | None = None
) -> tuple[EventDuty, ...]:
    """By edition, milestone, unit and subject, of editions in force."""
    owed = obligation.alias()
    same = and_(
        owed.c.milestone_id == event_date.c.milestone_id,
        owed.c.subject_id == event_date.c.subject_id,
        _owed_by_or_for(owed),
        owed.c.state.not_in(_OVER),
    )
    statement = (
        select(
            event_date.c.id,
            event_date.c.edition_id,
            edition.c.campaign,
            edition.c.name.label("campaign_name"),
            edition.c.year,
            milestone.c.key.label("milestone_key"),
            milestone.c.title.label("milestone"),
            milestone.c.due_phrase,
            milestone.c.body["event"].as_string().label("event"),
            event_date.c.source,
            event_date.c.unit_id,
            unit.c.name.label("unit"),
            subject.c.code.label("subject_code"),
            subject.c.name.label("subject"),
            event_date.c.event_on,
            event_date.c.note,
            person.c.name.label("entered_by"),
            owed.c.id.label("obligation_id"),
            owed.c.due_on,
            owed.c.state,
        )
        .join_from(event_date, edition, edition.c.id == event_date.c.edition_id)
        .join(milestone, milestone.c.id == event_date.c.milestone_id)
        .join(unit, unit.c.id == event_date.c.unit_id)
        .outerjoin(subject, subject.c.id == event_date.c.subject_id)
        .outerjoin(person, person.c.id == event_date.c.entered_by)
        .outerjoin(owed, same)
        .where(
            edition.c.state.in_(("published", "paused")),
            ~milestone.c.withdrawn,
            visible(sight, event_date.c.unit_id),
            *wanted.conditions(),
        )
        .order_by(edition.c.year, edition.c.id, milestone.c.position, event_date.c.unit_id, event_date.c.id)
        .limit(limit)
    )
    return tuple(EventDuty(**row._mapping) for row in connection.execute(statement))


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingEvent:
    """One milestone for whose event units still wait: how many duties, and the first of the units."""

    campaign_key: str
    campaign: str
    year: int
    milestone_key: str
    milestone: str
    phrase: str
    event: str
    duties: int
    units: tuple[str, ...]


def waiting_events(connection: Connection, *, named: int = 5) -> tuple[WaitingEvent, ...]:
    """By milestone, without those whose day comes by itself from another milestone's closing."""
    found: dict[tuple[int, str], list[EventDuty]] = {}
    everybody = VisibleUnits(everything=True)
    for one in event_duties(connection, everybody, EventFilter(waiting=True, by_hand=True)):
        found.setdefault((one.edition_id, one.milestone_key), []).append(one)
    return tuple(
        WaitingEvent(
            campaign_key=some[0].campaign,
            campaign=some[0].campaign_name,
            year=some[0].year,
            milestone_key=some[0].milestone_key,
            milestone=some[0].milestone,
            phrase=some[0].due_phrase,
            event=some[0].event,
            duties=len(some),
            units=tuple(dict.fromkeys(one.unit for one in some))[:named],
        )
        for some in found.values()
    )


def sync_units(
    connection: Connection, edition_id: int, milestone_id: int, units: Sequence[int], source: str
) -> None:
    """One row for each unit that leads the milestone, and none for others."""
    here = and_(event_date.c.milestone_id == milestone_id, event_date.c.subject_id == 0)
    known = set(connection.execute(select(event_date.c.unit_id).where(here)).scalars())
    if gone := sorted(known - {*units}):
        connection.execute(delete(event_date).where(here, event_date.c.unit_id.in_(gone)))
    rows = [
        {"edition_id": edition_id, "milestone_id": milestone_id, "unit_id": one, "source": source}
        for one in dict.fromkeys(units)
        if one not in known
    ]
    if rows:
        connection.execute(event_date.insert(), rows)
    connection.execute(update(event_date).where(here).values(source=source))


def sync_subjects(
    connection: Connection, edition_id: int, milestone_id: int, roster_id: int | None, source: str
) -> None:
    """One row for each subject of the roster that is in scope, under the unit it belongs to now."""
    here = event_date.c.milestone_id == milestone_id
    listed = and_(subject.c.roster_id == roster_id, subject.c.in_scope == 1)
    own = select(subject.c.unit_id).where(subject.c.id == event_date.c.subject_id).scalar_subquery()
    stands = exists().where(subject.c.id == event_date.c.subject_id, listed)
    connection.execute(delete(event_date).where(here, ~stands))
    connection.execute(update(event_date).where(here).values(unit_id=own, source=source))
    chosen = select(
        literal(edition_id).label("edition_id"),
        literal(milestone_id).label("milestone_id"),
        subject.c.unit_id,
        subject.c.id.label("subject_id"),
        literal(source).label("source"),
    ).where(listed)
    names = [column.name for column in chosen.selected_columns]
    connection.execute(upsert(connection, event_date).from_select(names, chosen).on_conflict_do_nothing())


def _movable() -> ColumnElement[bool]:
    """Nothing that rests on the day was handed in or settled; a person moves what was."""
    settled = exists().where(
        obligation.c.milestone_id == event_date.c.milestone_id,
        obligation.c.subject_id == event_date.c.subject_id,
        _owed_by_or_for(obligation),
        obligation.c.state.not_in((*CHANGEABLE, State.CANCELLED)),
    )
    return ~settled


def take_from_roster(connection: Connection, milestone_id: int, roster_id: int, column: str) -> None:
    """The day that the roster's column gives each subject; where it gives none, what was entered stands."""
    rows = connection.execute(
        select(event_date.c.id, subject.c.attributes)
        .join_from(event_date, subject, subject.c.id == event_date.c.subject_id)
        .where(event_date.c.milestone_id == milestone_id, subject.c.roster_id == roster_id, _movable())
    )
    days = [
        {"b_id": row.id, "b_on": date.fromisoformat(day)}
        for row in rows
        if (day := ((row.attributes or {}).get("dates") or {}).get(column))
    ]
    if days:
        own = event_date.c.id == bindparam("b_id")
        connection.execute(update(event_date).where(own).values(event_on=bindparam("b_on")), days)


def take_from_closing(connection: Connection, milestone_id: int, source_id: int) -> None:
    """The day on which all that the same unit (and subject) owes at another milestone was signed off."""
    other = obligation.alias()
    same = and_(
        other.c.milestone_id == source_id,
        other.c.unit_id == event_date.c.unit_id,
        or_(
            other.c.subject_id == 0,
            event_date.c.subject_id == 0,
            other.c.subject_id == event_date.c.subject_id,
        ),
        other.c.state.not_in(_OVER),
    )
    closed = select(func.max(other.c.closed_on)).where(same).scalar_subquery()
    connection.execute(
        update(event_date)
        .where(
            event_date.c.milestone_id == milestone_id,
            _movable(),
            exists().where(same),
            ~exists().where(same, other.c.state.not_in(sorted(DONE))),
        )
        .values(event_on=closed)
    )


def events_of(connection: Connection, milestone_id: int) -> dict[date, tuple[int, ...]]:
    """The known days of a milestone with the units that have them, in order."""
    rows = connection.execute(
        select(event_date.c.event_on, event_date.c.unit_id)
        .where(event_date.c.milestone_id == milestone_id, event_date.c.event_on.is_not(None))
        .order_by(event_date.c.event_on, event_date.c.unit_id)
    )
    found: dict[date, dict[int, None]] = {}
    for row in rows:
        found.setdefault(row.event_on, {})[row.unit_id] = None
    return {day: tuple(units) for day, units in found.items()}


def _owed_by_or_for(owed: Any) -> ColumnElement[bool]:
    """The event's own unit owes it, or the one to which it was forwarded."""
    forwarded = (
        exists()
        .where(forwarding.c.obligation_id == owed.c.id, forwarding.c.from_unit_id == event_date.c.unit_id)
        .correlate(owed, event_date)
    )
    return or_(owed.c.unit_id == event_date.c.unit_id, forwarded)


def move_with_events(connection: Connection, edition_id: int) -> tuple[MovedItem, ...]:
    """Bring obligations to the points of the days that their events have now, with the new dates; what was extended
    keeps a later one. Returns those whose units were reminded of the date before.
    """
    before, after = point.alias("before"), point.alias("after")
    differs = and_(
        obligation.c.edition_id == edition_id,
        obligation.c.state.in_(CHANGEABLE),
        obligation.c.point_id == before.c.id,
        before.c.event_on.is_not(None),
        event_date.c.milestone_id == obligation.c.milestone_id,
        event_date.c.subject_id == obligation.c.subject_id,
        _owed_by_or_for(obligation),
        after.c.milestone_id == obligation.c.milestone_id,
        after.c.event_on == event_date.c.event_on,
        after.c.id != obligation.c.point_id,
    )
    told = exists().where(reminder.c.obligation_id == obligation.c.id, reminder.c.status == "planned")
    rows = connection.execute(
        select(
            obligation.c.id.label("obligation_id"),
            obligation.c.unit_id,
            obligation.c.due_on.label("previous_due_on"),
            before.c.last_workday.label("previous_last_workday"),
            before.c.provisional.label("previous_provisional"),
            after.c.id.label("point_id"),
            after.c.due_on,
            after.c.hard_due_on,
            obligation.c.extended_times,
            told.label("told"),
        ).where(differs)
    ).all()
    values = [
        {
            "b_id": row.obligation_id,
            "b_point": row.point_id,
            "b_due": max(row.due_on, row.previous_due_on) if row.extended_times else row.due_on,
            "b_hard": row.hard_due_on,
        }
        for row in rows
    ]
    if values:
        statement = (
            update(obligation)
            .where(obligation.c.id == bindparam("b_id"))
            .values(
                point_id=bindparam("b_point"),
                due_on=bindparam("b_due"),
                hard_due_on=bindparam("b_hard"),
                version=obligation.c.version + 1,
            )
        )
        connection.execute(statement, values)
    fields = MovedItem.__dataclass_fields__
    return tuple(
        MovedItem(**{name: value for name, value in row._mapping.items() if name in fields})
        for row in rows
        if row.told
    )


def set_events(connection: Connection, ids: Iterable[int], values: Mapping[str, object]) -> int:
    """Enter, move or take back the day of these duties."""
    wanted = sorted(ids)
    return int(
        connection.execute(update(event_date).where(event_date.c.id.in_(wanted)).values(**values)).rowcount
    )


def closing_editions(connection: Connection, *, closed_id: int | None = None) -> tuple[int, ...]:
    """Editions in force in which something waits for a closing, or hangs on that of this obligation."""
    source = milestone.alias("source")
    statement = (
        select(event_date.c.edition_id)
        .join_from(event_date, milestone, milestone.c.id == event_date.c.milestone_id)
        .join(edition, edition.c.id == event_date.c.edition_id)
        .join(
            source,
            and_(
                source.c.edition_id == event_date.c.edition_id,
                source.c.key == milestone.c.body["counts_from"].as_string(),
            ),
        )
        .where(event_date.c.source == "closing", edition.c.state.in_(("published", "paused")))
        .distinct()
    )
    if closed_id is not None:
        own = select(obligation.c.milestone_id).where(obligation.c.id == closed_id).scalar_subquery()
        statement = statement.where(source.c.id == own)
    else:
        done = exists().where(obligation.c.milestone_id == source.c.id, obligation.c.state.in_(sorted(DONE)))
        statement = statement.where(event_date.c.event_on.is_(None), done)
    return tuple(connection.execute(statement).scalars())
