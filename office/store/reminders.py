"""Reminders: groups of obligations to decide on, and what was decided written in sets.

The cost of planning is one statement per group and rung, never one per obligation. Joining all groups in a single
statement through a temporary table was tried and took 1.3 times as long on SQLite, which looks each row up in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import BigInteger, Connection, Date, String, TextClause, bindparam, cast, func, select, text

from office.store.tables import edition, obligation
from rules.ladder import Rung, RungKind
from rules.moves import OPEN
from rules.rungs import Owed


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Open obligations of one edition that are decided on together. `ids` is the sum of their numbers: it tells a
    group from another of the same size.
    """

    state: str
    ladder: str
    due_on: date
    opened_on: date
    obligations: int
    ids: int


_GROUP = tuple(Group.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a group is owed. `again`: obligations of it may have been handed out before, for another due date."""

    group: Group
    owed: Owed
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Rows that are new. `held` are escalations that a coordinator approves first. `whole` is False when units were
    left out because their letter of the day had left.
    """

    planned: int
    superseded: int
    whole: bool
    held: int = 0


def open_groups(connection: Connection, edition_id: int | None = None) -> dict[int, tuple[Group, ...]]:
    """By edition, of one or of all published ones; answered by one index, whose order is the order of the columns."""
    keys = (
        obligation.c.edition_id,
        obligation.c.state,
        obligation.c.ladder,
        obligation.c.due_on,
        obligation.c.opened_on,
    )
    sums = (func.count().label("obligations"), cast(func.sum(obligation.c.id), BigInteger).label("ids"))
    published = select(edition.c.id).where(edition.c.state == "published")
    which = (
        obligation.c.edition_id.in_(published)
        if edition_id is None
        else obligation.c.edition_id == edition_id
    )
    found = connection.execute(
        select(*keys, *sums)
        .where(which, obligation.c.state.in_(sorted(OPEN)))
        .group_by(*keys)
        .order_by(*keys)
    )
    groups: dict[int, list[Group]] = {}
    for edition_key, *values in found:
        groups.setdefault(edition_key, []).append(Group(**dict(zip(_GROUP, values, strict=True))))
    return {key: tuple(some) for key, some in groups.items()}


def write_reminders(
    connection: Connection,
    decisions: Sequence[Decision],
    *,
    edition_id: int,
    coordinator_unit_id: int,
    round_id: int,
    day: date,
    hold_escalations: bool = False,
) -> Written:
    """One row per obligation and rung that has none yet.

    An escalation is told to the superior of the unit, or to the edition's coordinator where it has none. A unit
    whose digest of the day has already left is left out: the next round finds it still owed. With
    `hold_escalations` an escalation is only held: it goes once it is approved.
    """
    shared = {
        "edition_id": edition_id,
        "coordinator": coordinator_unit_id,
        "round_id": round_id,
        "day": day,
    }
    some_left = connection.scalar(_ANY_LEFT, {"day": day}) is not None
    planned = superseded = held = 0
    for decision in decisions:
        holds = hold_escalations and _escalates(decision)
        # What is only held sends nothing today, so no letter that has left stands in its way.
        new, older = _write_group(
            connection, decision, shared, some_left=some_left and not holds, holds=holds
        )
        planned, held = (planned, held + new) if holds else (planned + new, held)
        superseded += older
    return Written(planned=planned, superseded=superseded, whole=not some_left, held=held)


def _escalates(decision: Decision) -> bool:
    current = decision.owed.current
    return current is not None and current.rung.kind is RungKind.ESCALATE


def _write_group(
    connection: Connection,
    decision: Decision,
    shared: Mapping[str, object],
    *,
    some_left: bool,
    holds: bool,
) -> tuple[int, int]:
    current, group = decision.owed.current, decision.group
    assert current is not None, "groups that are owed nothing are not written"
    values = {
        **shared,
        "state": group.state,
        "ladder": group.ladder,
        "due_on": group.due_on,
        "opened_on": group.opened_on,
    }
    once = current.rung.kind is RungKind.ASSIGN and decision.again
    status = "held" if holds else "planned"
    new = _write(connection, current.rung, (status, None), values, some_left=some_left, once=once)
    if not new:
        return 0, 0
    older = (
        _write(
            connection,
            passed.fire.rung,
            ("superseded", passed.cause),
            values,
            some_left=some_left,
            once=passed.fire.rung.kind is RungKind.ASSIGN and decision.again,
        )
        for passed in decision.owed.superseded
    )
    return new, sum(older)


def _write(
    connection: Connection,
    rung: Rung,
    becomes: tuple[str, str | None],
    values: Mapping[str, object],
    *,
    some_left: bool,
    once: bool = False,
) -> int:
    escalates = rung.kind is RungKind.ESCALATE
    status, cause = becomes
    own = {"rung": rung.key, "kind": rung.kind.value, "status": status, "cause": cause}
    statement = _statement(escalates=escalates, some_left=some_left, once=once)
    return int(connection.execute(statement, {**values, **own}, execution_options=_COUNTED).rowcount)


# An INSERT is not counted unless SQLAlchemy is asked to.
_COUNTED = {"preserve_rowcount": True}
_GONE = "day = :day AND kind = 'digest' AND status <> 'pending'"
_ANY_LEFT = text(f"SELECT id FROM dispatch WHERE {_GONE} LIMIT 1").bindparams(bindparam("day", type_=Date))
_DATES = ("due_on", "opened_on", "day")


@cache
def _statement(*, escalates: bool, some_left: bool, once: bool) -> TextClause:
    """Written out, because SQLAlchemy compiles an INSERT with ON CONFLICT anew each time, at 3 ms a group."""
    target = "coalesce(u.parent_id, :coordinator)" if escalates else "o.unit_id"
    lines = [
        "INSERT INTO reminder (obligation_id, rung, due_on, kind, round_id, target_unit_id, status, cause)",
        f"SELECT o.id, :rung, o.due_on, :kind, :round_id, {target}, :status, :cause FROM obligation AS o",
        "JOIN unit AS u ON u.id = o.unit_id" if escalates else "",
        "WHERE o.edition_id = :edition_id AND o.state = :state AND o.ladder = :ladder",
        "AND o.due_on = :due_on AND o.opened_on = :opened_on",
        f"AND {target} NOT IN (SELECT unit_id FROM dispatch WHERE {_GONE})" if some_left else "",
        # Handing out is done once: a date that moves later is told as a change, not as a new matter.
        "AND NOT EXISTS (SELECT 1 FROM reminder AS r WHERE r.obligation_id = o.id AND r.rung = :rung)"
        if once
        else "",
        "ON CONFLICT DO NOTHING",
    ]
    used = " ".join(lines)
    typed = [bindparam(name, type_=Date) for name in _DATES if f":{name}" in used]
    texts = [bindparam(name, type_=String) for name in ("rung", "kind", "status", "cause")]
    return text(used).bindparams(*typed, *texts)
