"""The rows of the rounds: one per kind and day, with what happened to each edition in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from office.errors import Refused
from office.store.conflicts import insert
from office.store.tables import edition, round_

MORNING = "morning"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
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


def open_round(
    connection: Connection, *, held_on: date, now: datetime, flow_run_id: str | None = None
) -> Round:
    """The day's row, made if it is not there. Two that open it at once get the same row."""
    found = round_on(connection, held_on)
    if found is not None:
        return found
    connection.execute(
        insert(connection, round_)
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


def round_on(connection: Connection, held_on: date) -> Round | None:
    row = connection.execute(
        select(round_).where(round_.c.kind == MORNING, round_.c.held_on == held_on)
    ).first()
    return _round(row) if row else None


def lock_round(connection: Connection, round_id: int) -> Round:
    """The row, kept from other planners and from delivery until the transaction ends."""
    return _round(connection.execute(select(round_).where(round_.c.id == round_id).with_for_update()).one())


def newest_round(connection: Connection) -> Round | None:
    row = connection.execute(
        select(round_).where(round_.c.kind == MORNING).order_by(round_.c.held_on.desc()).limit(1)
    ).first()
    return _round(row) if row else None


def rounds_between(connection: Connection, first: date, last: date) -> tuple[Round, ...]:
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


def write_note(connection: Connection, current: Round, note: EditionNote) -> None:
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


def published_editions(connection: Connection) -> tuple[PlannedEdition, ...]:
    return tuple(PlannedEdition(**row._mapping) for row in connection.execute(_published()))


def published_edition(connection: Connection, edition_id: int) -> PlannedEdition:
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


def _round(row: Row[Any]) -> Round:
    notes = tuple(EditionNote(**entry) for entry in row.detail.get("editions", ()))
    names = (name for name in Round.__dataclass_fields__ if name != "editions")
    return Round(**{name: getattr(row, name) for name in names}, editions=notes)
