"""Editions with their milestones and dated points, drafts and notices: written, found again, and looked at by planning.

What planning asks of a year is one grouped statement each, so that its answer grows with the calendar and not with the
ledger.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    case,
    distinct,
    func,
    literal,
    select,
    text,
    update,
)

from calendars.model import Edition, Milestone, Point
from calendars.serialization import content_hash, from_plain, to_plain
from calendars.workdays import YearTable
from duban.bureau import Bureau
from duban.core.access import Actor, VisibleUnits, visible_units
from duban.core.errors import NotFound
from duban.editions.rules import ForecastOwing
from duban.editions.tables import (
    edition,
    edition_draft,
    milestone,
    milestone_order,
    milestone_support,
    point,
    workday_notice,
)
from duban.obligations.states import DONE, NOT_STARTED, OPEN, State
from duban.obligations.support_rules import UNANSWERED
from duban.obligations.tables import obligation, support_duty
from duban.problems.tables import problem
from duban.rosters.tables import roster
from duban.rounds.schedule import support_key
from duban.units.queries import visible
from duban.units.tables import person, unit

# Owed by nobody: let off, or a cell that waits for a person.
_OUT = sorted((State.CANCELLED, State.WAIVED, *NOT_STARTED))


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionName:
    """One edition without its content; `text` is how people call it."""

    id: int
    campaign: str
    year: int
    name: str
    kind: str
    state: str

    @property
    def text(self) -> str:
        return f"{self.name} {self.year}"


_NAMES = select(
    edition.c.id, edition.c.campaign, edition.c.year, edition.c.name, edition.c.kind, edition.c.state
)


def find_edition_name(connection: Connection, campaign: str, year: int) -> EditionName | None:
    row = connection.execute(_NAMES.where(edition.c.campaign == campaign, edition.c.year == year)).first()
    return EditionName(**row._mapping) if row else None


def edition_named(bureau: Bureau, name: str) -> int:
    """The id of an edition given as 专项行动/年度, e.g. place_name_signs/2026. Raises NotFound."""
    campaign, _, year = name.partition("/")
    with bureau.store.reading() as connection:
        found = find_edition_name(connection, campaign, int(year)) if year.isdecimal() else None
    if found is None:
        raise NotFound(
            f"没有专项行动“{name}”，请写成 专项行动/年度 的样子，用 duban calendar show 查看名称。"
        )
    return found.id


def name_editions(bureau: Bureau, *, by: Actor) -> tuple[EditionName, ...]:
    """Every edition that was ever handed out, the newest year first; of a unit those it has a part in."""
    sight = visible_units(by)
    statement = _NAMES.where(edition.c.state != "draft").order_by(edition.c.year.desc(), edition.c.id)
    if not sight.everything:
        owed = select(obligation.c.edition_id).where(visible(sight, obligation.c.unit_id))
        statement = statement.where(edition.c.id.in_(owed))
    with bureau.store.reading() as connection:
        return tuple(EditionName(**row._mapping) for row in connection.execute(statement))


def list_editions(bureau: Bureau) -> tuple[EditionName, ...]:
    """Every published edition, oldest year first."""
    statement = _NAMES.where(edition.c.state == "published").order_by(edition.c.year, edition.c.campaign)
    with bureau.store.reading() as connection:
        return tuple(EditionName(**row._mapping) for row in connection.execute(statement))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEdition:
    """One edition as stored; `value` is what was applied last."""

    id: int
    state: str
    published_on: date | None
    content_hash: str
    value: Edition
    own: bool = False  # changed in the portal: the year's files leave it alone


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMilestone:
    """One milestone as stored, also one that is gone from the file."""

    id: int
    key: str
    withdrawn: bool
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPoint:
    """One dated point as stored."""

    id: int
    milestone_id: int
    label: str
    due_on: date
    hard_due_on: date | None
    last_workday: date
    provisional: bool
    withdrawn: bool


def _editions(connection: Connection, *where: ColumnElement[bool]) -> tuple[StoredEdition, ...]:
    rows = connection.execute(select(edition).where(*where).order_by(edition.c.year, edition.c.campaign))
    return tuple(
        StoredEdition(
            id=row.id,
            state=row.state,
            published_on=row.published_on,
            content_hash=row.content_hash,
            value=from_plain(Edition, row.body),
            own=row.own,
        )
        for row in rows
    )


def stored_editions(connection: Connection, *, year: int | None = None) -> tuple[StoredEdition, ...]:
    """All editions, or those of one year, by year and campaign."""
    return _editions(connection, *(() if year is None else (edition.c.year == year,)))


def find_edition(connection: Connection, campaign: str, year: int) -> StoredEdition | None:
    """The edition of a campaign for a year."""
    return next(iter(_editions(connection, edition.c.campaign == campaign, edition.c.year == year)), None)


def stored_edition_by_id(connection: Connection, edition_id: int) -> StoredEdition | None:
    return next(iter(_editions(connection, edition.c.id == edition_id)), None)


def edition_or_refuse(connection: Connection, campaign: str, year: int) -> StoredEdition:
    """By the campaign's code, or by its name. Raises NotFound."""
    found = find_edition(connection, campaign, year) or next(
        iter(_editions(connection, edition.c.name == campaign, edition.c.year == year)), None
    )
    if found is None:
        raise NotFound(
            f"{year}年没有“{campaign}”，请用 duban calendar show {year} 查看，或先用 duban calendar apply {year} 载入。"
        )
    return found


