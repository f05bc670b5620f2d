"""The rows of the rounds: one per kind and day with what happened to each edition in it, and the reminders they plan.

Reminders are written in sets. Others than the unit are told only where its own chase has left some time before. Where escalations are approved first, one is held when planned, approved, and sent with
the next digest: a reminder like any other, unique per obligation, rung and due date, so approving it twice or holding
the round again plans nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Row,
    Select,
    TextClause,
    bindparam,
    cast,
    exists,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from duban.core.access import VisibleUnits
from duban.core.db import upsert
from duban.core.errors import Refused
from duban.editions.tables import edition, milestone, point
from duban.obligations.states import OPEN, WAITING, State
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from duban.rounds.reader_queries import (
    APPROVED,
    DRAFT,
    HELD,
    UNIT,
    Reader,
    chase_of,
    chased,
    typed,
    waits_for_chase,
    write_owed,
)
from duban.rounds.schedule import DueReminders
from duban.rounds.tables import MORNING, edition_round, reminder, round_
from duban.units.queries import visible
from duban.units.tables import unit

STEP = "step"
DONE, FAILED = "done", "failed"
OVERTAKEN = "批准前已办结、调整或撤销，不再督办"
MERGED = "并入后一次督办"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEdition:
    """What a round needs to know of an edition."""

    id: int
    name: str
    kind: str
    year: int
    coordinator_unit_id: int
    planned_on: date | None
    support_escalation: bool
    planned_signature: str | None
    next_fire_on: date | None

    def stands(self, signature: str, today: date) -> bool:
        """Whether the last plan still holds: nothing it decided on has moved, and no further day has come."""
        waits = self.next_fire_on is None or today < self.next_fire_on
        return waits and signature == self.planned_signature


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionNote:
    """What a round did for one edition."""

    edition_id: int
    name: str
    planned: int = 0
    superseded: int = 0
    provisional: bool = False
    error: str | None = None
    held: int = 0  # escalations that a coordinator approves first
    drafts: int = 0  # matters that were put on the coordinator's draft of a bulletin


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRow:
    """One round as it stands. `status`: planning, planned, failed (some edition could not be planned)."""

    id: int
    kind: str
    held_on: date
    status: str
    started_at: datetime
    finished_at: datetime | None
    planned: int
    superseded: int
    dispatches: int
    editions: tuple[EditionNote, ...]

    def note(self, edition_id: int) -> EditionNote | None:
        return next((note for note in self.editions if note.edition_id == edition_id), None)


def round_on(connection: Connection, held_on: date, *, locked: bool = False) -> RoundRow | None:
    """The day's row; `locked` keeps it from other planners and from delivery until the transaction ends."""
    found = select(round_).where(round_.c.kind == MORNING, round_.c.held_on == held_on)
    row = connection.execute(found.with_for_update() if locked else found).first()
    return _round(row) if row else None


def _round(row: Row[Any]) -> RoundRow:
    notes = tuple(EditionNote(**entry) for entry in row.detail.get("editions", ()))
    names = (name for name in RoundRow.__dataclass_fields__ if name != "editions")
    return RoundRow(**{name: getattr(row, name) for name in names}, editions=notes)


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


def rounds_cut_short(connection: Connection, before: date) -> tuple[tuple[int, date], ...]:
    """(id, day) of the rounds that planned reminders and never came to write their digests, oldest first."""
    statement = select(round_.c.id, round_.c.held_on).where(
        round_.c.held_on < before, round_.c.finished_at.is_(None), round_.c.status == "planning"
    )
    return tuple((row.id, row.held_on) for row in connection.execute(statement.order_by(round_.c.held_on)))


def first_round_on(connection: Connection) -> date | None:
    """The day of the very first round."""
    return connection.scalar(select(func.min(round_.c.held_on)))


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
    kept = [asdict(other) for other in current.editions if other.edition_id != note.edition_id]
    total = asdict(note)
    if earlier:
        total["planned"] += earlier.planned
        total["superseded"] += earlier.superseded
        total["held"] += earlier.held
        total["drafts"] += earlier.drafts
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
    # A body written before there was the setting does not have it.
    asked = func.coalesce(edition.c.body["support_escalation"].as_boolean(), false())
    names = (name for name in PlannedEdition.__dataclass_fields__ if name != "support_escalation")
    columns = (edition.c[name] for name in names)
    return (
        select(*columns, asked.label("support_escalation"))
        .where(edition.c.state == "published")
        .order_by(edition.c.id)
    )


