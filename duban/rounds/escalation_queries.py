"""Escalations that a coordinator approves first: held when planned, approved, and sent with the next digest.

A held escalation is a reminder like any other: unique per obligation, rung and due date, so approving it twice or
holding the round again plans nothing twice. All changes are set statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select, text, update

from duban.core.access import VisibleUnits
from duban.editions.tables import edition, milestone, point
from duban.obligations.states import OPEN, WAITING, State
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from duban.rounds.tables import reminder
from duban.units.queries import visible
from duban.units.tables import unit

HELD, APPROVED = "held", "approved"
OVERTAKEN = "批准前已办结、调整或撤销，不再督办"
MERGED = "并入后一次督办"


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


def approve_reminders(connection: Connection, chosen: HeldSelection) -> int:
    """Let them go with the next digest; returns how many."""
    return _set(connection, chosen, status=APPROVED)


def decline_reminders(connection: Connection, chosen: HeldSelection, *, cause: str) -> int:
    """They are never sent; the reminder keeps why."""
    return _set(connection, chosen, status="superseded", cause=cause)


def any_held_escalations(connection: Connection) -> bool:
    """Whether there is anything for a round to release or to let lapse."""
    return connection.scalar(select(reminder.c.rung).where(_SOME).limit(1)) is not None


def settle_held_reminders(connection: Connection) -> int:
    """Let lapse what is owed no more and what a later escalation of the same matter has overtaken.

    What was handed in or suspended stays held: it may come back, and its rung is planned only once.
    """
    stays = exists().where(
        obligation.c.id == reminder.c.obligation_id,
        obligation.c.due_on == reminder.c.due_on,
        obligation.c.state.in_(_values(OPEN | WAITING | {State.SUSPENDED})),
    )
    later = reminder.alias("later")
    overtaken = exists().where(
        later.c.obligation_id == reminder.c.obligation_id,
        later.c.kind == "escalate",
        later.c.round_id > reminder.c.round_id,
        later.c.status.in_((HELD, APPROVED)),
    )
    gone = update(reminder).where(_SOME)
    merged = connection.execute(gone.where(overtaken).values(status="superseded", cause=MERGED))
    lapsed = connection.execute(gone.where(~stays).values(status="superseded", cause=OVERTAKEN))
    return int(merged.rowcount) + int(lapsed.rowcount)


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
                obligation.c.state.in_(_values(OPEN)),
                edition.c.id == obligation.c.edition_id,
                edition.c.state == "published",
            ),
            reminder.c.target_unit_id.not_in(left),
        )
        .values(status="planned", round_id=round_id)
    )
    return int(done.rowcount)


def _values(states: frozenset[State]) -> list[str]:
    return sorted(state.value for state in states)


def _set(connection: Connection, chosen: HeldSelection, **values: str) -> int:
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
    done = connection.execute(update(reminder).where(_HELD_ROWS, *_ids(chosen), standing).values(**values))
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
    return (state.in_(_values(OPEN)), edition.c.state == "published", *of_edition)


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