def edition_by_id(connection: Connection, edition_id: int) -> StoredEdition:
    """By its number, as addresses of pages carry it. Raises NotFound."""
    found = stored_edition_by_id(connection, edition_id)
    if found is None:
        raise NotFound("没有这个专项行动，可能已被删除，请从清单里重新选择。")
    return found


def years_of_campaign(connection: Connection, campaign: str) -> tuple[int, ...]:
    """The years a campaign has an edition for, in order."""
    found = select(edition.c.year).where(edition.c.campaign == campaign).order_by(edition.c.year)
    return tuple(connection.execute(found).scalars())


def write_edition(
    connection: Connection,
    value: Edition,
    *,
    edition_id: int | None,
    coordinator_id: int,
    now: datetime,
    flow_run_id: str | None,
) -> int:
    """Insert the edition as a draft, or bring the stored one to this value; returns its id."""
    values = {
        "campaign": value.campaign,
        "year": value.year,
        "name": value.name,
        "kind": value.kind.value,
        "subject_year": value.subject_year,
        "coordinator_unit_id": coordinator_id,
        "ladder": value.ladder,
        "recurs": value.recurs,
        "content_hash": content_hash(value),
        "body": to_plain(value),
        "flow_run_id": flow_run_id,
        "updated_at": now,
    }
    return _write(connection, edition, edition_id, values, {"state": "draft"})


def set_edition_state(
    connection: Connection, edition_id: int, state: str, *, now: datetime, published_on: date | None = None
) -> None:
    """draft, published, paused or withdrawn; `published_on` where it is published now."""
    values: dict[str, object] = {"state": state, "updated_at": now}
    if published_on is not None:
        values["published_on"] = published_on
    connection.execute(edition.update().where(edition.c.id == edition_id).values(**values))


def set_own_changes(connection: Connection, edition_id: int, *, own: bool) -> None:
    """Whether the portal or the year's file has the last word about it."""
    connection.execute(edition.update().where(edition.c.id == edition_id).values(own=own))


def milestones_of(connection: Connection, edition_id: int) -> dict[str, StoredMilestone]:
    """The milestones of an edition by key, withdrawn ones too."""
    columns = (milestone.c[name] for name in StoredMilestone.__dataclass_fields__)
    rows = connection.execute(select(*columns).where(milestone.c.edition_id == edition_id))
    return {row.key: StoredMilestone(**row._mapping) for row in rows}


def points_of(connection: Connection, edition_id: int) -> dict[tuple[int, str], StoredPoint]:
    """The points of an edition by milestone id and label, withdrawn ones too."""
    columns = (point.c[name] for name in StoredPoint.__dataclass_fields__)
    rows = connection.execute(select(*columns).where(point.c.edition_id == edition_id))
    return {(row.milestone_id, row.label): StoredPoint(**row._mapping) for row in rows}


def write_milestone(
    connection: Connection,
    edition_id: int,
    position: int,
    value: Milestone,
    milestone_id: int | None,
    *,
    ladder: str,
) -> int:
    """Insert a milestone, or bring the stored one to this value and back into force; returns its id."""
    values = {
        "position": position,
        "stage": value.stage,
        "title": value.title,
        "source_document": value.source.document,
        "source_item": value.source.item,
        "due_phrase": value.due_phrase,
        "rule": value.rule,
        "undated": value.undated,
        "implied": value.implied,
        "gate": value.gate,
        "per_subject": value.per_subject,
        "problem_ledger": value.problem_ledger,
        "review_levels": value.review_levels,
        "ladder": ladder,
        "withdrawn": False,
        "body": to_plain(value),
    }
    return _write(connection, milestone, milestone_id, values, {"edition_id": edition_id, "key": value.key})