def first_published_on(connection: Connection) -> date | None:
    """Since when rounds should exist."""
    return connection.scalar(
        select(edition.c.published_on)
        .where(edition.c.published_on.is_not(None))
        .order_by(edition.c.published_on)
        .limit(1)
    )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderDecision:
    """What a group is owed, each audience its own. `again`: obligations of it may have been handed out before, for
    another due date.
    """

    group: ReminderGroup
    owed: tuple[DueReminders, ...]
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindersWritten:
    """Rows that are new. `held` are escalations that a coordinator approves first, `drafts` stand on a bulletin that
    only the coordinator sees. `whole` is False when units were left out because their letter of the day had left;
    `waits` is True when others are told as soon as the unit's chase has left long enough ago.
    """

    planned: int
    superseded: int
    whole: bool
    held: int = 0
    drafts: int = 0
    waits: bool = False


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
    which = obligation.c.edition_id == edition_id
    if edition_id is None:
        which = obligation.c.edition_id.in_(published)
    found = connection.execute(
        select(*keys, *sums)
        .where(which, obligation.c.state.in_(sorted(OPEN)))
        .group_by(*keys)
        .order_by(*keys)
    )
    groups: dict[int, list[ReminderGroup]] = {}
    for key, state, ladder, due_on, opened_on, obligations, ids in found:
        group = ReminderGroup(
            state=state, ladder=ladder, due_on=due_on, opened_on=opened_on, obligations=obligations, ids=ids
        )
        groups.setdefault(key, []).append(group)
    return {key: tuple(some) for key, some in groups.items()}


def write_reminders(
    connection: Connection,
    decisions: Sequence[ReminderDecision],
    *,
    edition_id: int,
    coordinator_unit_id: int,
    round_id: int,
    day: date,
    escalate_to: str = "parent",
    hold_escalations: bool = False,
) -> RemindersWritten:
    """One row per obligation, rung and reader that has none yet.

    An escalation is told to the leader in charge of the unit above, of the unit itself, or of both, and where none is
    entered to the edition's coordinator. A unit whose digest of the day has already left is left out: the next round
    finds it still owed. With `hold_escalations` an escalation is only held: it goes once it is approved.
    """
    some_left = connection.scalar(ANY_LEFT, {"day": day}) is not None
    total: Counter[str] = Counter()
    waits = False
    for decision in decisions:
        group = decision.group
        values = {
            "edition_id": edition_id,
            "coordinator": coordinator_unit_id,
            "round_id": round_id,
            "day": day,
            "state": group.state,
            "ladder": group.ladder,
            "due_on": group.due_on,
            "opened_on": group.opened_on,
        }
        for owed in decision.owed:
            written, waiting = write_owed(
                connection,
                owed,
                values,
                escalate_to=escalate_to,
                hold_escalations=hold_escalations,
                some_left=some_left,
                statement=partial(_statement, again=decision.again),
                waiting=_WAITING,
            )
            total += written
            waits = waits or waiting
    return RemindersWritten(
        planned=total["planned"],
        superseded=total["superseded"],
        whole=not some_left,
        held=total[HELD],
        drafts=total[DRAFT],
        waits=waits,
    )


GONE = "day = :day AND kind = 'digest' AND status <> 'pending'"
ANY_LEFT = text(f"SELECT id FROM dispatch WHERE {GONE} LIMIT 1").bindparams(bindparam("day", type_=Date))
_GROUP = """o.edition_id = :edition_id AND o.state = :state AND o.ladder = :ladder
    AND o.due_on = :due_on AND o.opened_on = :opened_on"""
_TOLD = "SELECT 1 FROM reminder AS r WHERE r.obligation_id = o.id AND r.rung = :rung"
_CHASE = chase_of("reminder", "obligation_id")
_WAITING = waits_for_chase("obligation", _GROUP, _CHASE, f"{_TOLD} AND r.due_on = :due_on")


