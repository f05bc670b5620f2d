"""Editions with their milestones and dated points, as applied from the calendar files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, case, func, select, update

from calendars.model import Edition, Milestone, Point
from calendars.serialization import content_hash, from_plain, to_plain
from calendars.workdays import NamedDay, YearState, YearTable
from duban.core.access import VisibleUnits
from duban.editions.tables import edition, edition_draft, milestone, milestone_support, point, workday_notice
from duban.obligations.states import DONE, State
from duban.obligations.tables import obligation
from duban.rosters.tables import roster
from duban.units.queries import visible
from duban.units.tables import person

_OUT = (State.CANCELLED.value, State.WAIVED.value)
_DONE = tuple(state.value for state in DONE)


def counts_by_milestone(
    connection: Connection, edition_id: int, sight: VisibleUnits
) -> dict[str, tuple[int, int]]:
    """By milestone key: how many are owed (cancelled and waived left out), and how many of them are finished."""
    done = func.sum(case((obligation.c.state.in_(_DONE), 1), else_=0))
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


def listed_edition_id(connection: Connection, campaign: str, year: int) -> int | None:
    """The id of one edition; its whole value is duban.editions.queries' business."""
    return connection.execute(
        select(edition.c.id).where(edition.c.campaign == campaign, edition.c.year == year)
    ).scalar()


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
    starts_on: date | None
    due_on: date
    hard_due_on: date | None
    last_workday: date
    provisional: bool
    withdrawn: bool


def find_edition(connection: Connection, campaign: str, year: int) -> StoredEdition | None:
    """The edition of a campaign for a year."""
    row = connection.execute(
        select(edition).where(edition.c.campaign == campaign, edition.c.year == year)
    ).first()
    return _edition(row) if row else None


def stored_edition_by_id(connection: Connection, edition_id: int) -> StoredEdition | None:
    """The edition of that number."""
    row = connection.execute(select(edition).where(edition.c.id == edition_id)).first()
    return _edition(row) if row else None


def stored_editions(
    connection: Connection, *, year: int | None = None, state: str | None = None
) -> tuple[StoredEdition, ...]:
    """All editions, by year and campaign; each filter narrows them."""
    statement = select(edition).order_by(edition.c.year, edition.c.campaign)
    if year is not None:
        statement = statement.where(edition.c.year == year)
    if state is not None:
        statement = statement.where(edition.c.state == state)
    return tuple(_edition(row) for row in connection.execute(statement))


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
        "content_hash": content_hash(value),
        "body": to_plain(value),
        "flow_run_id": flow_run_id,
        "updated_at": now,
    }
    if edition_id is not None:
        connection.execute(edition.update().where(edition.c.id == edition_id).values(**values))
        return edition_id
    return _key(connection.execute(edition.insert().values(**values, state="draft")))


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
    rows = connection.execute(select(milestone).where(milestone.c.edition_id == edition_id))
    return {
        row.key: StoredMilestone(id=row.id, key=row.key, withdrawn=row.withdrawn, body=row.body)
        for row in rows
    }


def points_of(connection: Connection, edition_id: int) -> dict[tuple[int, str], StoredPoint]:
    """The points of an edition by milestone id and label, withdrawn ones too."""
    rows = connection.execute(select(point).where(point.c.edition_id == edition_id))
    return {(row.milestone_id, row.label): _point(row) for row in rows}


def write_milestone(
    connection: Connection, edition_id: int, position: int, value: Milestone, milestone_id: int | None
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
        "withdrawn": False,
        "body": to_plain(value),
    }
    if milestone_id is not None:
        connection.execute(milestone.update().where(milestone.c.id == milestone_id).values(**values))
        return milestone_id
    return _key(connection.execute(milestone.insert().values(**values, edition_id=edition_id, key=value.key)))


def write_point(
    connection: Connection, edition_id: int, milestone_id: int, value: Point, point_id: int | None
) -> int:
    """Insert a point, or bring the stored one to this value and back into force; returns its id."""
    values = {
        "starts_on": value.starts_on,
        "due_on": value.due_on,
        "hard_due_on": value.hard_due_on,
        "last_workday": value.last_workday,
        "provisional": value.provisional,
        "assumptions": list(value.assumptions),
        "withdrawn": False,
    }
    if point_id is not None:
        connection.execute(point.update().where(point.c.id == point_id).values(**values))
        return point_id
    keys = {"edition_id": edition_id, "milestone_id": milestone_id, "label": value.label}
    return _key(connection.execute(point.insert().values(**values, **keys)))


