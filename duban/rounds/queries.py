"""The rows of the rounds: one per kind and day, with what happened to each edition in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Date,
    Select,
    String,
    TextClause,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    update,
)

from calendars.ladders import Rung, RungKind
from duban.core.db import upsert
from duban.core.errors import Refused
from duban.editions.tables import edition
from duban.obligations.states import OPEN
from duban.obligations.tables import obligation
from duban.outbox.queries import MORNING, EditionNote, RoundRow, _round, round_on
from duban.rounds.schedule import DueReminders
from duban.rounds.tables import edition_round, round_


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEdition:
    """What a round needs to know of an edition."""

    id: int
    name: str
    kind: str
    year: int
    coordinator_unit_id: int
    planned_on: date | None
    planned_signature: str | None
    next_fire_on: date | None

    def stands(self, signature: str, today: date) -> bool:
        """Whether the last plan still holds: nothing it decided on has moved, and no further day has come."""
        waits = self.next_fire_on is None or today < self.next_fire_on
        return waits and signature == self.planned_signature


def insert_round(
    connection: Connection, *, held_on: date, now: datetime, flow_run_id: str | None = None
) -> RoundRow:
    """The day's row, made if it is not there. Two that open it at once get the same row."""
    found = round_on(connection, held_on)
    if found is not None:
        return found
    connection.execute(
        upsert(connection, round_)
        .values(
            kind=MORNING,
            held_on=held_on,
            status="planning",
            started_at=now,
            detail={},
            flow_run_id=flow_run_id,
        )
        .on_conflict_do_nothing()
    )
    found = round_on(connection, held_on)
    assert found is not None, "the row was just written or was there before"
    return found


def lock_round(connection: Connection, round_id: int) -> RoundRow:
    """The row, kept from other planners and from delivery until the transaction ends."""
    return _round(connection.execute(select(round_).where(round_.c.id == round_id).with_for_update()).one())


def newest_round(connection: Connection) -> RoundRow | None:
    row = connection.execute(
        select(round_).where(round_.c.kind == MORNING).order_by(round_.c.held_on.desc()).limit(1)
    ).first()
    return _round(row) if row else None


def rounds_between(connection: Connection, first: date, last: date) -> tuple[RoundRow, ...]:
    """In order of their days, both ends included."""
    found = connection.execute(
        select(round_)
        .where(round_.c.kind == MORNING, round_.c.held_on.between(first, last))
        .order_by(round_.c.held_on)
    )
    return tuple(_round(row) for row in found)


def write_plan(
    connection: Connection,
    edition_id: int,
    *,
    on: date | None,
    signature: str | None,
    next_fire_on: date | None,
) -> None:
    """Remember what was decided on; without a signature the next round decides anew."""
    connection.execute(
        update(edition)
        .where(edition.c.id == edition_id)
        .values(planned_on=on, planned_signature=signature, next_fire_on=next_fire_on)
    )


def write_note(connection: Connection, current: RoundRow, note: EditionNote) -> None:
    """Keep what happened to one edition; counts add up over several passes of the same day."""
    earlier = current.note(note.edition_id)
    kept = [_detail(other) for other in current.editions if other.edition_id != note.edition_id]
    total = _detail(note)
    if earlier:
        total["planned"] += earlier.planned
        total["superseded"] += earlier.superseded
        total["held"] += earlier.held
    connection.execute(
        update(round_)
        .where(round_.c.id == current.id)
        .values(
            detail={"editions": [*kept, total]},
            planned=round_.c.planned + note.planned,
            superseded=round_.c.superseded + note.superseded,
        )
    )


def close_round(
    connection: Connection, round_id: int, *, status: str, dispatches: int, now: datetime
) -> None:
    connection.execute(
        update(round_)
        .where(round_.c.id == round_id)
        .values(status=status, finished_at=now, dispatches=round_.c.dispatches + dispatches)
    )


def planned_editions(connection: Connection) -> tuple[PlannedEdition, ...]:
    return tuple(PlannedEdition(**row._mapping) for row in connection.execute(_published()))


def planned_edition(connection: Connection, edition_id: int) -> PlannedEdition:
    """Raises Refused for an edition that is not published: nothing is sent for it."""
    row = connection.execute(_published().where(edition.c.id == edition_id)).first()
    if row is None:
        raise Refused("该项行动未发布、已暂停或已撤回，不排提醒；请先用 duban calendar apply 发布。")
    return PlannedEdition(**row._mapping)


def _published() -> Select[Any]:
    names = (edition.c[name] for name in PlannedEdition.__dataclass_fields__)
    return select(*names).where(edition.c.state == "published").order_by(edition.c.id)


def first_published_on(connection: Connection) -> date | None:
    """Since when rounds should exist."""
    days: Iterable[date] = connection.scalars(
        select(edition.c.published_on)
        .where(edition.c.published_on.is_not(None))
        .order_by(edition.c.published_on)
        .limit(1)
    )
    return next(iter(days), None)


def _detail(note: EditionNote) -> dict[str, Any]:
    return {name: getattr(note, name) for name in EditionNote.__dataclass_fields__}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderGroup:
    """Open obligations of one edition that are decided on together. `ids` is the sum of their numbers: it tells a
    group from another of the same size.
    """

    state: str
    ladder: str
    due_on: date
    opened_on: date
    obligations: int
    ids: int


