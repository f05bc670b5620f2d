"""What the board is computed from: groups of obligations that share their facts, and the way back to their members.

A few thousand groups stand for a million rows. Only quotas with a target come one by one, because their light depends
on their own newest figure. Knows no light.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Select,
    case,
    column,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
    values,
)

from duban.core.access import VisibleUnits
from duban.editions.tables import edition, milestone, point
from duban.figures.tables import progress
from duban.obligations.states import DONE, OPEN, WAITING, State
from duban.obligations.tables import obligation
from duban.units.queries import visible
from duban.units.tables import unit

# So many groups are handed to one statement; a database takes only so many parameters.
_CHUNK = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardEdition:
    """A published edition."""

    id: int
    campaign: str
    name: str
    year: int
    kind: str


class FactGroup(NamedTuple):
    """What obligations share. `unit_id` is 0 where units were not asked apart; `ladder` only helps to find them again.

    `is_new`: first owed after the day before. `beyond`: handed in, else closed, after the date. Of what is signed off
    alone: `was_late` and `was_returned`, and `finished_on`, the day of it.
    """

    edition_id: int
    unit_id: int
    state: str
    ladder: str
    due_on: date
    is_new: int
    beyond: int
    was_late: int
    was_returned: int
    finished_on: date | None


class Quota(NamedTuple):
    """One open obligation with a target."""

    obligation_id: int
    target: Decimal
    reported: Decimal | None
    starts_on: date
    group: FactGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSpan:
    """Which obligations are of the year: their editions, and the dates between which they lie."""

    edition_ids: tuple[int, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFilter:
    """Which obligations: of one edition, of one unit, or where they meet; `year` holds for a unit alone.

    `subjects` True asks for those of a roster's subjects only, False for the others, None for both.
    """

    edition_id: int | None = None
    unit_id: int | None = None
    year: int | None = None
    subjects: bool | None = None


def board_editions(
    connection: Connection, *, year: int | None = None, campaign: str | None = None
) -> dict[int, BoardEdition]:
    """Published editions by id, a few dozen a year; `campaign` is a key or part of the name."""
    found = (
        select(edition.c.id, edition.c.campaign, edition.c.name, edition.c.year, edition.c.kind)
        .where(edition.c.state == "published")
        .order_by(edition.c.year, edition.c.campaign)
    )
    if year is not None:
        found = found.where(edition.c.year == year)
    if campaign is not None:
        named = edition.c.name.contains(campaign, autoescape=True)
        found = found.where(or_(edition.c.campaign == campaign, named))
    return {row.id: BoardEdition(**row._mapping) for row in connection.execute(found)}


def provisional_dates(connection: Connection, edition_ids: Sequence[int]) -> dict[tuple[int, date], bool]:
    """By edition and date of its points, whether one of them is provisional."""
    keys = (point.c.edition_id, point.c.due_on)
    found = (
        select(*keys, func.max(case((point.c.provisional, 1), else_=0)))
        .where(point.c.edition_id.in_(edition_ids), point.c.withdrawn.is_(False))
        .group_by(*keys)
    )
    return {(edition_id, due_on): bool(one) for edition_id, due_on, one in connection.execute(found)}


class BoardLedger:
    """The ledger as the board asks it at one moment: of all units together, or of `unit_ids`, each apart; `subjects` as
    in CellFilter.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        yesterday: date,
        unit_ids: Sequence[int] | None = None,
        subjects: bool | None = None,
    ) -> None:
        self.connection, self.unit_ids = connection, unit_ids
        own = obligation.c
        self._is_new = case((own.opened_on > yesterday, 1), else_=0)
        self._narrowed: list[ColumnElement[bool]] = []
        if unit_ids is not None:
            self._narrowed.append(own.unit_id.in_(unit_ids))
        if subjects is not None:
            self._narrowed.append(own.subject_id > 0 if subjects else own.subject_id == 0)
        # Looked up by unit and date: the edition is added to nothing, so that its own index is not taken instead.
        self._edition_id: ColumnElement[Any] = own.edition_id if unit_ids is None else own.edition_id + 0

    def groups(
        self, edition_ids: Sequence[int], states: frozenset[State], span: DueSpan | None = None
    ) -> Iterator[tuple[FactGroup, int]]:
        """Groups of these states and how many obligations each has, quotas among the others; some come in parts."""
        selects = (
            self._whole_groups(edition_ids, states)
            if self.unit_ids is None
            else [self._groups_of_units(edition_ids, states, span)]
        )
        for one in selects:
            for *facts, number in self.connection.execute(one):
                yield FactGroup(*facts), number

    def _whole_groups(self, edition_ids: Sequence[int], states: frozenset[State]) -> Iterator[Select[Any]]:
        """A statement for each index that answers alone."""
        own = obligation.c
        if still_open := states - WAITING - DONE:
            keys = (own.edition_id, own.state, own.ladder, own.due_on, own.opened_on)
            facts = (*keys[1:4], self._is_new, _ZERO, _ZERO, _ZERO, null())
            yield (
                select(own.edition_id, _ZERO, *facts, func.count())
                .where(own.edition_id.in_(edition_ids), *self._narrowed, own.state.in_(_words(still_open)))
                .group_by(*keys)
            )
        if states & WAITING:
            marks = (self._is_new.label("is_new"), _BEYOND.label("beyond"), _ZERO, _ZERO, null())
            yield (
                select(own.edition_id, _ZERO, own.state, own.ladder, own.due_on, *marks, func.count())
                .where(
                    own.edition_id.in_(edition_ids), *self._narrowed, own.state.in_(_words(states & WAITING))
                )
                .group_by(own.edition_id, own.state, own.ladder, own.due_on, "is_new", "beyond")
            )
        if states & DONE:
            late = (_ZERO, _BEYOND, own.late, _WAS_RETURNED, _FINISHED_ON)
            yield (
                select(
                    own.edition_id, _ZERO, own.state, literal_column("''"), own.due_on, *late, func.count()
                )
                .where(own.edition_id.in_(edition_ids), *self._narrowed, _IS_DONE)
                .group_by(own.edition_id, own.state, own.due_on, own.closed_on, own.submitted_on)
                .group_by(own.late, own.returned_times)
            )

    def _groups_of_units(
        self, edition_ids: Sequence[int], states: frozenset[State], span: DueSpan | None
    ) -> Select[Any]:
        own = obligation.c
        done = own.state.in_(_words(DONE))
        keys = (
            own.edition_id,
            own.unit_id,
            own.state,
            case((done, ""), else_=own.ladder).label("known_ladder"),
            own.due_on,
            case((done, 0), else_=self._is_new).label("is_new"),
            case((own.state.in_(_words(WAITING | DONE)), _BEYOND), else_=0).label("beyond"),
            case((done, own.late), else_=0).label("was_late"),
            case((done, _WAS_RETURNED), else_=0).label("was_returned"),
            case((done, _FINISHED_ON)).label("finished_on"),
        )
        wanted = [*self._narrowed, self._edition_id.in_(edition_ids), own.state.in_(_words(states))]
        if span is not None:
            wanted.append(own.due_on.between(span.first, span.last))
        # Grouped by the names of the expressions: PostgreSQL takes the same one with its own parameters for another.
        return select(*keys, func.count()).where(*wanted).group_by(*(key.name for key in keys))

    def quotas(self, edition_ids: Sequence[int]) -> list[Quota]:
        """Every open obligation with a target, with its newest figure and the group that counts it."""
        own = obligation.c
        newest = (
            select(progress.c.value)
            .where(progress.c.obligation_id == own.id)
            .order_by(progress.c.as_of_on.desc(), progress.c.id.desc())
            .limit(1)
            .correlate(obligation)
            .scalar_subquery()
        )
        facts = (own.edition_id, own.unit_id, own.state, own.ladder, own.due_on, self._is_new)
        starts_on = func.coalesce(point.c.starts_on, own.opened_on)
        found = (
            select(own.id, own.target, newest, starts_on, *facts, _ZERO, _ZERO, _ZERO, null())
            .join_from(obligation, point, point.c.id == own.point_id)
            .where(own.edition_id.in_(edition_ids), *self._narrowed)
            .where(own.target.is_not(None), own.state.in_(_words(OPEN)))
        )
        return [
            Quota(key, target, reported, starts, FactGroup(*facts))
            for key, target, reported, starts, *facts in self.connection.execute(found)
        ]

    def count_by_unit(
        self, groups: Iterable[tuple[FactGroup, int]], *, without_quotas: bool, kind: str | None = None
    ) -> Iterator[tuple[int, int, int, int]]:
        """Edition, unit, the mark that its group was given, and how many obligations; `kind` asks for units of a kind.

        Counted in the database, so that a million rows need not come here. `without_quotas` leaves quotas out.
        """
        own = obligation.c
        of_kind = [] if kind is None else [own.unit_id.in_(select(unit.c.id).where(unit.c.kind == kind))]
        marked = _members_alike(groups)
        for start in range(0, len(marked), _CHUNK):
            lots = self._lots(marked[start : start + _CHUNK], without_quotas)
            both = union_all(
                *(
                    select(own.edition_id, own.unit_id, judged.c.mark, func.count().label("number"))
                    .select_from(judged)
                    .where(*same, *of_kind)
                    .group_by(own.edition_id, own.unit_id, judged.c.mark)
                    for judged, same in lots
                )
            ).subquery()
            keys = (both.c.edition_id, both.c.unit_id, both.c.mark)
            for *place, number in self.connection.execute(
                select(*keys, func.sum(both.c.number)).group_by(*keys)
            ):
                yield (*place, int(number))

    def member_ids(
        self,
        groups: Iterable[FactGroup],
        quota_ids: Sequence[int],
        *,
        without_quotas: bool,
        offset: int,
        limit: int,
    ) -> list[int]:
        """Some members of these groups and these quotas, the earliest date first; of all units, then by edition and unit."""
        own = obligation.c
        columns = (own.id, own.due_on, own.edition_id, own.unit_id)
        parts = [select(*columns).where(own.id.in_(quota_ids))] if quota_ids else []
        for judged, same in self._lots(_members_alike((one, 0) for one in groups), without_quotas):
            parts.append(select(*columns).select_from(judged).where(*same))
        every = union_all(*parts).subquery()
        apart = (every.c.edition_id, every.c.unit_id) if self.unit_ids is None else ()
        found = select(every.c.id).order_by(every.c.due_on, *apart, every.c.id).offset(offset).limit(limit)
        return list(self.connection.scalars(found))

    def _lots(
        self, marked: Sequence[tuple[FactGroup, int]], without_quotas: bool
    ) -> Iterator[tuple[CTE, list[ColumnElement[bool]]]]:
        """Groups as a table of values with what makes an obligation a member, apart by the index that finds it."""
        own = obligation.c
        facts: dict[str, ColumnElement[Any]] = {
            "edition_id": self._edition_id,
            "state": own.state,
            "ladder": own.ladder,
            "due_on": own.due_on,
            "is_new": self._is_new,
            "beyond": _BEYOND,
            "was_late": own.late,
            "was_returned": _WAS_RETURNED,
        }
        no_quota = [or_(own.target.is_(None), own.state.not_in(_words(OPEN)))] if without_quotas else []
        for lot, states, names, besides in (
            ("open", frozenset(State) - WAITING - DONE, _OPEN_FACTS, no_quota),
            ("waiting", WAITING, (*_OPEN_FACTS, "beyond"), []),
            ("done", DONE, _DONE_FACTS, [_IS_DONE]),
        ):
            named = attrgetter(*names)
            rows = [(*named(group), mark) for group, mark in marked if group.state in states]
            if rows:
                columns = (column(name, facts[name].type) for name in names)
                judged = values(*columns, column("mark", own.id.type), name=f"judged_{lot}").data(rows)
                groups = judged.cte(f"judged_{lot}_groups")
                same = [facts[name] == groups.c[name] for name in names]
                yield groups, [*self._narrowed, *besides, *same]


