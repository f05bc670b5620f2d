"""What letters are made of, read for a whole chunk of them with a few queries.

Only what still stands is read: an obligation that was closed, waived, suspended or moved since its reminder was
planned is not found any more. Knows nothing of words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, and_, exists, or_, select

from duban.editions.tables import edition, milestone, point
from duban.figures.tables import progress
from duban.letters.queries import ClaimedDispatch
from duban.obligations.queries import expected_evidence
from duban.obligations.states import OPEN, State
from duban.obligations.tables import obligation
from duban.rosters.tables import subject
from duban.rounds.tables import reminder
from duban.units.tables import contact, unit

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterMatter:
    """One obligation as a letter needs it; `in_force` says that its edition is published."""

    id: int
    unit_id: int
    milestone_id: int
    point_id: int
    subject_id: int
    state: State
    opened_on: date
    due_on: date
    hard_due_on: date | None
    target: Decimal | None
    returned_times: int
    extended_times: int
    edition_state: str

    @property
    def stands(self) -> bool:
        """The unit is still to act on it, and its edition has not been withdrawn. A pause stops reminders only."""
        return self.state in OPEN and self.edition_state in ("published", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindedObligation:
    """A planned reminder whose obligation still stands as it was planned."""

    target_unit_id: int
    kind: str
    round_id: int
    matter: LetterMatter


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneText:
    """What a letter says of a milestone. `evidence` are titles."""

    campaign: str
    title: str
    document: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointDates:
    """The dates of a point as they stand under today's notices."""

    label: str
    starts_on: date | None
    due_on: date
    last_workday: date
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """The contact a message goes to."""

    name: str
    active: bool


@dataclass(slots=True, kw_only=True)
class LetterData:
    """The texts, dates and names that a chunk of letters refers to, by their numbers."""

    addressees: dict[int, Addressee] = field(default_factory=dict)
    units: dict[int, str] = field(default_factory=dict)
    milestones: dict[int, MilestoneText] = field(default_factory=dict)
    points: dict[int, PointDates] = field(default_factory=dict)
    subjects: dict[int, str] = field(default_factory=dict)
    reported: dict[int, Decimal] = field(default_factory=dict)


def reminded_obligations(
    connection: Connection, digests: Iterable[ClaimedDispatch]
) -> dict[int, list[RemindedObligation]]:
    """By target unit, what its digests carry: of each obligation the newest reminder, earliest date first.

    A reminder that a later round has overtaken belongs to that round's digest.
    """
    rows = [one for one in digests if one.round_id is not None]
    rounds = {
        number
        for one in rows
        for number in range(one.since_round_id or one.round_id or 0, (one.round_id or 0) + 1)
    }
    found: dict[int, list[RemindedObligation]] = {}
    if not rows:
        return found
    statement = _REMINDED.where(
        reminder.c.round_id.in_(rounds), reminder.c.target_unit_id.in_({one.unit_id for one in rows})
    )
    for row in connection.execute(statement):
        found.setdefault(row.target_unit_id, []).append(
            RemindedObligation(
                target_unit_id=row.target_unit_id, kind=row.kind, round_id=row.round_id, matter=_matter(row)
            )
        )
    return found


def letter_matters(connection: Connection, ids: Iterable[int]) -> dict[int, LetterMatter]:
    """These obligations, whatever their state."""
    rows = (
        row for some in _pages(ids) for row in connection.execute(_MATTERS.where(obligation.c.id.in_(some)))
    )
    return {row.id: _matter(row) for row in rows}


def points_in_force(connection: Connection, ids: Iterable[int]) -> frozenset[int]:
    """Those of these points whose edition is not withdrawn."""
    statement = select(point.c.id).join(edition, edition.c.id == point.c.edition_id)
    in_force = statement.where(edition.c.state.in_(("published", "paused")), ~point.c.withdrawn)
    return frozenset(
        number for some in _pages(ids) for number in connection.scalars(in_force.where(point.c.id.in_(some)))
    )