def write_point(
    connection: Connection,
    edition_id: int,
    milestone_id: int,
    value: Point,
    point_id: int | None,
    event_on: date | None = None,
) -> int:
    """Insert a point, or bring the stored one to this value and back into force; returns its id. `event_on` is the day
    it is counted from, where its milestone hangs on an event.
    """
    values = {
        "event_on": event_on,
        "starts_on": value.starts_on,
        "due_on": value.due_on,
        "hard_due_on": value.hard_due_on,
        "last_workday": value.last_workday,
        "provisional": value.provisional,
        "assumptions": list(value.assumptions),
        "withdrawn": False,
    }
    keys = {"edition_id": edition_id, "milestone_id": milestone_id, "label": value.label}
    return _write(connection, point, point_id, values, keys)


def _write(
    connection: Connection,
    table: Any,
    row_id: int | None,
    values: Mapping[str, Any],
    at_first: Mapping[str, Any],
) -> int:
    """Update the row, or insert it with what is said only once; returns its id."""
    if row_id is not None:
        connection.execute(table.update().where(table.c.id == row_id).values(**values))
        return row_id
    key: Any = connection.execute(table.insert().values(**values, **at_first)).inserted_primary_key
    return int(key[0])


def write_supporting(connection: Connection, milestone_id: int, unit_ids: Iterable[int]) -> None:
    """Replace the supporting units of a milestone."""
    connection.execute(milestone_support.delete().where(milestone_support.c.milestone_id == milestone_id))
    rows = [{"milestone_id": milestone_id, "unit_id": one} for one in dict.fromkeys(unit_ids)]
    if rows:
        connection.execute(milestone_support.insert(), rows)


def write_order(connection: Connection, ids: Mapping[str, int], earlier: Mapping[str, Iterable[str]]) -> None:
    """Replace what the milestones of an edition follow; `ids` are theirs by key."""
    connection.execute(milestone_order.delete().where(milestone_order.c.milestone_id.in_(ids.values())))
    rows = [
        {"milestone_id": ids[key], "earlier_id": ids[one]}
        for key, before in earlier.items()
        for one in before
    ]
    if rows:
        connection.execute(milestone_order.insert(), rows)


def withdraw_milestones(
    connection: Connection, *, milestone_ids: Sequence[int], point_ids: Sequence[int]
) -> None:
    """Mark what is gone from the file; the rows stay for history."""
    for table, ids in ((milestone, milestone_ids), (point, point_ids)):
        if ids:
            statement = table.update().where(table.c.id == bindparam("b_id")).values(withdrawn=True)
            connection.execute(statement, [{"b_id": one} for one in ids])


