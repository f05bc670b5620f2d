"""Subjects of a roster as a list: filtered, read page by page or as a stream, and chosen to be recorded together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, MetaData, Select, Table, and_, func, or_, select

from duban.core.access import VisibleUnits
from duban.core.db import Id
from duban.rosters.queries import SubjectEntry, subject_entry, subjects_of
from duban.rosters.tables import subject
from duban.units.queries import visible

_temporary = MetaData()
_chosen = Table(
    "chosen_subject",
    _temporary,
    Column("id", Id, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)
_PAGE = 1_000
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
    found = select(func.count()).select_from(subject).where(_of(roster_id, wanted, sight))
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
    return tuple(subject_entry(row) for row in connection.execute(found))


def stream_subjects(
    connection: Connection, roster_id: int, wanted: SubjectFilter, sight: VisibleUnits
) -> Iterator[SubjectEntry]:
    """All of them in the same order, a few at a time."""
    found = _listed(roster_id, wanted, sight).execution_options(yield_per=_PAGE)
    for row in connection.execute(found):
        yield subject_entry(row)


@contextmanager
def subject_filter(
    connection: Connection, roster_id: int, choice: SubjectChoice, sight: VisibleUnits
) -> Iterator[int]:
    """Hold the ids of the choice until the act is done, so that its own changes do not alter it; gives how many."""
    _temporary.create_all(connection, checkfirst=False)
    wanted = choice.wanted if choice.wanted is not None else SubjectFilter(in_scope=None)
    found = select(subject.c.id).where(_of(roster_id, wanted, sight))
    if choice.wanted is None:
        named = (subject.c.id.in_(sorted(choice.ids)), subject.c.code.in_(sorted(choice.codes)))
        found = found.where(or_(*named))
    connection.execute(_chosen.insert().from_select(["id"], found))
    yield connection.execute(select(func.count()).select_from(_chosen)).scalar_one()
    # After a failure the transaction is taken back, and this table with it.
    _temporary.drop_all(connection, checkfirst=False)


def chosen_subject_ids() -> Select[tuple[int]]:
    """The ids held by `chosen`."""
    return select(_chosen.c.id)


def count_out_of_scope(connection: Connection) -> int:
    """How many of the chosen do not have to take part."""
    return _count_chosen(connection, subject.c.in_scope == 0)


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
    connection.execute(_chosen.delete().where(_chosen.c.id.not_in(changing)))
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


def _listed(roster_id: int, wanted: SubjectFilter, sight: VisibleUnits) -> Any:
    statement = subjects_of(roster_id).where(_of(roster_id, wanted, sight))
    # As the index on units has them, so that a page of a long roster is read without sorting it.
    return statement.order_by(subject.c.unit_id, subject.c.id)


def _of(roster_id: int, wanted: SubjectFilter, sight: VisibleUnits) -> ColumnElement[bool]:
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