def load_letter_data(
    connection: Connection, rows: Sequence[ClaimedDispatch], about: Sequence[LetterMatter]
) -> LetterData:
    """Everything that letters to these addressees about these obligations refer to."""
    book = LetterData()
    contacts = {one.contact_id for one in rows if one.contact_id is not None}
    for row in _by_id(connection, contact, contacts, contact.c.name, contact.c.active):
        book.addressees[row.id] = Addressee(name=row.name, active=bool(row.active))
    units = {one.unit_id for one in rows} | {one.unit_id for one in about}
    book.units |= {row.id: row.name for row in _by_id(connection, unit, units, unit.c.name)}
    subjects = {one.subject_id for one in about} - {0}
    book.subjects |= {row.id: row.name for row in _by_id(connection, subject, subjects, subject.c.name)}
    book.milestones |= _milestones(connection, {one.milestone_id for one in about})
    book.points |= _points(connection, {one.point_id for one in about})
    book.reported |= _reported(connection, {one.id for one in about if one.target is not None})
    return book


def _milestones(connection: Connection, ids: Iterable[int]) -> dict[int, MilestoneText]:
    statement = select(
        milestone.c.id,
        milestone.c.title,
        milestone.c.source_document,
        milestone.c.source_item,
        milestone.c.body,
        edition.c.name,
    ).join(edition, edition.c.id == milestone.c.edition_id)
    return {
        row.id: MilestoneText(
            campaign=row.name,
            title=row.title,
            document=f"{row.source_document} {row.source_item}".strip(),
            evidence=tuple(one.title for one in expected_evidence(row.body)),
        )
        for some in _pages(ids)
        for row in connection.execute(statement.where(milestone.c.id.in_(some)))
    }


def _points(connection: Connection, ids: Iterable[int]) -> dict[int, PointDates]:
    columns = [point.c[one.name] for one in fields(PointDates)]
    return {
        row.id: PointDates(**{one.name: getattr(row, one.name) for one in fields(PointDates)})
        for row in _by_id(connection, point, ids, *columns)
    }


def _reported(connection: Connection, ids: Iterable[int]) -> dict[int, Decimal]:
    """The newest figure of each obligation that has one."""
    statement = select(progress.c.obligation_id, progress.c.value).order_by(
        progress.c.as_of_on, progress.c.id
    )
    return {
        row.obligation_id: row.value
        for some in _pages(ids)
        for row in connection.execute(statement.where(progress.c.obligation_id.in_(some)))
    }


def _by_id(connection: Connection, table: Table, ids: Iterable[int], *columns: Column[Any]) -> Iterable[Any]:
    for some in _pages(ids):
        yield from connection.execute(select(table.c.id, *columns).where(table.c.id.in_(some)))


def _pages(ids: Iterable[int]) -> Iterable[list[int]]:
    wanted = sorted(ids)
    return (wanted[start : start + _PAGE] for start in range(0, len(wanted), _PAGE))


def _matter(row: Any) -> LetterMatter:
    values: Mapping[str, Any] = row._mapping
    return LetterMatter(**{name: values[name] for name in _NAMES} | {"state": State(row.state)})


_NAMES = tuple(one.name for one in fields(LetterMatter))
_OF_MATTER = [
    edition.c.state.label(name) if name == "edition_state" else obligation.c[name] for name in _NAMES
]
_MATTERS: Select[Any] = select(*_OF_MATTER).join(edition, edition.c.id == obligation.c.edition_id)
_newer = reminder.alias("newer")
_REMINDED: Select[Any] = (
    select(reminder.c.target_unit_id, reminder.c.kind, reminder.c.round_id, *_OF_MATTER)
    .select_from(
        reminder.join(obligation, obligation.c.id == reminder.c.obligation_id).join(
            edition, edition.c.id == obligation.c.edition_id
        )
    )
    .where(
        reminder.c.status == "planned",
        obligation.c.due_on == reminder.c.due_on,
        obligation.c.state.in_(sorted(state.value for state in OPEN)),
        edition.c.state == "published",
        # What was moved to another unit is no longer this one's.
        or_(reminder.c.kind == "escalate", obligation.c.unit_id == reminder.c.target_unit_id),
        ~exists().where(
            and_(
                _newer.c.obligation_id == reminder.c.obligation_id,
                _newer.c.status == "planned",
                _newer.c.target_unit_id == reminder.c.target_unit_id,
                _newer.c.round_id > reminder.c.round_id,
                (_newer.c.kind == "escalate") == (reminder.c.kind == "escalate"),
            )
        ),
    )
    .order_by(obligation.c.due_on, obligation.c.id)
)