@cache
def _statement(reader: Reader, *, some_left: bool, again: bool) -> TextClause:
    """Written out, because SQLAlchemy compiles an INSERT with ON CONFLICT anew each time, at 3 ms a group."""
    lines = [
        "INSERT INTO reminder (obligation_id, rung, due_on, kind, round_id, target_unit_id, status, cause)",
        f"SELECT o.id, :rung, o.due_on, :kind, :round_id, {reader.target}, :status, {reader.cause}",
        "FROM obligation AS o JOIN unit AS u ON u.id = o.unit_id"
        if reader is not UNIT
        else "FROM obligation AS o",
        f"WHERE {_GROUP} {reader.condition}",
        f"AND {reader.target} NOT IN (SELECT unit_id FROM dispatch WHERE {GONE})" if some_left else "",
        chased(_CHASE) if reader is not UNIT else "",
        # Handing out is done once: a date that moves later is told as a change, not as a new matter.
        f"AND (:kind <> 'assign' OR NOT EXISTS ({_TOLD}))" if again else "",
        "ON CONFLICT DO NOTHING",
    ]
    return typed(" ".join(lines))


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


def note_gates(
    connection: Connection,
    edition_id: int,
    *,
    held_on: date,
    now: datetime,
    flow_run_id: str | None,
    fault: str | None = None,
) -> None:
    """One more gate closed for the edition on this day, or why its gates could not be closed."""
    values: dict[str, object] = {"gates_closed": edition_round.c.gates_closed + 1}
    if fault is not None:
        values = {"status": FAILED, "fault": fault}
    part = _part(connection, edition_id, held_on, now, flow_run_id)
    connection.execute(
        update(edition_round).where(edition_round.c.id == part).values(**values, finished_at=now)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldEscalation:
    """One escalation that waits. `key` names it in a form; `to_unit` is the superior who would be told."""

    obligation_id: int
    rung: str
    due_on: date
    edition_id: int
    campaign: str
    year: int
    milestone: str
    label: str
    unit_id: int
    unit: str
    to_unit_id: int
    to_unit: str
    state: State
    returned_times: int

    @property
    def key(self) -> str:
        return f"{self.obligation_id}:{self.rung}:{self.due_on.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSelection:
    """Which held escalations: these obligations, or with None all of an edition, or all there are."""

    obligation_ids: tuple[int, ...] | None = None
    edition_id: int | None = None


def held_escalations_page(
    connection: Connection,
    sight: VisibleUnits,
    chosen: HeldSelection,
    *,
    after: tuple[date, int] | None = None,
    limit: int,
) -> tuple[HeldEscalation, ...]:
    """What waits and still stands, the longest overdue first."""
    statement = (
        _HELD.where(*_waiting(chosen), visible(sight, obligation.c.unit_id))
        .order_by(reminder.c.due_on, reminder.c.obligation_id)
        .limit(limit)
    )
    if after is not None:
        day, number = after
        later = (reminder.c.due_on == day) & (reminder.c.obligation_id > number)
        statement = statement.where(or_(reminder.c.due_on > day, later))
    return tuple(
        HeldEscalation(**dict(row._mapping) | {"state": State(row.state)})
        for row in connection.execute(statement)
    )


def count_held_escalations(
    connection: Connection, sight: VisibleUnits, chosen: HeldSelection
) -> tuple[int, int, date | None]:
    """How many wait, how many superiors they would be told to, and the earliest due date."""
    row = connection.execute(
        select(
            func.count(),
            func.count(func.distinct(reminder.c.target_unit_id)),
            func.min(reminder.c.due_on),
        )
        .select_from(_STANDING)
        .where(*_waiting(chosen), visible(sight, obligation.c.unit_id))
    ).one()
    return row[0], row[1], row[2]


def decide_held(connection: Connection, chosen: HeldSelection, *, cause: str | None = None) -> int:
    """Let them go with the next digest, or with a cause never; the reminder keeps it. Returns how many."""
    values = {"status": APPROVED} if cause is None else {"status": "superseded", "cause": cause}
    standing = (
        select(obligation.c.id)
        .join(edition, edition.c.id == obligation.c.edition_id)
        .where(
            obligation.c.id == reminder.c.obligation_id,
            obligation.c.due_on == reminder.c.due_on,
            *_matter(chosen),
        )
        .exists()
    )
    rows = update(reminder).where(_HELD_ROWS, *_ids(chosen), standing)
    return int(connection.execute(rows.values(**values)).rowcount)


def settle_held_reminders(connection: Connection) -> bool:
    """Let lapse what is owed no more and what a later escalation of the same matter has overtaken; False when nothing
    waits at all.

    What was handed in or suspended stays held: it may come back, and its rung is planned only once.
    """
    if connection.scalar(select(reminder.c.rung).where(_SOME).limit(1)) is None:
        return False
    stays = exists().where(
        obligation.c.id == reminder.c.obligation_id,
        obligation.c.due_on == reminder.c.due_on,
        obligation.c.state.in_(sorted(OPEN | WAITING | {State.SUSPENDED})),
    )
    later = reminder.alias("later")
    overtaken = exists().where(
        later.c.obligation_id == reminder.c.obligation_id,
        later.c.kind == "escalate",
        later.c.round_id > reminder.c.round_id,
        later.c.status.in_((HELD, APPROVED)),
    )
    gone = update(reminder).where(_SOME)
    connection.execute(gone.where(overtaken).values(status="superseded", cause=MERGED))
    connection.execute(gone.where(~stays).values(status="superseded", cause=OVERTAKEN))
    return True


def release_held_reminders(connection: Connection, *, round_id: int, day: date) -> int:
    """Put what was approved into this round, unless its reader's digest of the day has left; returns how many."""
    left = select(dispatch.c.unit_id).where(
        dispatch.c.day == day, dispatch.c.kind == "digest", dispatch.c.status != "pending"
    )
    done = connection.execute(
        update(reminder)
        .where(
            reminder.c.status == APPROVED,
            exists().where(
                obligation.c.id == reminder.c.obligation_id,
                obligation.c.due_on == reminder.c.due_on,
                obligation.c.state.in_(sorted(OPEN)),
                edition.c.id == obligation.c.edition_id,
                edition.c.state == "published",
            ),
            reminder.c.target_unit_id.not_in(left),
        )
        .values(status="planned", round_id=round_id)
    )
    return int(done.rowcount)


def _waiting(chosen: HeldSelection) -> Sequence[ColumnElement[bool]]:
    return (_HELD_ROWS, *_ids(chosen), *_matter(chosen))


def _ids(chosen: HeldSelection) -> Sequence[ColumnElement[bool]]:
    if chosen.obligation_ids is None:
        return ()
    return (reminder.c.obligation_id.in_(chosen.obligation_ids),)


def _matter(chosen: HeldSelection) -> Sequence[ColumnElement[bool]]:
    of_edition = () if chosen.edition_id is None else (obligation.c.edition_id == chosen.edition_id,)
    # The state is wrapped, so that a query begins with the index of what waits and not with everything that is open.
    state = func.coalesce(obligation.c.state, "")
    return (state.in_(sorted(OPEN)), edition.c.state == "published", *of_edition)


# Both in the words of the partial index over what waits.
_SOME: ColumnElement[bool] = text("reminder.status IN ('held', 'approved')")  # type: ignore[assignment]  # a text condition
_HELD_ROWS: ColumnElement[bool] = text(  # type: ignore[assignment]  # a text condition
    "reminder.status IN ('held', 'approved') AND reminder.status = 'held'"
)
_told = unit.alias("told")
_STANDING = (
    reminder.join(
        obligation,
        (obligation.c.id == reminder.c.obligation_id) & (obligation.c.due_on == reminder.c.due_on),
    )
    .join(edition, edition.c.id == obligation.c.edition_id)
    .join(milestone, milestone.c.id == obligation.c.milestone_id)
    .join(point, point.c.id == obligation.c.point_id)
    .join(unit, unit.c.id == obligation.c.unit_id)
    .join(_told, _told.c.id == reminder.c.target_unit_id)
)
_HELD: Select[tuple[object, ...]] = select(
    reminder.c.obligation_id,
    reminder.c.rung,
    reminder.c.due_on,
    obligation.c.edition_id,
    edition.c.name.label("campaign"),
    edition.c.year,
    milestone.c.title.label("milestone"),
    point.c.label,
    obligation.c.unit_id,
    unit.c.name.label("unit"),
    reminder.c.target_unit_id.label("to_unit_id"),
    _told.c.name.label("to_unit"),
    obligation.c.state,
    obligation.c.returned_times,
).select_from(_STANDING)