def write_supporting(connection: Connection, milestone_id: int, unit_ids: Iterable[int]) -> None:
    """Replace the supporting units of a milestone."""
    connection.execute(milestone_support.delete().where(milestone_support.c.milestone_id == milestone_id))
    rows = [{"milestone_id": milestone_id, "unit_id": one} for one in dict.fromkeys(unit_ids)]
    if rows:
        connection.execute(milestone_support.insert(), rows)


def withdraw_milestones(
    connection: Connection, *, milestone_ids: Sequence[int], point_ids: Sequence[int]
) -> None:
    """Mark what is gone from the file; the rows stay for history."""
    for table, ids in ((milestone, milestone_ids), (point, point_ids)):
        if ids:
            statement = table.update().where(table.c.id == bindparam("b_id")).values(withdrawn=True)
            connection.execute(statement, [{"b_id": one} for one in ids])


def _edition(row: Row[Any]) -> StoredEdition:
    return StoredEdition(
        id=row.id,
        state=row.state,
        published_on=row.published_on,
        content_hash=row.content_hash,
        value=from_plain(Edition, row.body),
        own=row.own,
    )


def _point(row: Row[Any]) -> StoredPoint:
    return StoredPoint(
        id=row.id,
        milestone_id=row.milestone_id,
        label=row.label,
        starts_on=row.starts_on,
        due_on=row.due_on,
        hard_due_on=row.hard_due_on,
        last_workday=row.last_workday,
        provisional=row.provisional,
        withdrawn=row.withdrawn,
    )


def _key(result: Any) -> int:
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionName:
    """One edition; `text` is how people call it."""

    id: int
    campaign: str
    name: str
    year: int

    @property
    def text(self) -> str:
        return f"{self.name} {self.year}"


def edition_names(connection: Connection, sight: VisibleUnits) -> tuple[EditionName, ...]:
    """Drafts were never handed out and are left out."""
    statement = select(edition.c.id, edition.c.campaign, edition.c.name, edition.c.year)
    if not sight.everything:
        owed = select(obligation.c.edition_id).where(visible(sight, obligation.c.unit_id))
        statement = statement.where(edition.c.id.in_(owed))
    rows = connection.execute(
        statement.where(edition.c.state != "draft").order_by(edition.c.year.desc(), edition.c.id)
    )
    return tuple(EditionName(**row._mapping) for row in rows)


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
    key = connection.execute(
        edition_draft.insert().values(
            campaign=campaign,
            year=year,
            name=name,
            text=text,
            based_on=based_on,
            made_by=by,
            made_at=at,
            changed_by=by,
            changed_at=at,
        )
    ).inserted_primary_key
    assert key is not None
    return int(key[0])


def find_draft(connection: Connection, draft_id: int) -> Draft | None:
    """One draft, open or not."""
    row = connection.execute(_drafts().where(edition_draft.c.id == draft_id)).first()
    return _draft(row) if row else None


def open_drafts(
    connection: Connection, *, campaign: str | None = None, year: int | None = None
) -> tuple[Draft, ...]:
    """What is being written, the newest first."""
    statement = _drafts().where(edition_draft.c.applied_at.is_(None), edition_draft.c.dropped_at.is_(None))
    if campaign is not None:
        statement = statement.where(edition_draft.c.campaign == campaign)
    if year is not None:
        statement = statement.where(edition_draft.c.year == year)
    return tuple(_draft(row) for row in connection.execute(statement))


def last_applied(connection: Connection, campaign: str, year: int) -> Draft | None:
    """The draft that was applied last for an edition: its text has the keepers' comments."""
    row = connection.execute(
        _drafts()
        .where(
            edition_draft.c.campaign == campaign,
            edition_draft.c.year == year,
            edition_draft.c.applied_at.is_not(None),
        )
        .order_by(None)
        .order_by(edition_draft.c.applied_at.desc(), edition_draft.c.id.desc())
        .limit(1)
    ).first()
    return _draft(row) if row else None


def update_draft(
    connection: Connection, draft_id: int, *, version: int, by: int, at: datetime, **values: object
) -> bool:
    """Write the new values if the draft still has this version and is open; False when somebody was first."""
    done = connection.execute(
        update(edition_draft)
        .where(
            edition_draft.c.id == draft_id,
            edition_draft.c.version == version,
            edition_draft.c.applied_at.is_(None),
            edition_draft.c.dropped_at.is_(None),
        )
        .values(**values, version=edition_draft.c.version + 1, changed_by=by, changed_at=at)
    )
    return bool(done.rowcount)


def _drafts() -> Select[Any]:
    return (
        select(edition_draft, person.c.name.label("changed_by_name"))
        .join_from(edition_draft, person, person.c.id == edition_draft.c.changed_by)
        .order_by(edition_draft.c.changed_at.desc(), edition_draft.c.id.desc())
    )


