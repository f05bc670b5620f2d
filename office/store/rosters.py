"""Rosters and their subjects: staged in batches, compared and written in sets, counted exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    and_,
    cast,
    exists,
    false,
    literal,
    or_,
    select,
)

from office.store import roster_settling
from office.store.tables import edition, obligation, roster, subject
from office.store.types import Id
from rules.moves import NOT_STARTED, OPEN, State

_temporary = MetaData()
incoming = Table(
    "incoming_subject",
    _temporary,
    Column("code", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("unit_id", Id, nullable=False),
    Column("in_scope", Integer, nullable=False),
    Column("taken_part_on", Date),
    Column("outcome", String(16)),
    Column("outcome_on", Date),
    Column("attributes", JSON),
    # It was out of scope, or gone from the sheet, and is back.
    Column("returned", Boolean, nullable=False, server_default=false()),
    # It took part, or was concluded, as the roster did not say before.
    Column("news", Boolean, nullable=False, server_default=false()),
    prefixes=["TEMPORARY"],
)
_ALWAYS = ("name", "unit_id", "in_scope", "attributes")
_PARTICIPATION = ("taken_part_on",)
_CONCLUSION = ("outcome", "outcome_on")
_CHANGEABLE = tuple(sorted(state.value for state in OPEN | NOT_STARTED | {State.SUSPENDED}))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRoster:
    """One imported roster."""

    id: int
    key: str
    sha256: str
    filename: str
    subjects: int
    imported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterDifference:
    """What an import changes."""

    new: int
    changed: int
    gone: int


def roster_id(connection: Connection, edition_id: int, key: str) -> int | None:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionByRoster:
    """An edition that goes by a roster; what is known of the roster is None until one is imported."""

    edition_id: int
    name: str
    year: int
    state: str
    roster: str
    roster_id: int | None
    filename: str | None
    imported_at: datetime | None


def goes_by_roster(connection: Connection, edition_id: int) -> bool:
    """Whether there is such an edition and it goes by a roster."""
    key = edition.c.body["roster"].as_string()
    found = select(edition.c.id).where(edition.c.id == edition_id, key.is_not(None))
    return connection.execute(found).first() is not None


def editions_by_roster(connection: Connection) -> tuple[EditionByRoster, ...]:
    """Every edition that goes by a roster, the newest year first; those withdrawn only if they have one."""
    key = edition.c.body["roster"].as_string()
    rows = connection.execute(
        select(
            edition.c.id.label("edition_id"),
            edition.c.name,
            edition.c.year,
            edition.c.state,
            key.label("roster"),
            roster.c.id.label("roster_id"),
            roster.c.filename,
            roster.c.imported_at,
        )
        .select_from(edition.outerjoin(roster, roster.c.edition_id == edition.c.id))
        .where(key.is_not(None), or_(edition.c.state != "withdrawn", roster.c.id.is_not(None)))
        .order_by(edition.c.year.desc(), edition.c.name)
    )
    return tuple(EditionByRoster(**row._mapping) for row in rows)


def write_roster(connection: Connection, known: int | None, values: Mapping[str, object]) -> int:
    """Insert the roster, or note the newer file on it; returns its id."""
    if known is not None:
        connection.execute(roster.update().where(roster.c.id == known).values(**values))
        return known
    key = connection.execute(roster.insert().values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


@contextmanager
def receiving(connection: Connection) -> Iterator[None]:
    """A temporary table that rows are received in before any of them counts."""
    _temporary.create_all(connection, checkfirst=False)
    yield
    # After a failure the transaction is taken back, and this table with it.
    _temporary.drop_all(connection, checkfirst=False)


def receive(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """One batch of rows: the columns of `incoming` apart from `returned` and `news`."""
    if rows:
        connection.execute(incoming.insert(), [dict(row) for row in rows])


def settle(
    connection: Connection, roster_id: int, *, participation: bool, conclusion: bool
) -> RosterDifference:
    """Bring the roster to what was received. Columns the sheet does not have are left as they are."""
    names = (*_ALWAYS, *(_PARTICIPATION if participation else ()), *(_CONCLUSION if conclusion else ()))
    same = and_(subject.c.roster_id == roster_id, subject.c.code == incoming.c.code)
    connection.execute(
        incoming.update()
        .where(exists().where(same, subject.c.in_scope == 0), incoming.c.in_scope == 1)
        .values(returned=True)
    )
    took_part = and_(subject.c.taken_part_on.is_(None), incoming.c.taken_part_on.is_not(None))
    concluded = and_(incoming.c.outcome.is_not(None), _differs("outcome"))
    connection.execute(
        incoming.update().where(exists().where(same, or_(took_part, concluded))).values(news=True)
    )
    changed = connection.execute(
        subject.update()
        .where(same, or_(*(_differs(name) for name in names)))
        .values({name: incoming.c[name] for name in names})
    )
    listed = exists().where(incoming.c.code == subject.c.code)
    gone = connection.execute(
        subject.update()
        .where(subject.c.roster_id == roster_id, subject.c.in_scope == 1, ~listed)
        .values(in_scope=0)
    )
    return RosterDifference(
        new=_insert_new(connection, roster_id), changed=int(changed.rowcount), gone=int(gone.rowcount)
    )


def emptied(
    connection: Connection, roster_id: int, *, participation: bool, conclusion: bool
) -> tuple[int, str]:
    """How many subjects' records the sheet would empty although their obligations rest on them, and one's name."""
    lost = [
        and_(subject.c[name].is_not(None), incoming.c[name].is_(None))
        for name, given in (("taken_part_on", participation), ("outcome", conclusion))
        if given
    ]
    listed = exists().where(incoming.c.code == subject.c.code, incoming.c.in_scope == 1, or_(false(), *lost))
    return roster_settling.withdrawn(connection, roster_id, listed)


def news() -> Select[tuple[int]]:
    """The ids of the subjects of which the sheet under way tells something new, of any roster."""
    return select(subject.c.id).join(incoming, incoming.c.code == subject.c.code).where(incoming.c.news)


def follow(connection: Connection, roster_id: int, edition_id: int, *, today: date) -> tuple[int, int]:
    """Obligations after a changed roster: returns how many were cancelled and how many are owed again."""
    out = select(subject.c.id).where(subject.c.roster_id == roster_id, subject.c.in_scope == 0)
    back = (
        select(subject.c.id)
        .join(incoming, incoming.c.code == subject.c.code)
        .where(subject.c.roster_id == roster_id, incoming.c.returned)
    )
    mine = and_(obligation.c.edition_id == edition_id, obligation.c.subject_id > 0)
    cancelled = connection.execute(
        obligation.update()
        .where(mine, obligation.c.state.in_(_CHANGEABLE), obligation.c.subject_id.in_(out))
        .values(state=State.CANCELLED.value, version=obligation.c.version + 1)
    )
    returned = connection.execute(
        obligation.update()
        .where(mine, obligation.c.state == State.CANCELLED.value, obligation.c.subject_id.in_(back))
        .values(state=State.ASSIGNED.value, opened_on=today, version=obligation.c.version + 1)
    )
    connection.execute(
        obligation.update()
        .where(
            mine,
            obligation.c.state.in_(_CHANGEABLE),
            subject.c.id == obligation.c.subject_id,
            subject.c.roster_id == roster_id,
            subject.c.unit_id != obligation.c.unit_id,
            exists().where(incoming.c.code == subject.c.code),
        )
        .values(unit_id=subject.c.unit_id, version=obligation.c.version + 1)
    )
    return int(cancelled.rowcount), int(returned.rowcount)


def _insert_new(connection: Connection, roster_id: int) -> int:
    names = ("code", "name", "unit_id", "in_scope", "taken_part_on", "outcome", "outcome_on", "attributes")
    known = exists().where(subject.c.roster_id == roster_id, subject.c.code == incoming.c.code)
    chosen = select(literal(roster_id), *(incoming.c[name] for name in names)).where(~known)
    statement = subject.insert().from_select(["roster_id", *names], chosen)
    # Without this PostgreSQL's answer is thrown away before it can be asked.
    return int(connection.execute(statement.execution_options(preserve_rowcount=True)).rowcount)


def _differs(name: str) -> ColumnElement[bool]:
    ours, theirs = subject.c[name], incoming.c[name]
    if name == "attributes":
        # PostgreSQL cannot compare two JSON values; their text is written by the same hand.
        return cast(ours, Text).is_distinct_from(cast(theirs, Text))
    return ours.is_distinct_from(theirs)
