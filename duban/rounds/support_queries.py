"""The reminders of supporting units, planned beside those of the leads and unique like them.

A duty's date is the earliest that a lead of its point still owes; where no lead owes any more there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import BigInteger, Connection, Date, String, TextClause, bindparam, cast, func, select, text

from calendars.ladders import Rung, RungKind
from duban.editions.tables import edition
from duban.obligations.states import OPEN
from duban.obligations.support_rules import UNANSWERED
from duban.obligations.tables import obligation, support_duty
from duban.rounds.queries import ANY_LEFT, COUNTED, GONE
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
    """What a group is owed."""

    group: SupportGroup
    owed: DueReminders


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
) -> tuple[int, int, bool]:
    """One row per duty and rung that has none yet: (planned, superseded, whole) as in RemindersWritten."""
    some_left = bool(decisions) and connection.scalar(ANY_LEFT, {"day": day}) is not None
    planned = superseded = 0
    for decision in decisions:
        group, current = decision.group, decision.owed.current
        assert current is not None, "groups that are owed nothing are not written"
        rungs: list[tuple[Rung, str, str | None]] = [(current.rung, "planned", None)]
        rungs += [(one.rung, "superseded", decision.owed.cause_of(one)) for one in decision.owed.superseded]
        for rung, status, cause in rungs:
            statement = _statement(escalates=rung.kind is RungKind.ESCALATE, some_left=some_left)
            values = {
                "coordinator": coordinator_unit_id,
                "round_id": round_id,
                "day": day,
                "point_id": group.point_id,
                "opened_on": group.opened_on,
                "due_on": group.due_on,
                "rung": rung.key,
                "kind": rung.kind.value,
                "status": status,
                "cause": cause,
            }
            written = int(connection.execute(statement, values, execution_options=COUNTED).rowcount)
            planned, superseded = (
                (planned + written, superseded) if cause is None else (planned, superseded + written)
            )
            if cause is None and not written:
                break
    return planned, superseded, not some_left


@cache
def _statement(*, escalates: bool, some_left: bool) -> TextClause:
    target = "coalesce(u.parent_id, :coordinator)" if escalates else "d.unit_id"
    lines = [
        "INSERT INTO support_reminder (duty_id, rung, due_on, kind, round_id, target_unit_id, status, cause)",
        f"SELECT d.id, :rung, :due_on, :kind, :round_id, {target}, :status, :cause FROM support_duty AS d",
        "JOIN unit AS u ON u.id = d.unit_id" if escalates else "",
        "WHERE d.point_id = :point_id AND d.opened_on = :opened_on AND d.state IN ('acknowledged', 'pending')",
        f"AND {target} NOT IN (SELECT unit_id FROM dispatch WHERE {GONE})" if some_left else "",
        # Told of once: a date that moves later is no new matter.
        "AND (:kind <> 'assign' OR NOT EXISTS (",
        "SELECT 1 FROM support_reminder AS r WHERE r.duty_id = d.id AND r.rung = :rung))",
        "ON CONFLICT DO NOTHING",
    ]
    used = " ".join(lines)
    typed = [bindparam(name, type_=Date) for name in ("due_on", "opened_on", "day") if f":{name}" in used]
    texts = [bindparam(name, type_=String) for name in ("rung", "kind", "status", "cause")]
    return text(used).bindparams(*typed, *texts)