def _members_alike(groups: Iterable[tuple[FactGroup, int]]) -> list[tuple[FactGroup, int]]:
    # The day of signing off does not tell what members show: without it there are far fewer groups.
    return sorted({(group._replace(unit_id=0, finished_on=None), mark) for group, mark in groups})


def _words(states: frozenset[State]) -> list[str]:
    return sorted(state.value for state in states)


_ZERO: ColumnElement[int] = literal_column("0")
_OPEN_FACTS = ("edition_id", "state", "ladder", "due_on", "is_new")
_DONE_FACTS = ("edition_id", "state", "due_on", "beyond", "was_late", "was_returned")
# Written out, because a partial index is only found by its own words.
_IS_DONE: ColumnElement[bool] = literal_column(
    f"obligation.state IN ({', '.join(repr(s.value) for s in sorted(DONE))})"
)
_BEYOND = case(
    (func.coalesce(obligation.c.submitted_on, obligation.c.closed_on) > obligation.c.due_on, 1), else_=0
)
_WAS_RETURNED = case((obligation.c.returned_times > 0, 1), else_=0)
_FINISHED_ON = func.coalesce(obligation.c.closed_on, obligation.c.submitted_on)


def unit_names(connection: Connection, unit_ids: Iterable[int]) -> dict[int, str]:
    """The names of the few units that are shown."""
    rows = connection.execute(select(unit.c.id, unit.c.name).where(unit.c.id.in_(list(unit_ids))))
    return {row.id: row.name for row in rows}


