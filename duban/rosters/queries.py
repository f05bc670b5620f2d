"""Rosters and their subjects: staged and settled in sets, counted exactly, listed, and chosen to be recorded together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)

from duban.core.access import VisibleUnits
from duban.core.db import Id
from duban.editions.tables import edition, milestone
from duban.evidence.tables import submission
from duban.obligations.closing_queries import waits
from duban.obligations.states import NOT_STARTED, OPEN, State
from duban.obligations.tables import obligation, sign_off
from duban.rosters.rules import BY_CONCLUSION, BY_PARTICIPATION, HELD, UNTOUCHED, RosterCounts
from duban.rosters.tables import roster, subject
from duban.units.queries import visible
from duban.units.tables import unit

_ROW = obligation.c
SubjectIds = Select[tuple[int]]
# So many subjects are held at once while a long roster is streamed.
_STREAMED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Whose roster, and under whose name. `news` chooses the ids of the subjects whose record is new with this act;
    of the others only what nobody has touched yet is settled, or nothing with `only_news`. `source` is written on every trace.
    """

    edition_id: int
    roster_id: int
    news: Select[Any] | None
    source: str
    by: int
    at: datetime
    today: date
    flow_run_id: str | None
    only_news: bool = False
    # A unit's word about its own: the day it states does not count for lateness, the day it was recorded does.
    own_word: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How many obligations now wait for the registrar, and how many are closed; `left` have a conclusion and stay open,
    because an earlier stage or a problem ledger keeps them.
    """

    submitted: int = 0
    closed: int = 0
    left: int = 0


def settle_concluded(connection: Connection, act: Settling) -> int:
    """Close what is owed by subjects with a conclusion, handed in or not, stage after stage; returns how many."""
    closed = 0
    while more := _settle_stage(connection, act):
        closed += more
    return closed


def count_left(connection: Connection, act: Settling) -> int:
    """How many have a conclusion and are not closed by it."""
    kept = and_(_which(act, BY_CONCLUSION, subject.c.outcome.is_not(None)), _kept_open())
    return connection.execute(select(func.count()).select_from(_chosen(kept).subquery())).scalar_one()


def _kept_open() -> ColumnElement[bool]:
    return or_(waits(), _keeps_ledger())


def _keeps_ledger() -> ColumnElement[bool]:
    """With a problem ledger only its unit can say what it found."""
    own = milestone.c.id == _ROW.milestone_id
    return select(milestone.c.id).where(own, milestone.c.problem_ledger).exists()


def _settle_stage(connection: Connection, act: Settling) -> int:
    which = and_(_which(act, BY_CONCLUSION, subject.c.outcome.is_not(None)), ~_kept_open())
    facts = (literal(act.by), literal(act.at, sign_off.c.signed_at.type), literal(act.source))
    connection.execute(
        insert(sign_off).from_select(
            ["obligation_id", "signed_by", "signed_at", "note"], _chosen(which, *facts)
        )
    )
    written = (
        select(sign_off.c.id)
        .where(
            sign_off.c.obligation_id == _ROW.id,
            sign_off.c.signed_at == act.at,
            sign_off.c.signed_by == act.by,
        )
        .exists()
    )
    handed_in_on = func.coalesce(_ROW.submitted_on, subject.c.taken_part_on)
    closed_on = func.coalesce(subject.c.outcome_on, act.today)
    return _set(
        connection,
        act,
        and_(which, written),
        state=State.CLOSED.value,
        submitted_on=handed_in_on,
        closed_on=closed_on,
        late=_late(func.coalesce(handed_in_on, closed_on)),
    )


def settle_taken_part(connection: Connection, act: Settling) -> int:
    """Hand in what is owed by subjects that took part; it then waits for the registrar. Returns how many."""
    which = and_(_which(act, BY_PARTICIPATION, subject.c.taken_part_on.is_not(None)), ~_keeps_ledger())
    handed_in_on = literal(act.today, Date()) if act.own_word else subject.c.taken_part_on
    before = select(func.count()).where(submission.c.obligation_id == _ROW.id).scalar_subquery()
    facts = (
        before + 1,
        literal(act.by),
        literal(act.at, submission.c.submitted_at.type),
        literal(act.source),
    )
    names = ["obligation_id", "nth", "submitted_by", "submitted_at", "note"]
    connection.execute(insert(submission).from_select(names, _chosen(which, *facts)))
    written = (
        select(submission.c.id)
        .where(
            submission.c.obligation_id == _ROW.id,
            submission.c.submitted_at == act.at,
            submission.c.submitted_by == act.by,
        )
        .exists()
    )
    return _set(
        connection,
        act,
        and_(which, written),
        state=State.SUBMITTED.value,
        submitted_on=handed_in_on,
        late=_late(handed_in_on),
    )


def withdrawn_outcomes(connection: Connection, roster_id: int, gone: ColumnElement[bool]) -> tuple[int, str]:
    """How many subjects among `gone` have an obligation that is handed in or closed, and the name of one."""
    settled = select(_ROW.id).where(_ROW.subject_id == subject.c.id, _ROW.state.in_(_values(HELD)))
    row = connection.execute(
        select(func.count().label("n"), func.min(subject.c.name).label("name")).where(
            subject.c.roster_id == roster_id, gone, settled.exists()
        )
    ).one()
    return int(row.n), str(row.name)


def _which(act: Settling, states: Iterable[State], recorded: ColumnElement[bool]) -> ColumnElement[bool]:
    may: list[ColumnElement[bool]] = [] if act.only_news else [_ROW.state.in_(_values(UNTOUCHED))]
    if act.news is not None:
        may.append(and_(_ROW.state.in_(_values(states)), subject.c.id.in_(act.news)))
    return and_(
        _ROW.edition_id == act.edition_id,
        _ROW.subject_id == subject.c.id,
        subject.c.roster_id == act.roster_id,
        subject.c.in_scope == 1,
        recorded,
        or_(false(), *may),
    )


def _chosen(which: ColumnElement[bool], *facts: ColumnElement[Any]) -> Select[Any]:
    # Locked on PostgreSQL, so that nobody moves a chosen row before it is changed; SQLite has one writer.
    return (
        select(_ROW.id, *facts)
        .select_from(obligation.join(subject, subject.c.id == _ROW.subject_id))
        .where(which)
        .with_for_update(of=obligation)
    )


def _late(done_on: ColumnElement[Any]) -> ColumnElement[int]:
    return case((or_(_ROW.late == 1, done_on > _ROW.due_on), 1), else_=0)


def _set(connection: Connection, act: Settling, which: ColumnElement[bool], **values: object) -> int:
    done = connection.execute(
        update(obligation)
        .where(which)
        .values(**values, version=_ROW.version + 1, flow_run_id=act.flow_run_id)
    )
    return int(done.rowcount)


def _values(states: Iterable[State]) -> list[str]:
    return sorted(state.value for state in states)


_chosen_subject = Table(
    "chosen_subject",
    MetaData(),
    Column("id", Id, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)
incoming_subjects = Table(
    "incoming_subject",
    MetaData(),
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
class RosterDifference:
    """What an import changes."""

    new: int
    changed: int
    gone: int


def goes_by_roster(connection: Connection, edition_id: int) -> bool:
    """Whether there is such an edition and it goes by a roster."""
    key = edition.c.body["roster"].as_string()
    found = select(edition.c.id).where(edition.c.id == edition_id, key.is_not(None))
    return connection.execute(found).first() is not None


def editions_by_roster(connection: Connection) -> Sequence[Row[Any]]:
    """Every edition that goes by a roster, the newest year first; those withdrawn only if they have one."""
    key = edition.c.body["roster"].as_string()
    return connection.execute(
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
    ).all()


def write_roster(connection: Connection, known: int | None, values: Mapping[str, object]) -> int:
    """Insert the roster, or note the newer file on it; returns its id."""
    if known is not None:
        connection.execute(roster.update().where(roster.c.id == known).values(**values))
        return known
    key = connection.execute(roster.insert().values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


@contextmanager
def receiving_units(connection: Connection) -> Iterator[None]:
    """A temporary table that rows are received in before any of them counts."""
    incoming_subjects.create(connection)
    yield
    # After a failure the transaction is taken back, and this table with it.
    incoming_subjects.drop(connection)


def receive_subjects(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """One batch of rows: the columns of `incoming` apart from `returned` and `news`."""
    if rows:
        connection.execute(incoming_subjects.insert(), [dict(row) for row in rows])


def settle_subjects(
    connection: Connection, roster_id: int, *, participation: bool, conclusion: bool
) -> RosterDifference:
    """Bring the roster to what was received. Columns the sheet does not have are left as they are."""
    names = (*_ALWAYS, *(_PARTICIPATION if participation else ()), *(_CONCLUSION if conclusion else ()))
    same = and_(subject.c.roster_id == roster_id, subject.c.code == incoming_subjects.c.code)
    connection.execute(
        incoming_subjects.update()
        .where(exists().where(same, subject.c.in_scope == 0), incoming_subjects.c.in_scope == 1)
        .values(returned=True)
    )
    took_part = and_(subject.c.taken_part_on.is_(None), incoming_subjects.c.taken_part_on.is_not(None))
    concluded = and_(incoming_subjects.c.outcome.is_not(None), _differs("outcome"))
    connection.execute(
        incoming_subjects.update().where(exists().where(same, or_(took_part, concluded))).values(news=True)
    )
    changed = connection.execute(
        subject.update()
        .where(same, or_(*(_differs(name) for name in names)))
        .values({name: incoming_subjects.c[name] for name in names})
    )
    listed = exists().where(incoming_subjects.c.code == subject.c.code)
    gone = connection.execute(
        subject.update()
        .where(subject.c.roster_id == roster_id, subject.c.in_scope == 1, ~listed)
        .values(in_scope=0)
    )
    return RosterDifference(
        new=insert_new_subjects(connection, roster_id), changed=int(changed.rowcount), gone=int(gone.rowcount)
    )


def emptied_milestones(
    connection: Connection, roster_id: int, *, participation: bool, conclusion: bool
) -> tuple[int, str]:
    """How many subjects' records the sheet would empty although their obligations rest on them, and one's name."""
    lost = [
        and_(subject.c[name].is_not(None), incoming_subjects.c[name].is_(None))
        for name, given in (("taken_part_on", participation), ("outcome", conclusion))
        if given
    ]
    listed = exists().where(
        incoming_subjects.c.code == subject.c.code, incoming_subjects.c.in_scope == 1, or_(false(), *lost)
    )
    return withdrawn_outcomes(connection, roster_id, listed)


def roster_news() -> Select[tuple[int]]:
    """The ids of the subjects of which the sheet under way tells something new, of any roster."""
    return (
        select(subject.c.id)
        .join(incoming_subjects, incoming_subjects.c.code == subject.c.code)
        .where(incoming_subjects.c.news)
    )


def follow_changes(
    connection: Connection, roster_id: int, edition_id: int, *, today: date
) -> tuple[int, int]:
    """Obligations after a changed roster: returns how many were cancelled and how many are owed again."""
    out = select(subject.c.id).where(subject.c.roster_id == roster_id, subject.c.in_scope == 0)
    back = (
        select(subject.c.id)
        .join(incoming_subjects, incoming_subjects.c.code == subject.c.code)
        .where(subject.c.roster_id == roster_id, incoming_subjects.c.returned)
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
            exists().where(incoming_subjects.c.code == subject.c.code),
        )
        .values(unit_id=subject.c.unit_id, version=obligation.c.version + 1)
    )
    return int(cancelled.rowcount), int(returned.rowcount)


def insert_new_subjects(connection: Connection, roster_id: int) -> int:
    """Those received that the roster does not have yet; returns how many."""
    names = ("code", "name", "unit_id", "in_scope", "taken_part_on", "outcome", "outcome_on", "attributes")
    known = exists().where(subject.c.roster_id == roster_id, subject.c.code == incoming_subjects.c.code)
    chosen = select(literal(roster_id), *(incoming_subjects.c[name] for name in names)).where(~known)
    statement = subject.insert().from_select(["roster_id", *names], chosen)
    # Without this PostgreSQL's answer is thrown away before it can be asked.
    return int(connection.execute(statement.execution_options(preserve_rowcount=True)).rowcount)


def _differs(name: str) -> ColumnElement[bool]:
    ours, theirs = subject.c[name], incoming_subjects.c[name]
    if name == "attributes":
        # PostgreSQL cannot compare two JSON values; their text is written by the same hand.
        return cast(ours, Text).is_distinct_from(cast(theirs, Text))
    return ours.is_distinct_from(theirs)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectEntry:
    """One subject as stored."""

    id: int
    code: str
    name: str
    unit_id: int
    unit: str
    in_scope: bool
    taken_part_on: date | None
    outcome: str | None
    outcome_on: date | None


def find_subject(
    connection: Connection, roster_id: int, code: str, sight: VisibleUnits
) -> SubjectEntry | None:
    """The subject of that code, or the only one of that name; one of a foreign unit is not there."""
    named = or_(subject.c.code == code.upper(), subject.c.name == code)
    found = _subjects(roster_id, SubjectFilter(in_scope=None), sight).where(named).limit(2)
    rows = connection.execute(found).all()
    return _entry(rows[0]) if len(rows) == 1 else None


def missing_subjects(
    connection: Connection, roster_id: int, sight: VisibleUnits, unit_id: int | None = None
) -> Iterator[SubjectEntry]:
    """Those who have to take part and have not, by unit and code: the list that has to be exact."""
    wanted = SubjectFilter(unit_id=unit_id, taken_part=False)
    found = _subjects(roster_id, wanted, sight).order_by(subject.c.unit_id, subject.c.code)
    yield from map(_entry, connection.execute(found))


def record_subject_outcome(
    connection: Connection,
    subject_id: int,
    *,
    taken_part_on: date | None,
    outcome: str | None,
    outcome_on: date | None,
) -> None:
    """Write what happened to one subject."""
    values = {"taken_part_on": taken_part_on, "outcome": outcome, "outcome_on": outcome_on}
    connection.execute(subject.update().where(subject.c.id == subject_id).values(**values))


def subject_counts_by_unit(
    connection: Connection, roster_id: int, sight: VisibleUnits
) -> dict[int, RosterCounts]:
    """The counts that have to be kept apart, by unit id, of the units the person may see."""
    rows = connection.execute(
        select(subject.c.unit_id, *_TALLIES)
        .where(subject.c.roster_id == roster_id, visible(sight, subject.c.unit_id))
        .group_by(subject.c.unit_id)
    )
    return _counts(rows)


def roster_totals(connection: Connection, sight: VisibleUnits) -> dict[int, RosterCounts]:
    """The same counts in all, by roster id, of every roster with a subject the person may see."""
    rows = connection.execute(
        select(subject.c.roster_id, *_TALLIES)
        .where(visible(sight, subject.c.unit_id))
        .group_by(subject.c.roster_id)
    )
    return _counts(rows)


def _tally(condition: ColumnElement[bool], in_scope: int = 1) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((and_(subject.c.in_scope == in_scope, condition), 1), else_=0)), 0)


_TALLIES = (
    _tally(true()).label("due"),
    _tally(true(), in_scope=0).label("left_out"),
    _tally(subject.c.taken_part_on.is_not(None)).label("taken_part"),
    _tally(subject.c.outcome.is_not(None)).label("completed"),
    _tally(subject.c.outcome == "passed").label("passed"),
    _tally(subject.c.outcome == "basically_passed").label("basically_passed"),
    _tally(subject.c.outcome == "failed").label("failed"),
)


def _counts(rows: Iterable[Row[Any]]) -> dict[int, RosterCounts]:
    names = RosterCounts.__dataclass_fields__
    return {row[0]: RosterCounts(**{name: row._mapping[name] for name in names}) for row in rows}


NO_OUTCOME = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectFilter:
    """Which subjects are looked for; None asks nothing. `outcome` is passed, basically_passed, failed or none."""

    unit_id: int | None = None
    taken_part: bool | None = None
    outcome: str | None = None
    in_scope: bool | None = True
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectChoice:
    """Subjects of one roster: these, by id or by code, or all that a filter finds."""

    ids: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    wanted: SubjectFilter | None = None


def count_subjects(connection: Connection, roster_id: int, wanted: SubjectFilter, sight: VisibleUnits) -> int:
    """How many subjects the filter finds."""
    found = select(func.count()).select_from(subject).where(_is_wanted(roster_id, wanted, sight))
    return connection.execute(found).scalar_one()


def subject_rows(
    connection: Connection,
    roster_id: int,
    wanted: SubjectFilter,
    sight: VisibleUnits,
    *,
    offset: int,
    limit: int,
) -> tuple[SubjectEntry, ...]:
    """Some subjects, by unit and in the order of the sheet."""
    found = _listed(roster_id, wanted, sight).offset(offset).limit(limit)
    return tuple(_entry(row) for row in connection.execute(found))


def stream_subjects(
    connection: Connection, roster_id: int, wanted: SubjectFilter, sight: VisibleUnits
) -> Iterator[SubjectEntry]:
    """All of them in the same order, a few at a time."""
    found = _listed(roster_id, wanted, sight).execution_options(yield_per=_STREAMED)
    yield from map(_entry, connection.execute(found))


@contextmanager
def subject_filter(
    connection: Connection, roster_id: int, choice: SubjectChoice, sight: VisibleUnits
) -> Iterator[int]:
    """Hold the ids of the choice until the act is done, so that its own changes do not alter it; gives how many."""
    _chosen_subject.create(connection)
    wanted = choice.wanted if choice.wanted is not None else SubjectFilter(in_scope=None)
    found = select(subject.c.id).where(_is_wanted(roster_id, wanted, sight))
    if choice.wanted is None:
        named = (subject.c.id.in_(sorted(choice.ids)), subject.c.code.in_(sorted(choice.codes)))
        found = found.where(or_(*named))
    connection.execute(_chosen_subject.insert().from_select(["id"], found))
    yield connection.execute(select(func.count()).select_from(_chosen_subject)).scalar_one()
    # After a failure the transaction is taken back, and this table with it.
    _chosen_subject.drop(connection)


def subject_ids(subject_id: int) -> SubjectIds:
    """One subject, as a choice."""
    return select(subject.c.id).where(subject.c.id == subject_id)


def chosen_subject_ids() -> SubjectIds:
    return select(_chosen_subject.c.id)


def count_out_of_scope(connection: Connection) -> int:
    """How many of the chosen do not have to take part."""
    return _count_chosen(connection, subject.c.in_scope == 0)


def count_registered_after(connection: Connection, day: date, which: SubjectIds) -> int:
    """How many of these were registered only after a day."""
    registered_on = subject.c.attributes["registered_on"].as_string()
    found = (
        select(func.count())
        .select_from(subject)
        .where(subject.c.id.in_(which), registered_on > day.isoformat())
    )
    return connection.execute(found).scalar_one()


def count_of_other_units(connection: Connection, unit_ids: frozenset[int]) -> int:
    """How many of the chosen belong to other units than these."""
    return _count_chosen(connection, subject.c.unit_id.not_in(sorted(unit_ids)))


def subjects_that_change(
    connection: Connection, *, taken_part_on: date | None, outcome: str | None
) -> tuple[str, ...]:
    """Let go of the chosen that already stand so; the codes of those that will change, in order."""
    missing = subject.c.taken_part_on.is_(None)
    changes = [subject.c.outcome.is_distinct_from(outcome), missing] if outcome else [missing]
    changing = select(subject.c.id).where(subject.c.id.in_(chosen_subject_ids()), or_(*changes))
    connection.execute(_chosen_subject.delete().where(_chosen_subject.c.id.not_in(changing)))
    rows = connection.execute(
        select(subject.c.code).where(subject.c.id.in_(chosen_subject_ids())).order_by(subject.c.code)
    )
    return tuple(rows.scalars())


def record_chosen_outcomes(
    connection: Connection, *, taken_part_on: date, outcome: str | None, outcome_on: date
) -> None:
    """Write the conclusion on all of the chosen, and the day of participation where there is none yet."""
    values: dict[str, Any] = {"taken_part_on": func.coalesce(subject.c.taken_part_on, taken_part_on)}
    concluded: dict[str, Any] = {"outcome": outcome, "outcome_on": outcome_on} if outcome else {}
    connection.execute(
        subject.update().where(subject.c.id.in_(chosen_subject_ids())).values(**values, **concluded)
    )


def _count_chosen(connection: Connection, condition: ColumnElement[bool]) -> int:
    found = select(func.count()).select_from(subject).where(subject.c.id.in_(chosen_subject_ids()), condition)
    return connection.execute(found).scalar_one()


def _subjects(roster_id: int, wanted: SubjectFilter, sight: VisibleUnits) -> Select[Any]:
    own = (subject.c[name] for name in SubjectEntry.__dataclass_fields__ if name != "unit")
    return (
        select(*own, unit.c.name.label("unit"))
        .join_from(subject, unit, unit.c.id == subject.c.unit_id)
        .where(_is_wanted(roster_id, wanted, sight))
    )


def _entry(row: Row[Any]) -> SubjectEntry:
    return SubjectEntry(**dict(row._mapping, in_scope=bool(row.in_scope)))


def _listed(roster_id: int, wanted: SubjectFilter, sight: VisibleUnits) -> Select[Any]:
    # As the index on units has them, so that a page of a long roster is read without sorting it.
    return _subjects(roster_id, wanted, sight).order_by(subject.c.unit_id, subject.c.id)


def _is_wanted(roster_id: int, wanted: SubjectFilter, sight: VisibleUnits) -> ColumnElement[bool]:
    conditions = [subject.c.roster_id == roster_id, visible(sight, subject.c.unit_id)]
    if wanted.unit_id is not None:
        conditions.append(subject.c.unit_id == wanted.unit_id)
    if wanted.in_scope is not None:
        conditions.append(subject.c.in_scope == int(wanted.in_scope))
    if wanted.taken_part is not None:
        day = subject.c.taken_part_on
        conditions.append(day.is_not(None) if wanted.taken_part else day.is_(None))
    if wanted.outcome == NO_OUTCOME:
        conditions.append(subject.c.outcome.is_(None))
    elif wanted.outcome is not None:
        conditions.append(subject.c.outcome == wanted.outcome)
    if wanted.text:
        text = wanted.text
        named = subject.c.name.contains(text, autoescape=True)
        conditions.append(or_(named, subject.c.code.startswith(text.upper(), autoescape=True)))
    return and_(*conditions)
