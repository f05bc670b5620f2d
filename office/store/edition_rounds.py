"""What each round, and each step of an edition's own, did for an edition: written with it, in its transaction."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, exists, func, insert, literal, select, update

from office.store.rounds import MORNING, EditionNote
from office.store.tables import edition, edition_round

STEP = "step"
DONE, FAILED = "done", "failed"


def note_part(
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


def count_gate(
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
        note_part(connection, nothing, kind=STEP, held_on=held_on, now=now, flow_run_id=flow_run_id)
        found = _newest(connection, edition_id, held_on)
    assert found is not None, "the part was just written or was there before"
    return found


def _newest(connection: Connection, edition_id: int, held_on: date, kind: str | None = None) -> int | None:
    found = select(func.max(edition_round.c.id)).where(
        edition_round.c.edition_id == edition_id, edition_round.c.held_on == held_on
    )
    return connection.execute(found.where(edition_round.c.kind == kind) if kind else found).scalar()
