"""The figures of a bulletin: how everything stands on a day and what happened in a span of days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from office.store.tables import dispatch, edition, extension, milestone, obligation, point, unit
from rules.moves import DONE, OPEN, OUT, WAITING, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Of all published editions. `due` is what had to be done by the day, `in_time` what of it was."""

    editions: int
    owed: int
    done: int
    waiting: int
    overdue: int
    due: int
    in_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What happened from one day to another, both included."""

    became_due: int
    closed: int
    extended: int
    accepted: int  # messages that a channel took
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One matter with the units that owe it."""

    campaign: str
    title: str
    label: str
    due_on: date
    units: tuple[str, ...]


def totals(connection: Connection, today: date) -> Totals:
    due = and_(_owed(), obligation.c.due_on <= today)
    row = connection.execute(
        select(
            func.count(func.distinct(edition.c.id)).label("editions"),
            func.count(case((_owed(), 1))).label("owed"),
            func.count(case((_in(DONE), 1))).label("done"),
            func.count(case((_in(WAITING), 1))).label("waiting"),
            func.count(case((_overdue(today), 1))).label("overdue"),
            func.count(case((due, 1))).label("due"),
            func.count(case((and_(due, _in(DONE), _timely()), 1))).label("in_time"),
        )
        .join_from(edition, obligation, obligation.c.edition_id == edition.c.id)
        .where(edition.c.state == "published")
    ).one()
    return Totals(**row._mapping)


def span(connection: Connection, first: date, last: date) -> Span:
    """Counts between two civil days."""
    messages = connection.execute(
        select(
            func.count(case((dispatch.c.status == "accepted", 1))).label("accepted"),
            func.count(case((dispatch.c.status == "failed", 1))).label("failed"),
        ).where(dispatch.c.day.between(first, last))
    ).one()
    return Span(
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


def overdue_lines(connection: Connection, today: date, *, limit: int) -> tuple[Line, ...]:
    """What is overdue, the newest first: old arrears are known, new ones need a word."""
    return _lines(connection, _overdue(today), newest_first=True, limit=limit)


def coming_lines(connection: Connection, first: date, last: date, *, limit: int) -> tuple[Line, ...]:
    """What is still owed and falls due between two days."""
    coming = and_(_in(OPEN), obligation.c.due_on.between(first, last))
    return _lines(connection, coming, newest_first=False, limit=limit)


def _lines(
    connection: Connection, wanted: ColumnElement[bool], *, newest_first: bool, limit: int
) -> tuple[Line, ...]:
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
        Line(campaign=campaign, title=title, label=label, due_on=due_on, units=tuple(units))
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
    return obligation.c.state.not_in(_values(OUT))


def _in(states: frozenset[State]) -> ColumnElement[bool]:
    return obligation.c.state.in_(_values(states))


def _overdue(today: date) -> ColumnElement[bool]:
    return and_(_in(OPEN), obligation.c.due_on < today)


def _timely() -> ColumnElement[bool]:
    # The day it was handed in decides, not the day it was signed off; 逾期办结 keeps its mark.
    return and_(obligation.c.late == 0, obligation.c.submitted_on <= obligation.c.due_on)


def _values(states: frozenset[State]) -> list[str]:
    return sorted(state.value for state in states)