def find_roster_id(connection: Connection, edition_id: int, key: str) -> int | None:
    """The edition's roster of that key, if it was imported."""
    return connection.scalar(
        select(roster.c.id).where(roster.c.edition_id == edition_id, roster.c.key == key)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRoster:
    """One imported roster."""

    id: int
    key: str
    sha256: str
    filename: str
    subjects: int
    imported_at: datetime


def find_roster(connection: Connection, edition_id: int, key: str) -> StoredRoster | None:
    """The edition's roster of that key."""
    columns = (roster.c[name] for name in StoredRoster.__dataclass_fields__)
    row = connection.execute(
        select(*columns).where(roster.c.edition_id == edition_id, roster.c.key == key)
    ).first()
    return StoredRoster(**row._mapping) if row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One draft as saved last; `based_on` is the content hash of the edition it was written against."""

    id: int
    campaign: str
    year: int
    name: str
    text: str
    version: int
    based_on: str | None
    changed_by: str
    changed_at: datetime
    applied_at: datetime | None
    dropped_at: datetime | None

    @property
    def open(self) -> bool:
        return self.applied_at is None and self.dropped_at is None


_DRAFTS = (
    select(
        *(edition_draft.c[name] for name in Draft.__dataclass_fields__ if name != "changed_by"),
        person.c.name.label("changed_by"),
    )
    .join_from(edition_draft, person, person.c.id == edition_draft.c.changed_by)
    .order_by(edition_draft.c.changed_at.desc(), edition_draft.c.id.desc())
)
_OPEN_DRAFT = (edition_draft.c.applied_at.is_(None), edition_draft.c.dropped_at.is_(None))


def insert_draft(
    connection: Connection,
    *,
    campaign: str,
    year: int,
    name: str,
    text: str,
    based_on: str | None,
    by: int,
    at: datetime,
) -> int:
    """A new draft; returns its id."""
    values = {"campaign": campaign, "year": year, "name": name, "text": text, "based_on": based_on}
    made = {"made_by": by, "made_at": at, "changed_by": by, "changed_at": at}
    return _write(connection, edition_draft, None, values, made)


def find_draft(connection: Connection, draft_id: int) -> Draft | None:
    """One draft, open or not."""
    row = connection.execute(_DRAFTS.where(edition_draft.c.id == draft_id)).first()
    return Draft(**row._mapping) if row else None


def open_drafts(
    connection: Connection, *, campaign: str | None = None, year: int | None = None
) -> tuple[Draft, ...]:
    """What is being written, the newest first."""
    statement = _DRAFTS.where(*_OPEN_DRAFT)
    if campaign is not None:
        statement = statement.where(edition_draft.c.campaign == campaign)
    if year is not None:
        statement = statement.where(edition_draft.c.year == year)
    return tuple(Draft(**row._mapping) for row in connection.execute(statement))


def last_applied_text(connection: Connection, campaign: str, year: int) -> str | None:
    """The text of the draft that was applied last for an edition: it has the keepers' comments."""
    found: str | None = connection.scalar(
        select(edition_draft.c.text)
        .where(
            edition_draft.c.campaign == campaign,
            edition_draft.c.year == year,
            edition_draft.c.applied_at.is_not(None),
        )
        .order_by(edition_draft.c.applied_at.desc(), edition_draft.c.id.desc())
        .limit(1)
    )
    return found


def update_draft(
    connection: Connection, draft_id: int, *, version: int, by: int, at: datetime, **values: object
) -> bool:
    """Write the new values if the draft still has this version and is open; False when somebody was first."""
    done = connection.execute(
        update(edition_draft)
        .where(edition_draft.c.id == draft_id, edition_draft.c.version == version, *_OPEN_DRAFT)
        .values(**values, version=edition_draft.c.version + 1, changed_by=by, changed_at=at)
    )
    return bool(done.rowcount)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNotice:
    """One imported notice. `state` is proposed or confirmed."""

    id: int
    state: str
    table: YearTable
    imported_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """One notice that was brought in. `confirmed_by` is None while it waits for a second person; `own` says that
    the person who looks brought it in: somebody else must confirm it."""

    id: int
    year: int
    document: str
    state: str
    imported_by: str | None
    imported_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    own: bool


def confirmed_tables(connection: Connection) -> tuple[YearTable, ...]:
    """The tables in force, in the order they were confirmed."""
    bodies = connection.scalars(
        select(workday_notice.c.body)
        .where(workday_notice.c.state == "confirmed")
        .order_by(workday_notice.c.confirmed_at, workday_notice.c.id)
    )
    return tuple(from_plain(YearTable, body) for body in bodies)


def all_notices(connection: Connection, *, seen_by: int | None) -> tuple[NoticeLine, ...]:
    """Every notice that was ever brought in, the newest first, as this person looks at it."""
    first, second = person.alias(), person.alias()
    own = func.coalesce(workday_notice.c.imported_by, 0) == (seen_by or 0)
    rows = connection.execute(
        select(
            workday_notice.c.id,
            workday_notice.c.year,
            workday_notice.c.document,
            workday_notice.c.state,
            first.c.name.label("imported_by"),
            workday_notice.c.imported_at,
            second.c.name.label("confirmed_by"),
            workday_notice.c.confirmed_at,
            own.label("own"),
        )
        .outerjoin(first, first.c.id == workday_notice.c.imported_by)
        .outerjoin(second, second.c.id == workday_notice.c.confirmed_by)
        .order_by(workday_notice.c.imported_at.desc(), workday_notice.c.id.desc())
    )
    return tuple(NoticeLine(**row._mapping) for row in rows)


def notice_by_hash(connection: Connection, content_hash: str) -> StoredNotice | None:
    """The notice that says exactly this, if it was ever imported."""
    row = connection.execute(
        select(workday_notice).where(workday_notice.c.content_hash == content_hash)
    ).first()
    if row is None:
        return None
    table = from_plain(YearTable, row.body)
    return StoredNotice(id=row.id, state=row.state, table=table, imported_by=row.imported_by)


def insert_notice(
    connection: Connection, table: YearTable, *, content_hash: str, by: int | None, at: datetime
) -> int:
    """Write the proposed table; returns its id. The hash is the notice's own, without the day it was received."""
    values = {"year": table.year, "document": table.source[:200], "content_hash": content_hash}
    made = {"state": "proposed", "body": to_plain(table), "imported_by": by, "imported_at": at}
    return _write(connection, workday_notice, None, values, made)


def confirm_notice_row(connection: Connection, notice_id: int, *, by: int | None, at: datetime) -> bool:
    """Put a proposed notice in force; False when somebody else already has."""
    done = connection.execute(
        workday_notice.update()
        .where(workday_notice.c.id == notice_id, workday_notice.c.state == "proposed")
        .values(state="confirmed", confirmed_by=by, confirmed_at=at)
    )
    return bool(done.rowcount)


def notice_hash(table: YearTable) -> str:
    """SHA-256 of what the table says: the same notice from text, JSON or sheet is one notice if its days are."""
    return hashlib.sha256(
        json.dumps(to_plain(table), ensure_ascii=False, sort_keys=True).encode()
    ).hexdigest()


def counts_by_milestone(
    connection: Connection, edition_id: int, sight: VisibleUnits
) -> dict[str, tuple[int, int]]:
    """By milestone key: how many are owed (cancelled and waived left out), and how many of them are finished."""
    done = func.sum(case((obligation.c.state.in_(sorted(DONE)), 1), else_=0))
    rows = connection.execute(
        select(milestone.c.key, func.count().label("owed"), done.label("done"))
        .join_from(obligation, milestone, milestone.c.id == obligation.c.milestone_id)
        .where(
            obligation.c.edition_id == edition_id,
            obligation.c.state.not_in(_OUT),
            visible(sight, obligation.c.unit_id),
        )
        .group_by(milestone.c.key)
    )
    return {row.key: (int(row.owed), int(row.done)) for row in rows}


def points_of_timelines(connection: Connection) -> Sequence[Row[Any]]:
    """The published editions by year and campaign, each with its points in order of time, or one row without."""
    in_force = (point.c.edition_id == edition.c.id) & point.c.withdrawn.is_(False)
    return connection.execute(
        select(
            edition.c.campaign,
            edition.c.year,
            edition.c.name,
            edition.c.kind,
            func.coalesce(milestone.c.ladder, edition.c.ladder).label("ladder"),
            edition.c.published_on,
            point.c.starts_on,
            point.c.due_on,
            point.c.last_workday,
        )
        .outerjoin_from(edition, point, in_force)
        .outerjoin(milestone, milestone.c.id == point.c.milestone_id)
        .where(edition.c.state == "published")
        .order_by(edition.c.year, edition.c.campaign, point.c.due_on)
    ).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPoint:
    """One dated point in force; `owed` and `done` count obligations, `units` those that owe them."""

    campaign: str
    campaign_name: str
    kind: str
    state: str
    own: bool
    key: str
    title: str
    gate: bool
    label: str
    due_on: date
    last_workday: date
    provisional: bool
    units: int
    owed: int
    done: int


def points_of_year(connection: Connection, year: int, sight: VisibleUnits) -> tuple[PlannedPoint, ...]:
    """Every dated point of a year's editions, by campaign and date; of what is withdrawn nothing is shown."""
    counts = (
        select(
            obligation.c.point_id,
            func.count(distinct(obligation.c.unit_id)).label("units"),
            func.count().label("owed"),
            func.sum(case((obligation.c.state.in_(sorted(DONE)), 1), else_=0)).label("done"),
        )
        .where(
            obligation.c.edition_id.in_(select(edition.c.id).where(edition.c.year == year)),
            obligation.c.state.not_in(_OUT),
            visible(sight, obligation.c.unit_id),
        )
        .group_by(obligation.c.point_id)
        .subquery()
    )
    owed = func.coalesce(counts.c.owed, 0)
    rows = connection.execute(
        select(
            edition.c.campaign,
            edition.c.name.label("campaign_name"),
            edition.c.kind,
            edition.c.state,
            edition.c.own,
            milestone.c.key,
            milestone.c.title,
            milestone.c.gate,
            point.c.label,
            point.c.due_on,
            point.c.last_workday,
            point.c.provisional,
            func.coalesce(counts.c.units, 0).label("units"),
            owed.label("owed"),
            func.coalesce(counts.c.done, 0).label("done"),
        )
        .join_from(point, milestone, milestone.c.id == point.c.milestone_id)
        .join(edition, edition.c.id == point.c.edition_id)
        .outerjoin(counts, counts.c.point_id == point.c.id)
        .where(
            edition.c.year == year,
            edition.c.state != "withdrawn",
            point.c.withdrawn.is_(False),
            milestone.c.withdrawn.is_(False),
            # Whoever sees only his own units sees only the points that they owe.
            *(() if sight.everything else (owed > 0,)),
        )
        .order_by(edition.c.name, edition.c.id, point.c.due_on, milestone.c.position, point.c.id)
    )
    return tuple(PlannedPoint(**row._mapping) for row in rows)


def load_of_units(
    connection: Connection, first: date, last: date, sight: VisibleUnits
) -> Iterator[tuple[tuple[int, str], date, int, int]]:
    """By unit (number and name) and day: how many obligations are due, and how many of them are not finished. What is
    waived or cancelled burdens nobody.

    Counted first in the order of the round's index, which then answers alone: three times as fast as by unit and day.
    """
    keys = (obligation.c.edition_id, obligation.c.state, obligation.c.ladder)
    dates = (obligation.c.due_on, obligation.c.opened_on, obligation.c.unit_id)
    # Editions of a few years only: the answer does not grow with the years before.
    in_force = select(edition.c.id).where(
        edition.c.state.in_(("published", "paused")), edition.c.year.between(first.year - 1, last.year + 1)
    )
    some = (
        select(*keys, *dates, func.count().label("owed"))
        .where(obligation.c.edition_id.in_(in_force), visible(sight, obligation.c.unit_id))
        .group_by(*keys, *dates)
        .subquery()
    )
    still = func.sum(case((some.c.state.in_(sorted(DONE)), 0), else_=some.c.owed))
    days = (
        select(some.c.unit_id, some.c.due_on, func.sum(some.c.owed).label("owed"), still.label("still"))
        .where(some.c.state.not_in(_OUT))
        .group_by(some.c.unit_id, some.c.due_on)
        .subquery()
    )
    rows = connection.execute(
        select(days.c.unit_id, unit.c.name, days.c.due_on, days.c.owed, days.c.still)
        .join_from(days, unit, unit.c.id == days.c.unit_id)
        .order_by(days.c.unit_id, days.c.due_on)
    )
    for row in rows:
        # Asked for in SQL the days would lead the database away from the order of the index.
        if first <= row.due_on <= last:
            yield (row.unit_id, row.name), row.due_on, int(row.owed), int(row.still)


# Whom an escalation is told to: the unit's superior, or the edition's coordinator where it has none.
_SUPERIOR = func.coalesce(unit.c.parent_id, edition.c.coordinator_unit_id)


def forecast_owings(connection: Connection, edition_id: int) -> tuple[ForecastOwing, ...]:
    """What the reminders of one edition hang on, whether it is published or paused."""
    keys = (
        edition.c.name.label("campaign"),
        obligation.c.point_id,
        milestone.c.title,
        point.c.label,
        obligation.c.unit_id,
        _SUPERIOR.label("superior_id"),
        obligation.c.ladder,
        obligation.c.opened_on,
        obligation.c.due_on,
    )
    statement = (
        select(*keys, func.count().label("obligations"))
        .join_from(obligation, edition, edition.c.id == obligation.c.edition_id)
        .join(milestone, milestone.c.id == obligation.c.milestone_id)
        .join(point, point.c.id == obligation.c.point_id)
        .join(unit, unit.c.id == obligation.c.unit_id)
        .where(obligation.c.edition_id == edition_id, obligation.c.state.in_(sorted(OPEN)))
        .group_by(*keys)
    )
    owed = (ForecastOwing(**row._mapping) for row in connection.execute(statement))
    return (*owed, *_support_owings(connection, edition.c.id == edition_id))


def _support_owings(connection: Connection, *where: ColumnElement[bool]) -> Iterator[ForecastOwing]:
    """The same of what is supported and not reported, while a lead still owes."""
    asked = support_duty.c.state.in_(sorted(UNANSWERED))
    leads = (
        select(
            obligation.c.point_id,
            func.min(obligation.c.ladder).label("ladder"),
            func.min(obligation.c.due_on).label("due_on"),
        )
        .where(
            obligation.c.state.in_(sorted(OPEN)),
            obligation.c.point_id.in_(select(support_duty.c.point_id).where(asked)),
        )
        .group_by(obligation.c.point_id)
        .subquery()
    )
    rows = connection.execute(
        select(
            edition.c.name.label("campaign"),
            support_duty.c.point_id,
            milestone.c.title,
            point.c.label,
            support_duty.c.unit_id,
            _SUPERIOR.label("superior_id"),
            leads.c.ladder,
            support_duty.c.opened_on,
            leads.c.due_on,
            edition.c.body["support_escalation"].as_boolean().label("escalates"),
        )
        .join_from(support_duty, leads, leads.c.point_id == support_duty.c.point_id)
        .join(edition, edition.c.id == support_duty.c.edition_id)
        .join(point, point.c.id == support_duty.c.point_id)
        .join(milestone, milestone.c.id == point.c.milestone_id)
        .join(unit, unit.c.id == support_duty.c.unit_id)
        .where(asked, *where)
    )
    for row in rows:
        values = dict(row._mapping)
        escalates = bool(values.pop("escalates"))
        values["ladder"] = support_key(row.ladder, escalates=escalates)
        yield ForecastOwing(**values, obligations=1)


def told_so_far(
    connection: Connection, *, except_id: int | None = None
) -> Iterator[tuple[int, int, str, date, date]]:
    """Who is reminded when by all published editions, or all but one: unit, superior, ladder, the day of opening and
    the due date; counted from the round's index alone."""
    keys = (obligation.c.edition_id, obligation.c.state, obligation.c.ladder)
    dates = (obligation.c.due_on, obligation.c.opened_on, obligation.c.unit_id)
    published = select(edition.c.id).where(edition.c.state == "published")
    if except_id is not None:
        published = published.where(edition.c.id != except_id)
    groups = (
        select(*keys, *dates)
        .where(obligation.c.edition_id.in_(published), obligation.c.state.in_(sorted(OPEN)))
        .group_by(*keys, *dates)
        .subquery()
    )
    rows = connection.execute(
        select(groups.c.unit_id, _SUPERIOR, groups.c.ladder, groups.c.opened_on, groups.c.due_on)
        .join_from(groups, edition, edition.c.id == groups.c.edition_id)
        .join(unit, unit.c.id == groups.c.unit_id)
    )
    yield from rows.tuples()
    in_force = (edition.c.state == "published", edition.c.id != (except_id or 0))
    for one in _support_owings(connection, *in_force):
        yield one.unit_id, one.superior_id, one.ladder, one.opened_on, one.due_on


@dataclass(frozen=True, slots=True, kw_only=True)
class UndatedMilestone:
    """A milestone without a date: the phrase of its source and why nobody could read it."""

    campaign_key: str
    campaign: str
    year: int
    milestone_key: str
    milestone: str
    phrase: str
    reason: str
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTarget:
    """Obligations of one milestone whose target the source left blank or unconfirmed. `units` are a few of them; the
    `undecided` are handed out by nobody until a person decides.
    """

    edition_id: int
    campaign_key: str
    campaign: str
    year: int
    milestone: str
    obligations: int
    undecided: int
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnscheduledCampaign:
    """A campaign of every year that has no edition in force for one. `draft`: somebody has begun to write it."""

    campaign_key: str
    campaign: str
    draft: bool


def unscheduled_campaigns(
    connection: Connection, year: int, sight: VisibleUnits
) -> tuple[UnscheduledCampaign, ...]:
    """What the year before had and this year has not; of a unit what it owed something for.

    An edition that was withdrawn was decided about: it is not missing.
    """
    this = edition.alias()
    decided = select(this.c.campaign).where(this.c.year == year, this.c.state != "draft")
    begun = (
        select(this.c.campaign)
        .where(this.c.year == year, this.c.state == "draft")
        .union_all(select(edition_draft.c.campaign).where(edition_draft.c.year == year, *_OPEN_DRAFT))
    )
    statement = (
        select(
            edition.c.campaign.label("campaign_key"),
            edition.c.name.label("campaign"),
            edition.c.campaign.in_(begun).label("draft"),
        )
        .where(
            edition.c.year == year - 1,
            edition.c.state.in_(("published", "paused")),
            edition.c.recurs,
            edition.c.campaign.not_in(decided),
        )
        .order_by(edition.c.name)
    )
    if not sight.everything:
        owed = select(obligation.c.edition_id).where(visible(sight, obligation.c.unit_id))
        statement = statement.where(edition.c.id.in_(owed))
    return tuple(UnscheduledCampaign(**row._mapping) for row in connection.execute(statement))


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingItem:
    """Something that is not there yet, or not finished. `what`: an edition's draft, roster, problems or fixed (problems
    put right that somebody must close), a text that is being written, or a notice nobody has confirmed.
    """

    what: str
    id: int  # of the edition, the text or the notice
    year: int
    campaign_key: str
    campaign: str
    items: int
    document: str


_IN_USE = ("draft", "published", "paused")
_SHOWN_UNITS = 5


def undated_milestones(connection: Connection, year: int | None = None) -> tuple[UndatedMilestone, ...]:
    """Milestones that wait for a person to set their date: of a year by the campaigns' names, else by year."""
    statement = select(
        edition.c.campaign.label("campaign_key"),
        edition.c.name.label("campaign"),
        edition.c.year,
        milestone.c.key.label("milestone_key"),
        milestone.c.title.label("milestone"),
        milestone.c.due_phrase.label("phrase"),
        milestone.c.undated.label("reason"),
        (milestone.c.source_document + " " + milestone.c.source_item).label("document"),
    ).join_from(milestone, edition, edition.c.id == milestone.c.edition_id)
    statement = statement.where(
        milestone.c.undated.is_not(None),
        # What hangs on an event waits for its day, unit by unit.
        milestone.c.body["event"].as_string().is_(None),
        ~milestone.c.withdrawn,
        edition.c.state.in_(_IN_USE),
    )
    if year is None:
        statement = statement.order_by(edition.c.year, edition.c.id, milestone.c.position)
    else:
        statement = statement.where(edition.c.year == year).order_by(edition.c.name, milestone.c.position)
    return tuple(UndatedMilestone(**row._mapping) for row in connection.execute(statement))


# In the words of the partial index, which PostgreSQL and SQLite then use.
_OPEN_TARGET = (
    text("obligation.target_state IN ('blank', 'unconfirmed')"),
    # Wrapped, so that a query begins with that index and not with everything that is open.
    func.coalesce(obligation.c.state, "").in_(sorted(OPEN | NOT_STARTED)),
)


def open_targets(connection: Connection) -> tuple[OpenTarget, ...]:
    """By milestone; two queries over the index of what is open."""
    keys = (
        obligation.c.milestone_id,
        milestone.c.edition_id,
        milestone.c.position,
        edition.c.campaign.label("campaign_key"),
        edition.c.name.label("campaign"),
        edition.c.year,
        milestone.c.title.label("milestone"),
    )
    undecided = func.sum(case((obligation.c.state == State.REGISTERED.value, 1), else_=0))
    rows = connection.execute(
        select(*keys, func.count().label("obligations"), undecided.label("undecided"))
        .join_from(obligation, milestone, milestone.c.id == obligation.c.milestone_id)
        .join(edition, edition.c.id == milestone.c.edition_id)
        .where(*_OPEN_TARGET, edition.c.state.in_(_IN_USE))
        .group_by(*keys)
        .order_by(edition.c.year, milestone.c.edition_id, milestone.c.position)
    ).all()
    names: dict[int, list[str]] = {}
    named = connection.execute(
        select(obligation.c.milestone_id, unit.c.name)
        .join_from(obligation, unit, unit.c.id == obligation.c.unit_id)
        .where(*_OPEN_TARGET, obligation.c.milestone_id.in_([row.milestone_id for row in rows]))
        .distinct()
        .order_by(obligation.c.milestone_id, unit.c.name)
    )
    for row in named:
        names.setdefault(row.milestone_id, []).append(row.name)
    return tuple(
        OpenTarget(
            campaign_key=row.campaign_key,
            campaign=row.campaign,
            year=row.year,
            milestone=row.milestone,
            edition_id=row.edition_id,
            obligations=row.obligations,
            undecided=int(row.undecided),
            units=tuple(names.get(row.milestone_id, ())[:_SHOWN_UNITS]),
        )
        for row in rows
    )


def waiting_items(connection: Connection) -> tuple[WaitingItem, ...]:
    """Drafts to publish, rosters and problem ledgers to bring in, problems put right that somebody must close, texts
    that are being written, and notices to confirm."""
    listed = select(milestone.c.edition_id).where(~milestone.c.withdrawn)
    roster_wanted = edition.c.id.in_(listed.where(milestone.c.per_subject))
    problems_wanted = edition.c.id.in_(listed.where(milestone.c.problem_ledger))
    fixed = (
        _waiting("fixed", edition, items=func.count())
        .join(problem, problem.c.edition_id == edition.c.id)
        .where(edition.c.state == "published", problem.c.state == "fixed")
        .group_by(edition.c.id)
    )
    statements = (
        _waiting("draft", edition).where(edition.c.state == "draft"),
        _waiting("roster", edition).where(
            edition.c.state == "published", roster_wanted, edition.c.id.not_in(select(roster.c.edition_id))
        ),
        _waiting("problems", edition).where(
            edition.c.state == "published", problems_wanted, edition.c.id.not_in(select(problem.c.edition_id))
        ),
        fixed,
        _waiting("text", edition_draft).where(*_OPEN_DRAFT),
        select(
            literal("notice").label("what"),
            workday_notice.c.id,
            workday_notice.c.year,
            literal("").label("campaign_key"),
            literal("").label("campaign"),
            literal(1).label("items"),
            workday_notice.c.document,
        )
        .where(workday_notice.c.state == "proposed")
        .order_by(workday_notice.c.id),
    )
    return tuple(WaitingItem(**row._mapping) for one in statements for row in connection.execute(one))


def _waiting(what: str, table: Any, *, items: ColumnElement[int] | None = None) -> Select[Any]:
    """Of editions, by year; of the texts of drafts, the oldest first."""
    order = (table.c.id,) if table is edition_draft else (table.c.year, table.c.id)
    return select(
        literal(what).label("what"),
        table.c.id,
        table.c.year,
        table.c.campaign.label("campaign_key"),
        table.c.name.label("campaign"),
        (literal(1) if items is None else items).label("items"),
        literal("").label("document"),
    ).order_by(*order)
