"""催办 by hand: what of a scope its units owe, and one message per unit address, written in sets.

A unit is chased once a day: the message's key is (day, channel, address, kind, unit).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, text

from duban.core.db import upsert
from duban.editions.tables import edition
from duban.letters.queries import ClaimedDispatch
from duban.obligations.states import OPEN, State
from duban.obligations.tables import obligation
from duban.outbox.queries import AUDIENCE, NO_CHANNEL, NO_CONTACT
from duban.outbox.tables import dispatch
from duban.units.tables import unit

KIND = "chase_now"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaseScope:
    """What is chased: each that is given narrows it. `unread_since`: only what was opened by then and not acknowledged."""

    edition_id: int | None = None
    unit_ids: tuple[int, ...] = ()
    obligation_ids: tuple[int, ...] = ()
    due_until: date | None = None
    unread_since: date | None = None

    @property
    def bounded(self) -> bool:
        return self.edition_id is not None or bool(self.unit_ids) or bool(self.obligation_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitToChase:
    """One unit of the scope: how many it owes, and the first of them to fall due."""

    unit_id: int
    unit: str
    total: int
    obligation_ids: tuple[int, ...]


def units_to_chase(
    connection: Connection, scope: ChaseScope, *, today: date, shown: int
) -> tuple[UnitToChase, ...]:
    """By unit, what is owed now; done, waived, suspended and handed-in matters are not, nor those of paused editions."""
    ranked = (
        select(
            obligation.c.unit_id,
            obligation.c.id,
            func.row_number()
            .over(partition_by=obligation.c.unit_id, order_by=(obligation.c.due_on, obligation.c.id))
            .label("place"),
            func.count().over(partition_by=obligation.c.unit_id).label("total"),
        )
        .where(*_owed(scope, today))
        .subquery()
    )
    rows = connection.execute(
        select(ranked, unit.c.name)
        .join(unit, unit.c.id == ranked.c.unit_id)
        .where(ranked.c.place <= shown)
        .order_by(unit.c.id, ranked.c.place)
    )
    found: dict[int, UnitToChase] = {}
    for row in rows:
        before = found[row.unit_id].obligation_ids if row.unit_id in found else ()
        found[row.unit_id] = UnitToChase(
            unit_id=row.unit_id, unit=row.name, total=row.total, obligation_ids=(*before, row.id)
        )
    return tuple(found.values())


def chased_on(connection: Connection, day: date) -> frozenset[int]:
    """The units that were chased by hand on that day."""
    statement = select(dispatch.c.unit_id).where(dispatch.c.day == day, dispatch.c.kind == KIND)
    return frozenset(connection.scalars(statement.distinct()))


def write_chases(
    connection: Connection,
    units: Sequence[UnitToChase],
    payloads: Mapping[int, Mapping[str, object]],
    *,
    day: date,
    not_before: datetime,
) -> tuple[ClaimedDispatch, ...]:
    """One row per contact who does the unit's work, and per deputy leader; a unit without contacts gets a failed one.

    Returns what is to be sent, as delivery will read it.
    """
    told: dict[int, list[dict[str, object]]] = {one.unit_id: [] for one in units}
    for row in connection.execute(_TOLD, {"unit_ids": list(told)}):
        place = {"contact_id": row.contact_id, "channel": row.channel, "address": row.address}
        told[row.unit_id].append(
            {**place, "parts": row.own + 4 * row.copy, "status": "pending", "reason": None}
        )
    rows = [
        {
            "day": day,
            "kind": KIND,
            "ref": f"unit:{one.unit_id}",
            "unit_id": one.unit_id,
            "not_before": not_before,
            "items": one.total,
            "payload": dict(payloads[one.unit_id]),
            **contact,
        }
        for one in units
        for contact in told[one.unit_id] or [_nobody(one.unit_id)]
    ]
    connection.execute(upsert(connection, dispatch).on_conflict_do_nothing(), rows)
    columns = [dispatch.c[one.name] for one in fields(ClaimedDispatch)]
    written = select(*columns).where(
        dispatch.c.day == day,
        dispatch.c.kind == KIND,
        dispatch.c.status == "pending",
        dispatch.c.unit_id.in_(list(told)),
    )
    return tuple(
        ClaimedDispatch(**row._mapping) for row in connection.execute(written.order_by(dispatch.c.id))
    )


def _nobody(unit_id: int) -> dict[str, object]:
    return {
        "contact_id": None,
        "channel": NO_CHANNEL,
        "address": str(unit_id),
        "parts": 1,
        "status": "failed",
        "reason": NO_CONTACT,
    }


def _owed(scope: ChaseScope, today: date) -> list[ColumnElement[bool]]:
    """By edition first, so that the rounds' index leads past everything that is closed."""
    published = select(edition.c.id).where(edition.c.state == "published")
    if scope.edition_id is not None:
        published = published.where(edition.c.id == scope.edition_id)
    states = OPEN if scope.unread_since is None else {State.ASSIGNED}
    conditions: list[ColumnElement[bool]] = [
        obligation.c.edition_id.in_(published),
        obligation.c.state.in_(sorted(state.value for state in states)),
        obligation.c.opened_on <= min(today, scope.unread_since or today),
    ]
    if scope.unit_ids:
        conditions.append(obligation.c.unit_id.in_(scope.unit_ids))
    if scope.obligation_ids:
        conditions.append(obligation.c.id.in_(scope.obligation_ids))
    if scope.due_until is not None:
        conditions.append(obligation.c.due_on <= scope.due_until)
    return conditions


_TOLD = text(
    f"SELECT * FROM ({AUDIENCE}) AS told WHERE unit_id IN :unit_ids AND (own = 1 OR copy = 1) ORDER BY contact_id"
).bindparams(bindparam("unit_ids", expanding=True))