def owing_kinds(connection: Connection, span: DueSpan, sight: VisibleUnits) -> dict[str, int]:
    """How many units of each kind owe anything of the year."""
    found = select(unit.c.kind, func.count()).where(_owes(span), visible(sight, unit.c.id))
    rows = connection.execute(found.group_by(unit.c.kind).order_by(unit.c.kind))
    return {kind: int(number) for kind, number in rows}


def editions_by_subject(connection: Connection, edition_ids: Sequence[int]) -> frozenset[int]:
    """Those of them whose roster's subjects owe something each."""
    found = select(milestone.c.edition_id).where(
        milestone.c.edition_id.in_(edition_ids), milestone.c.per_subject
    )
    return frozenset(connection.scalars(found))


def owing_unit_ids(
    connection: Connection,
    span: DueSpan,
    sight: VisibleUnits,
    *,
    kind: str | None = None,
    limit: int | None = None,
) -> list[int]:
    """Units that owe anything of the year, in the order they were entered."""
    found = select(unit.c.id).where(_owes(span), visible(sight, unit.c.id)).order_by(unit.c.id)
    return list(
        connection.scalars((found if kind is None else found.where(unit.c.kind == kind)).limit(limit))
    )


def _owes(span: DueSpan) -> ColumnElement[bool]:
    # Here too the edition is added to nothing, for the index of unit and date.
    return exists().where(
        obligation.c.unit_id == unit.c.id,
        obligation.c.due_on.between(span.first, span.last),
        (obligation.c.edition_id + 0).in_(span.edition_ids),
    )


def cell_names(connection: Connection, cell: CellFilter) -> tuple[str | None, str | None]:
    """What the edition and the unit of the cell are called; None for what is not there or was not asked."""
    campaign = connection.execute(
        select(edition.c.name, edition.c.year).where(
            edition.c.id == cell.edition_id, edition.c.state == "published"
        )
    ).first()
    named = connection.execute(select(unit.c.name).where(unit.c.id == cell.unit_id)).scalar()
    return (f"{campaign.name}{campaign.year}" if campaign else None), named