_GROUP = tuple(ReminderGroup.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderDecision:
    """What a group is owed. `again`: obligations of it may have been handed out before, for another due date."""

    group: ReminderGroup
    owed: DueReminders
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindersWritten:
    """Rows that are new. `held` are escalations that a coordinator approves first. `whole` is False when units were
    left out because their letter of the day had left.
    """

    planned: int
    superseded: int
    whole: bool
    held: int = 0


def open_reminder_groups(
    connection: Connection, edition_id: int | None = None
) -> dict[int, tuple[ReminderGroup, ...]]:
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
    groups: dict[int, list[ReminderGroup]] = {}
    for edition_key, *values in found:
        groups.setdefault(edition_key, []).append(ReminderGroup(**dict(zip(_GROUP, values, strict=True))))
    return {key: tuple(some) for key, some in groups.items()}


def write_reminders(
    connection: Connection,
    decisions: Sequence[ReminderDecision],
    *,
    edition_id: int,
    coordinator_unit_id: int,
    round_id: int,
    day: date,
    hold_escalations: bool = False,
) -> RemindersWritten:
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
    return RemindersWritten(planned=planned, superseded=superseded, whole=not some_left, held=held)


def _escalates(decision: ReminderDecision) -> bool:
    current = decision.owed.current
    return current is not None and current.rung.kind is RungKind.ESCALATE


def _write_group(
    connection: Connection,
    decision: ReminderDecision,
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
            passed.rung,
            ("superseded", decision.owed.cause_of(passed)),
            values,
            some_left=some_left,
            once=passed.rung.kind is RungKind.ASSIGN and decision.again,
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


STEP = "step"
DONE, FAILED = "done", "failed"


def note_edition_part(
    connection: Connection,
    note: EditionNote,
    *,
    kind: str,
    held_on: date,
    now: datetime,
    flow_run_id: str | None,
) -> None:
    """Keep what was done for one edition. A round has one part for each edition, whose counts add up over its passes;
    every step of the edition's own is a part by itself.
    """
    status = FAILED if note.error else DONE
    earlier = _newest(connection, note.edition_id, held_on, kind) if kind == MORNING else None
    if earlier is None:
        connection.execute(
            insert(edition_round).values(
                kind=kind,
                edition_id=note.edition_id,
                held_on=held_on,
                started_at=now,
                finished_at=now,
                status=status,
                planned=note.planned,
                superseded=note.superseded,
                fault=note.error,
                flow_run_id=flow_run_id,
            )
        )
        return
    connection.execute(
        update(edition_round)
        .where(edition_round.c.id == earlier)
        .values(
            finished_at=now,
            status=status,
            planned=edition_round.c.planned + note.planned,
            superseded=edition_round.c.superseded + note.superseded,
            # A fault that a later pass of the day made good stays to be read.
            fault=note.error or edition_round.c.fault,
            flow_run_id=flow_run_id,
        )
    )


def note_unmoved(connection: Connection, *, held_on: date, now: datetime, flow_run_id: str | None) -> None:
    """A part for every published edition that the day's round passed over, because it stood as planned."""
    known = exists().where(
        edition_round.c.edition_id == edition.c.id,
        edition_round.c.held_on == held_on,
        edition_round.c.kind == MORNING,
    )
    names = ("kind", "edition_id", "held_on", "started_at", "finished_at", "status", "flow_run_id")
    types = edition_round.c
    values = (
        literal(MORNING, types.kind.type),
        edition.c.id,
        literal(held_on, types.held_on.type),
        literal(now, types.started_at.type),
        literal(now, types.finished_at.type),
        literal(DONE, types.status.type),
        literal(flow_run_id, types.flow_run_id.type),
    )
    unmoved = select(*values).where(edition.c.state == "published", ~known).order_by(edition.c.id)
    connection.execute(insert(edition_round).from_select(names, unmoved))


def count_closed_gate(
    connection: Connection, edition_id: int, *, held_on: date, now: datetime, flow_run_id: str | None
) -> None:
    """One more gate closed for the edition on this day."""
    part = _part(connection, edition_id, held_on, now, flow_run_id)
    connection.execute(
        update(edition_round)
        .where(edition_round.c.id == part)
        .values(gates_closed=edition_round.c.gates_closed + 1, finished_at=now)
    )


def note_gate_fault(
    connection: Connection,
    edition_id: int,
    fault: str,
    *,
    held_on: date,
    now: datetime,
    flow_run_id: str | None,
) -> None:
    """The edition's gates could not be closed."""
    part = _part(connection, edition_id, held_on, now, flow_run_id)
    connection.execute(
        update(edition_round)
        .where(edition_round.c.id == part)
        .values(status=FAILED, fault=fault, finished_at=now)
    )


def _part(
    connection: Connection, edition_id: int, held_on: date, now: datetime, flow_run_id: str | None
) -> int:
    """The day's newest part of the edition, made where nothing was planned before."""
    found = _newest(connection, edition_id, held_on)
    if found is None:
        nothing = EditionNote(edition_id=edition_id, name="")
        note_edition_part(connection, nothing, kind=STEP, held_on=held_on, now=now, flow_run_id=flow_run_id)
        found = _newest(connection, edition_id, held_on)
    assert found is not None, "the part was just written or was there before"
    return found


def _newest(connection: Connection, edition_id: int, held_on: date, kind: str | None = None) -> int | None:
    found = select(func.max(edition_round.c.id)).where(
        edition_round.c.edition_id == edition_id, edition_round.c.held_on == held_on
    )
    return connection.execute(found.where(edition_round.c.kind == kind) if kind else found).scalar()