def _draft(row: Row[Any]) -> Draft:
    names = (name for name in Draft.__dataclass_fields__ if name != "changed_by")
    return Draft(**{name: getattr(row, name) for name in names}, changed_by=row.changed_by_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNotice:
    """One imported notice. `state` is proposed or confirmed."""

    id: int
    state: str
    table: YearTable
    content_hash: str
    imported_by: int | None
    imported_at: datetime


def confirmed_tables(connection: Connection) -> tuple[YearTable, ...]:
    """The tables in force, in the order they were confirmed."""
    rows = connection.execute(
        select(workday_notice)
        .where(workday_notice.c.state == "confirmed")
        .order_by(workday_notice.c.confirmed_at, workday_notice.c.id)
    )
    return tuple(_table(row.body) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEntry:
    """One imported notice with who brought it in and who put it in force."""

    id: int
    year: int
    document: str
    state: str
    imported_by: int | None
    imported_by_name: str | None
    imported_at: datetime
    confirmed_by_name: str | None
    confirmed_at: datetime | None


def all_notices(connection: Connection) -> tuple[NoticeEntry, ...]:
    """Every notice that was ever brought in, the newest first."""
    first, second = person.alias(), person.alias()
    rows = connection.execute(
        select(
            workday_notice.c.id,
            workday_notice.c.year,
            workday_notice.c.document,
            workday_notice.c.state,
            workday_notice.c.imported_by,
            first.c.name.label("imported_by_name"),
            workday_notice.c.imported_at,
            second.c.name.label("confirmed_by_name"),
            workday_notice.c.confirmed_at,
        )
        .outerjoin(first, first.c.id == workday_notice.c.imported_by)
        .outerjoin(second, second.c.id == workday_notice.c.confirmed_by)
        .order_by(workday_notice.c.imported_at.desc(), workday_notice.c.id.desc())
    )
    return tuple(NoticeEntry(**row._mapping) for row in rows)


def notice_by_hash(connection: Connection, content_hash: str) -> StoredNotice | None:
    """The notice that says exactly this, if it was ever imported."""
    row = connection.execute(
        select(workday_notice).where(workday_notice.c.content_hash == content_hash)
    ).first()
    return _notice(row) if row else None


def insert_notice(
    connection: Connection, table: YearTable, *, content_hash: str, by: int | None, at: datetime
) -> int:
    """Write the proposed table; returns its id. The hash is the notice's own, without the day it was received."""
    key = connection.execute(
        workday_notice.insert().values(
            year=table.year,
            document=table.source[:200],
            state="proposed",
            content_hash=content_hash,
            body=_body(table),
            imported_by=by,
            imported_at=at,
        )
    ).inserted_primary_key
    assert key is not None
    return int(key[0])


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
    text = json.dumps(_body(table), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _body(table: YearTable) -> dict[str, Any]:
    return {
        "year": table.year,
        "state": table.state.value,
        "document_no": table.document_no,
        "title": table.title,
        "issued_on": table.issued_on.isoformat() if table.issued_on else None,
        "off": _written(table.off),
        "make_up": _written(table.make_up),
        "amends": table.amends,
    }


def _written(days: Iterable[NamedDay]) -> list[dict[str, Any]]:
    return [{"on": day.on.isoformat(), "names": list(day.names)} for day in days]


def _table(body: Mapping[str, Any]) -> YearTable:
    return YearTable(
        year=body["year"],
        state=YearState(body["state"]),
        document_no=body["document_no"],
        title=body["title"],
        issued_on=date.fromisoformat(body["issued_on"]) if body["issued_on"] else None,
        off=_read(body["off"]),
        make_up=_read(body["make_up"]),
        amends=body["amends"],
    )


def _read(days: Iterable[Mapping[str, Any]]) -> tuple[NamedDay, ...]:
    return tuple(NamedDay(on=date.fromisoformat(day["on"]), names=tuple(day["names"])) for day in days)


def _notice(row: Row[Any]) -> StoredNotice:
    return StoredNotice(
        id=row.id,
        state=row.state,
        table=_table(row.body),
        content_hash=row.content_hash,
        imported_by=row.imported_by,
        imported_at=row.imported_at,
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


def find_roster_id(connection: Connection, edition_id: int, key: str) -> int | None:
    """The edition's roster of that key, if it was imported."""
    found = find_roster(connection, edition_id, key)
    return found.id if found else None


def find_roster(connection: Connection, edition_id: int, key: str) -> StoredRoster | None:
    """The edition's roster of that key."""
    row = connection.execute(
        select(roster).where(roster.c.edition_id == edition_id, roster.c.key == key)
    ).first()
    if row is None:
        return None
    return StoredRoster(
        id=row.id,
        key=row.key,
        sha256=row.sha256,
        filename=row.filename,
        subjects=row.subjects,
        imported_at=row.imported_at,
    )
