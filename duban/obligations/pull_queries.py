"""What another system pulls: editions, their dated points, and the ledger in the order of its numbers. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from duban.bureau import Bureau
from duban.core.access import Actor, VisibleUnits, visible_units
from duban.core.errors import NotFound
from duban.editions.tables import edition, milestone, point
from duban.history.queries import chain_head
from duban.history.tables import history
from duban.obligations.list_queries import ListedObligation, listed_by_id
from duban.obligations.states import State
from duban.obligations.tables import obligation
from duban.units.queries import visible

# Entries about these change no obligation of their edition but the one they name, or none.
_NO_CHANGE = ("obligation", "problem", "figure", "dispatch", "point", "round", "token")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionRow:
    """One edition."""

    id: int
    campaign: str
    name: str
    year: int
    kind: str
    state: str
    subject_year: int | None
    published_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRow:
    """One dated point of a milestone; a milestone without a date has none."""

    milestone_id: int
    key: str
    title: str
    stage: int | None
    source_document: str
    source_item: str
    due_phrase: str
    gate: bool
    per_subject: bool
    label: str | None
    starts_on: date | None
    due_on: date | None
    hard_due_on: date | None
    last_workday: date | None
    provisional: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFilter:
    """Which obligations are pulled. `changed_since` is an entry of the history: what has changed after it."""

    edition_id: int | None = None
    unit_id: int | None = None
    states: frozenset[State] = frozenset()
    due_from: date | None = None
    due_until: date | None = None
    changed_since: int | None = None


def pulled_editions(
    connection: Connection, sight: VisibleUnits, *, year: int | None = None, edition_id: int | None = None
) -> tuple[EditionRow, ...]:
    """Editions that were published, the newest year first; those with obligations of his units for whoever sees these only."""
    names = EditionRow.__slots__
    found = select(*(edition.c[name] for name in names)).where(edition.c.state != "draft")
    if not sight.everything:
        mine = select(obligation.c.id).where(
            obligation.c.edition_id == edition.c.id, visible(sight, obligation.c.unit_id)
        )
        found = found.where(mine.exists())
    if year is not None:
        found = found.where(edition.c.year == year)
    if edition_id is not None:
        found = found.where(edition.c.id == edition_id)
    rows = connection.execute(found.order_by(edition.c.year.desc(), edition.c.campaign))
    return tuple(EditionRow(**row._mapping) for row in rows)


def pulled_points(connection: Connection, edition_id: int) -> tuple[PointRow, ...]:
    """The milestones in force in their order, with their points."""
    of_milestone = (
        "key",
        "title",
        "stage",
        "source_document",
        "source_item",
        "due_phrase",
        "gate",
        "per_subject",
    )
    of_point = ("label", "starts_on", "due_on", "hard_due_on", "last_workday", "provisional")
    joined = milestone.outerjoin(point, and_(point.c.milestone_id == milestone.c.id, ~point.c.withdrawn))
    rows = connection.execute(
        select(
            milestone.c.id.label("milestone_id"),
            *(milestone.c[name] for name in of_milestone),
            *(point.c[name] for name in of_point),
        )
        .select_from(joined)
        .where(milestone.c.edition_id == edition_id, ~milestone.c.withdrawn)
        .order_by(milestone.c.position, milestone.c.id, point.c.due_on, point.c.id)
    )
    return tuple(PointRow(**row._mapping) for row in rows)


def pulled_obligation_ids(
    connection: Connection, wanted: LedgerFilter, sight: VisibleUnits, *, after: int, limit: int
) -> Sequence[int]:
    """The numbers after this one, in order."""
    conditions = [obligation.c.id > after, visible(sight, obligation.c.unit_id)]
    same = ((obligation.c.edition_id, wanted.edition_id), (obligation.c.unit_id, wanted.unit_id))
    conditions += [column == value for column, value in same if value is not None]
    if wanted.states:
        conditions.append(obligation.c.state.in_(sorted(state.value for state in wanted.states)))
    if wanted.due_from is not None:
        conditions.append(obligation.c.due_on >= wanted.due_from)
    if wanted.due_until is not None:
        conditions.append(obligation.c.due_on <= wanted.due_until)
    if wanted.changed_since is not None:
        conditions.append(_changed(wanted.changed_since))
    found = select(obligation.c.id).where(*conditions).order_by(obligation.c.id).limit(limit)
    return connection.execute(found).scalars().all()


def _changed(since: int) -> ColumnElement[bool]:
    """At least everything that changed: what acted on a whole edition or unit counts for all of it."""

    def entries(column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Any:
        return select(column).where(history.c.id > since, *conditions)

    by_name = entries(history.c.noun_id, history.c.noun == "obligation")
    by_edition = entries(
        history.c.edition_id, history.c.noun.not_in(_NO_CHANGE), history.c.edition_id.is_not(None)
    )
    by_unit = entries(history.c.noun_id, history.c.noun == "unit", history.c.noun_id.is_not(None))
    notices = entries(history.c.id, history.c.noun == "notice").exists()
    return or_(
        obligation.c.id.in_(by_name),
        obligation.c.edition_id.in_(by_edition),
        obligation.c.unit_id.in_(by_unit),
        notices,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPull:
    """Some of the ledger. `next_after` is None at its end; `history_id` is the last entry of the history beforehand:
    whoever asks next time what has changed since it misses nothing.
    """

    obligations: tuple[ListedObligation, ...]
    next_after: int | None
    history_id: int


def pull_editions(bureau: Bureau, *, by: Actor, year: int | None = None) -> tuple[EditionRow, ...]:
    """Every edition that was ever published, as far as it concerns the person."""
    with bureau.store.reading() as connection:
        return pulled_editions(connection, visible_units(by), year=year)


def pull_edition(bureau: Bureau, edition_id: int, *, by: Actor) -> EditionRow:
    """One of them. Raises NotFound."""
    with bureau.store.reading() as connection:
        found = pulled_editions(connection, visible_units(by), edition_id=edition_id)
    if not found:
        raise NotFound(f"没有编号为 {edition_id} 的专项行动，或与您的单位无关；请先查询专项行动清单。")
    return found[0]


def pull_points(bureau: Bureau, edition_id: int, *, by: Actor) -> tuple[PointRow, ...]:
    """The milestones of an edition with their dates."""
    pull_edition(bureau, edition_id, by=by)
    with bureau.store.reading() as connection:
        return pulled_points(connection, edition_id)


def pull_ledger(
    bureau: Bureau, wanted: LedgerFilter, *, after: int, limit: int, by: Actor, today: date
) -> LedgerPull:
    """Obligations with numbers after this one, at most so many."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        # Read first, so that what happens meanwhile is asked for again rather than missed.
        head = chain_head(connection).entries
        ids = pulled_obligation_ids(connection, wanted, sight, after=after, limit=limit)
        rows = listed_by_id(bureau, connection, ids, sight, today)
    return LedgerPull(
        obligations=tuple(sorted(rows, key=lambda one: one.id)),
        next_after=ids[-1] if len(ids) == limit else None,
        history_id=head,
    )
