"""The reminders of supporting units, planned beside those of the leads and unique like them.

A duty's date is the earliest that a lead of its point still owes; where no lead owes any more there is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import BigInteger, Connection, TextClause, cast, func, select

from duban.editions.tables import edition
from duban.obligations.states import OPEN
from duban.obligations.support_rules import UNANSWERED
from duban.obligations.tables import obligation, support_duty
from duban.rounds.queries import ANY_LEFT, GONE, RemindersWritten
from duban.rounds.reader_queries import UNIT, Reader, chase_of, chased, typed, waits_for_chase, write_owed
from duban.rounds.schedule import DueReminders

_OPEN = sorted(OPEN)
_UNANSWERED = sorted(UNANSWERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportGroup:
    """Unanswered duties of one point that were opened on one day. `due_on` is their date, `ids` tells them apart."""

    point_id: int
    opened_on: date
    ladder: str
    due_on: date
    duties: int
    ids: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportDecision:
    """What a group is owed, each audience its own."""

    group: SupportGroup
    owed: tuple[DueReminders, ...]


def unanswered_duties(connection: Connection) -> dict[int, tuple[tuple[date, int, int], ...]]:
    """By published edition what its signature takes in: of each day of opening how many, and the sum of their numbers."""
    keys = (support_duty.c.edition_id, support_duty.c.opened_on)
    published = select(edition.c.id).where(edition.c.state == "published")
    rows = connection.execute(
        select(*keys, func.count(), cast(func.sum(support_duty.c.id), BigInteger))
        .where(support_duty.c.edition_id.in_(published), support_duty.c.state.in_(_UNANSWERED))
        .group_by(*keys)
        .order_by(*keys)
    )
    found: dict[int, list[tuple[date, int, int]]] = {}
    for edition_id, *group in rows:
        found.setdefault(edition_id, []).append(tuple(group))
    return {key: tuple(some) for key, some in found.items()}


def support_groups(connection: Connection, edition_id: int) -> tuple[SupportGroup, ...]:
    """The unanswered duties of one edition whose leads still owe."""
    asked = select(support_duty.c.point_id).where(
        support_duty.c.edition_id == edition_id, support_duty.c.state.in_(_UNANSWERED)
    )
    owed = (
        select(
            obligation.c.point_id,
            func.min(obligation.c.ladder).label("ladder"),
            func.min(obligation.c.due_on).label("due_on"),
        )
        .where(
            obligation.c.edition_id == edition_id,
            obligation.c.state.in_(_OPEN),
            obligation.c.point_id.in_(asked),
        )
        .group_by(obligation.c.point_id)
        .subquery()
    )
    keys = (support_duty.c.point_id, support_duty.c.opened_on, owed.c.ladder, owed.c.due_on)
    rows = connection.execute(
        select(
            *keys,
            func.count().label("duties"),
            cast(func.sum(support_duty.c.id), BigInteger).label("ids"),
        )
        .join_from(support_duty, owed, owed.c.point_id == support_duty.c.point_id)
        .where(support_duty.c.state.in_(_UNANSWERED))
        .group_by(*keys)
        .order_by(*keys)
    )
    return tuple(SupportGroup(**row._mapping) for row in rows)


def write_support_reminders(
    connection: Connection,
    decisions: Sequence[SupportDecision],
    *,
    coordinator_unit_id: int,
    round_id: int,
    day: date,
    escalate_to: str = "parent",
) -> RemindersWritten:
    """One row per duty, rung and reader that has none yet."""
    some_left = bool(decisions) and connection.scalar(ANY_LEFT, {"day": day}) is not None
    total: Counter[str] = Counter()
    waits = False
    for decision in decisions:
        group = decision.group
        values = {
            "coordinator": coordinator_unit_id,
            "round_id": round_id,
            "day": day,
            "point_id": group.point_id,
            "opened_on": group.opened_on,
            "due_on": group.due_on,
        }
        for owed in decision.owed:
            written, waiting = write_owed(
                connection,
                owed,
                values,
                escalate_to=escalate_to,
                hold_escalations=False,
                some_left=some_left,
                statement=_statement,
                waiting=_WAITING,
            )
            total += written
            waits = waits or waiting
    return RemindersWritten(
        planned=total["planned"], superseded=total["superseded"], whole=not some_left, waits=waits
    )


_GROUP = "o.point_id = :point_id AND o.opened_on = :opened_on AND o.state IN ('acknowledged', 'pending')"
_TOLD = "SELECT 1 FROM support_reminder AS r WHERE r.duty_id = o.id AND r.rung = :rung"
_CHASE = chase_of("support_reminder", "duty_id")
_WAITING = waits_for_chase("support_duty", _GROUP, _CHASE, f"{_TOLD} AND r.due_on = :due_on")


@cache
def _statement(reader: Reader, *, some_left: bool) -> TextClause:
    lines = [
        "INSERT INTO support_reminder (duty_id, rung, due_on, kind, round_id, target_unit_id, status, cause)",
        f"SELECT o.id, :rung, :due_on, :kind, :round_id, {reader.target}, :status, {reader.cause}",
        "FROM support_duty AS o JOIN unit AS u ON u.id = o.unit_id",
        f"WHERE {_GROUP} {reader.condition}",
        f"AND {reader.target} NOT IN (SELECT unit_id FROM dispatch WHERE {GONE})" if some_left else "",
        chased(_CHASE) if reader is not UNIT else "",
        # Also handing out comes again for another date: it tells that the date has moved.
        "ON CONFLICT DO NOTHING",
    ]
    return typed(" ".join(lines))
