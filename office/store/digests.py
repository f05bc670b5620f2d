"""A round's digests: one dispatch per address of each unit that is owed something, written in sets."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    update,
)

from office.store.audience import Part, audience
from office.store.conflicts import insert
from office.store.dispatches import NO_CHANNEL, NO_CONTACT
from office.store.tables import dispatch, reminder

DIGEST = "digest"


def write_digests(connection: Connection, *, round_id: int, day: date, not_before: datetime) -> int:
    """A row per first-rank contact; a unit without any contact gets one that failed with the reason.

    An earlier digest to the same contact that has not left by now is merged into the new one and withdrawn. Run
    again it writes what is missing and brings the counts of what is still waiting up to date. Returns how many
    rows the round has.
    """
    merges = _anything_waits(connection, day)
    rows = _rows(round_id, day, not_before, merges=merges)
    statement = insert(connection, dispatch).from_select([c.name for c in rows.selected_columns], rows)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["day", "channel", "address", "kind", "ref"],
            set_={"items": statement.excluded["items"]},
            where=and_(dispatch.c.status == "pending", dispatch.c["items"] != statement.excluded["items"]),
        )
    )
    if merges:
        _withdraw_merged(connection, round_id, day)
    counted = select(func.count()).where(dispatch.c.round_id == round_id)
    return int(connection.scalar(counted) or 0)


def _rows(round_id: int, day: date, not_before: datetime, *, merges: bool) -> Any:
    need, told = _need(round_id), audience()
    here = and_(told.c.unit_id == need.c.unit_id, _items(need, told) > 0)
    source = need.outerjoin(told, here)
    since: ColumnElement[Any] = literal(round_id)
    if merges:
        waiting = _waiting(day)
        source = source.outerjoin(waiting, waiting.c.contact_id == told.c.contact_id)
        since = func.coalesce(waiting.c.since_round_id, round_id)
    nobody = told.c.contact_id.is_(None)
    return (
        select(
            literal(day).label("day"),
            literal(DIGEST).label("kind"),
            cast(need.c.unit_id, String(64)).label("ref"),
            literal(round_id).label("round_id"),
            since.label("since_round_id"),
            need.c.unit_id.label("unit_id"),
            told.c.contact_id.label("contact_id"),
            func.coalesce(told.c.parts, int(Part.OWN)).label("parts"),
            func.coalesce(told.c.channel, NO_CHANNEL).label("channel"),
            func.coalesce(told.c.address, cast(need.c.unit_id, String(64))).label("address"),
            case((nobody, literal("failed")), else_=literal("pending")).label("status"),
            case((nobody, literal(NO_CONTACT)), else_=null()).label("reason"),
            literal(not_before, dispatch.c.not_before.type).label("not_before"),
            case((nobody, need.c.own + need.c.superior), else_=_items(need, told)).label("items"),
            # Without a condition SQLite would read the ON of the conflict as one of the join.
        )
        .select_from(source)
        .where(literal(True))
    )


def _need(round_id: int) -> Subquery:
    """How many of each part a unit is owed in the round."""

    def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    escalated = reminder.c.kind == "escalate"
    return (
        select(
            reminder.c.target_unit_id.label("unit_id"),
            how_many(~escalated).label("own"),
            how_many(escalated).label("superior"),
            how_many(reminder.c.kind == "chase").label("chases"),
        )
        .where(reminder.c.round_id == round_id, reminder.c.status == "planned")
        .group_by(reminder.c.target_unit_id)
        .subquery("need")
    )


def _items(need: Subquery, told: Subquery) -> ColumnElement[int]:
    def has(part: Part) -> ColumnElement[bool]:
        return told.c.parts.bitwise_and(int(part)) != 0

    own = case((has(Part.OWN), need.c.own), (has(Part.COPY), need.c.chases), else_=0)
    return own + case((has(Part.SUPERIOR), need.c.superior), else_=0)


def _waits(day: date) -> ColumnElement[bool]:
    return and_(dispatch.c.status == "pending", dispatch.c.kind == DIGEST, dispatch.c.day < day)


def _anything_waits(connection: Connection, day: date) -> bool:
    return connection.scalar(select(dispatch.c.id).where(_waits(day)).limit(1)) is not None


def _waiting(day: date) -> Subquery:
    earliest = func.min(dispatch.c.since_round_id).label("since_round_id")
    return (
        select(dispatch.c.contact_id, earliest)
        .where(_waits(day))
        .group_by(dispatch.c.contact_id)
        .subquery("waiting")
    )


def _withdraw_merged(connection: Connection, round_id: int, day: date) -> None:
    newer = dispatch.alias()
    carried = select(newer.c.contact_id).where(
        newer.c.round_id == round_id, newer.c.kind == DIGEST, newer.c.since_round_id < newer.c.round_id
    )
    connection.execute(
        update(dispatch)
        .where(_waits(day), dispatch.c.contact_id.in_(carried))
        .values(status="withdrawn", reason=f"尚未发出，已并入{day}的汇总")
    )
