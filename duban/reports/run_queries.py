"""The rounds as people look them up: by campaign, unit and day, with what became of that day's messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from duban.core.access import VisibleUnits
from duban.editions.tables import edition
from duban.outbox.queries import MORNING
from duban.outbox.tables import dispatch
from duban.rounds.queries import DONE
from duban.rounds.tables import edition_round, round_
from duban.units.queries import visible


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """What is looked for; None asks nothing. `campaign` is a key or part of a name."""

    campaign: str | None = None
    unit_id: int | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRound:
    """A round as it is listed."""

    id: int
    held_on: date
    status: str
    started_at: datetime
    finished_at: datetime | None
    planned: int
    superseded: int
    flow_run_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPart:
    """What one round or step did for one edition."""

    id: int
    kind: str
    edition_id: int
    campaign: str
    name: str
    year: int
    held_on: date
    finished_at: datetime | None
    status: str
    planned: int
    superseded: int
    gates_closed: int
    fault: str | None
    flow_run_id: str | None


def run_rounds(
    connection: Connection, wanted: RunFilter, *, offset: int, limit: int
) -> tuple[tuple[RunRound, ...], int]:
    """Rounds of the days looked for, the newest first, and how many there are."""
    conditions = [round_.c.kind == MORNING]
    if wanted.on is not None:
        conditions.append(round_.c.held_on == wanted.on)
    if wanted.campaign is not None:
        conditions.append(
            exists()
            .select_from(edition_round.join(edition, edition.c.id == edition_round.c.edition_id))
            .where(edition_round.c.held_on == round_.c.held_on, _named(wanted.campaign), _did())
        )
    if wanted.unit_id is not None:
        conditions.append(
            exists().where(dispatch.c.round_id == round_.c.id, dispatch.c.unit_id == wanted.unit_id)
        )
    names = [round_.c[name] for name in RunRound.__dataclass_fields__]
    found = select(*names).where(*conditions).order_by(round_.c.held_on.desc()).offset(offset).limit(limit)
    total = connection.execute(select(func.count()).select_from(round_).where(*conditions)).scalar_one()
    return tuple(RunRound(**row._mapping) for row in connection.execute(found)), int(total)


def run_of_round(connection: Connection, round_id: int) -> RunRound | None:
    names = [round_.c[name] for name in RunRound.__dataclass_fields__]
    row = connection.execute(select(*names).where(round_.c.id == round_id)).first()
    return RunRound(**row._mapping) if row else None


def run_parts(
    connection: Connection, days: Sequence[date], *, campaign: str | None = None
) -> tuple[RunPart, ...]:
    """What was done on these days for each edition, in the order it was done."""
    own = [edition_round.c[name] for name in RunPart.__dataclass_fields__ if name in edition_round.c]
    found = (
        select(*own, edition.c.campaign, edition.c.name, edition.c.year)
        .join_from(edition_round, edition, edition.c.id == edition_round.c.edition_id)
        .where(edition_round.c.held_on.in_(days))
        .order_by(edition_round.c.id)
    )
    if campaign is not None:
        found = found.where(_named(campaign))
    return tuple(RunPart(**row._mapping) for row in connection.execute(found))


def made_good_on(connection: Connection, part: RunPart) -> date | None:
    """The day on which the edition went through again after this part had failed."""
    return connection.execute(
        select(edition_round.c.held_on)
        .where(
            edition_round.c.edition_id == part.edition_id,
            edition_round.c.held_on >= part.held_on,
            edition_round.c.id > part.id,
            edition_round.c.status == DONE,
        )
        .order_by(edition_round.c.held_on)
        .limit(1)
    ).scalar()


def next_held_on(connection: Connection, day: date) -> date | None:
    """The day of the first round after this one that came to its end."""
    return connection.execute(
        select(func.min(round_.c.held_on)).where(
            round_.c.kind == MORNING, round_.c.held_on > day, round_.c.finished_at.is_not(None)
        )
    ).scalar()


def run_dispatches(
    connection: Connection, days: Sequence[date], sight: VisibleUnits, *, unit_id: int | None = None
) -> Mapping[date, dict[str, int]]:
    """By day, how many messages stand at each status."""
    found = (
        select(dispatch.c.day, dispatch.c.status, func.count())
        .where(dispatch.c.day.in_(days), visible(sight, dispatch.c.unit_id))
        .group_by(dispatch.c.day, dispatch.c.status)
    )
    if unit_id is not None:
        found = found.where(dispatch.c.unit_id == unit_id)
    counted: dict[date, dict[str, int]] = {}
    for day, status, number in connection.execute(found):
        counted.setdefault(day, {})[status] = int(number)
    return counted


def _named(campaign: str) -> ColumnElement[bool]:
    return or_(edition.c.campaign == campaign, edition.c.name.contains(campaign, autoescape=True))


def _did() -> ColumnElement[bool]:
    """Parts in which anything happened; an edition that stood as planned is no answer to a search for it."""
    own = edition_round.c
    return or_(own.planned > 0, own.gates_closed > 0, own.fault.is_not(None))
