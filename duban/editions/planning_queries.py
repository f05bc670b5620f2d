"""What a year's planning looks at: dated points with their counts, the load of units, what reminders hang on.

Every question is one grouped statement, so that its answer grows with the calendar and not with the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, Select, Subquery, case, distinct, func, select, text

from duban.core.access import VisibleUnits
from duban.editions.forecast_rules import ForecastOwing, Told
from duban.editions.tables import edition, edition_draft, milestone, point, workday_notice
from duban.obligations.states import DONE, OPEN, State
from duban.obligations.tables import obligation
from duban.problems.tables import problem
from duban.rosters.tables import roster
from duban.units.queries import visible
from duban.units.tables import unit

_OUT = (State.CANCELLED.value, State.WAIVED.value)
_DONE = tuple(state.value for state in DONE)
_OPEN = tuple(sorted(state.value for state in OPEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPoint:
    """One dated point in force; `owed` and `done` count obligations, `units` those that owe them."""

    edition_id: int
    campaign: str
    campaign_name: str
    kind: str
    state: str
    own: bool
    milestone_id: int
    key: str
    title: str
    gate: bool
    label: str
    starts_on: date | None
    due_on: date
    last_workday: date
    provisional: bool
    units: int
    owed: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UndatedMilestone:
    """A milestone whose words give no date; `why` is for the person who has to set one."""

    campaign: str
    campaign_name: str
    key: str
    title: str
    phrase: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDayLoad:
    """How many obligations one unit has due on one day, and how many of them are finished."""

    unit_id: int
    unit: str
    due_on: date
    owed: int
    done: int


def points_of_year(connection: Connection, year: int, sight: VisibleUnits) -> tuple[PlannedPoint, ...]:
    """Every dated point of a year's editions, by campaign and date; of what is withdrawn nothing is shown."""
    counts = _counts(year, sight)
    owed = func.coalesce(counts.c.owed, 0)
    rows = connection.execute(
        select(
            point.c.edition_id,
            edition.c.campaign,
            edition.c.name.label("campaign_name"),
            edition.c.kind,
            edition.c.state,
            edition.c.own,
            point.c.milestone_id,
            milestone.c.key,
            milestone.c.title,
            milestone.c.gate,
            point.c.label,
            point.c.starts_on,
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


def undated_of_year(connection: Connection, year: int) -> tuple[UndatedMilestone, ...]:
    """Milestones in force that wait for a person to set their date."""
    rows = connection.execute(
        select(
            edition.c.campaign,
            edition.c.name.label("campaign_name"),
            milestone.c.key,
            milestone.c.title,
            milestone.c.due_phrase.label("phrase"),
            milestone.c.undated.label("why"),
        )
        .join_from(milestone, edition, edition.c.id == milestone.c.edition_id)
        .where(
            edition.c.year == year,
            edition.c.state != "withdrawn",
            milestone.c.withdrawn.is_(False),
            milestone.c.undated.is_not(None),
        )
        .order_by(edition.c.name, milestone.c.position)
    )
    return tuple(UndatedMilestone(**row._mapping) for row in rows)


def load_of_units(
    connection: Connection, first: date, last: date, sight: VisibleUnits
) -> Iterator[UnitDayLoad]:
    """By unit and day; what is waived or cancelled burdens nobody.

    Counted first in the order of the round's index, which then answers alone: three times as fast as by unit and day.
    """
    keys = (obligation.c.edition_id, obligation.c.state, obligation.c.ladder)
    dates = (obligation.c.due_on, obligation.c.opened_on, obligation.c.unit_id)
    some = (
        select(*keys, *dates, func.count().label("owed"))
        .where(
            obligation.c.edition_id.in_(_in_force(first.year - 1, last.year + 1)),
            visible(sight, obligation.c.unit_id),
        )
        .group_by(*keys, *dates)
        .subquery()
    )
    done = func.sum(case((some.c.state.in_(_DONE), some.c.owed), else_=0))
    days = (
        select(some.c.unit_id, some.c.due_on, func.sum(some.c.owed).label("owed"), done.label("done"))
        .where(some.c.state.not_in(_OUT))
        .group_by(some.c.unit_id, some.c.due_on)
        .subquery()
    )
    rows = connection.execute(
        select(days.c.unit_id, unit.c.name.label("unit"), days.c.due_on, days.c.owed, days.c.done)
        .join_from(days, unit, unit.c.id == days.c.unit_id)
        .order_by(days.c.unit_id, days.c.due_on)
    )
    for row in rows:
        # Asked for in SQL the days would lead the database away from the order of the index.
        if first <= row.due_on <= last:
            yield UnitDayLoad(
                unit_id=row.unit_id, unit=row.unit, due_on=row.due_on, owed=int(row.owed), done=int(row.done)
            )


def forecast_owings(connection: Connection, edition_id: int) -> tuple[ForecastOwing, ...]:
    """What the reminders of one edition hang on, whether it is published or paused."""
    keys = (
        obligation.c.edition_id,
        edition.c.name.label("campaign"),
        obligation.c.point_id,
        milestone.c.title,
        point.c.label,
        obligation.c.unit_id,
        _superior().label("superior_id"),
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
        .where(obligation.c.edition_id == edition_id, obligation.c.state.in_(_OPEN))
        .group_by(*keys)
    )
    return tuple(ForecastOwing(**row._mapping) for row in connection.execute(statement))


def told_so_far(connection: Connection, *, except_id: int | None = None) -> Iterator[Told]:
    """Who is reminded when by all published editions, or all but one; counted from the round's index alone."""
    keys = (obligation.c.edition_id, obligation.c.state, obligation.c.ladder)
    dates = (obligation.c.due_on, obligation.c.opened_on, obligation.c.unit_id)
    published = select(edition.c.id).where(edition.c.state == "published")
    if except_id is not None:
        published = published.where(edition.c.id != except_id)
    groups = (
        select(*keys, *dates)
        .where(obligation.c.edition_id.in_(published), obligation.c.state.in_(_OPEN))
        .group_by(*keys, *dates)
        .subquery()
    )
    rows = connection.execute(
        select(groups.c.unit_id, _superior(), groups.c.ladder, groups.c.opened_on, groups.c.due_on)
        .join_from(groups, edition, edition.c.id == groups.c.edition_id)
        .join(unit, unit.c.id == groups.c.unit_id)
    )
    for row in rows:
        yield Told(*row)


def _superior() -> ColumnElement[int]:
    """Whom an escalation is told to: the unit's superior, or the edition's coordinator where it has none."""
    return func.coalesce(unit.c.parent_id, edition.c.coordinator_unit_id)


def _counts(year: int, sight: VisibleUnits) -> Subquery:
    done = func.sum(case((obligation.c.state.in_(_DONE), 1), else_=0))
    return (
        select(
            obligation.c.point_id,
            func.count(distinct(obligation.c.unit_id)).label("units"),
            func.count().label("owed"),
            done.label("done"),
        )
        .where(
            obligation.c.edition_id.in_(select(edition.c.id).where(edition.c.year == year)),
            obligation.c.state.not_in(_OUT),
            visible(sight, obligation.c.unit_id),
        )
        .group_by(obligation.c.point_id)
        .subquery()
    )


def _in_force(first_year: int, last_year: int) -> Select[tuple[int]]:
    """Editions whose obligations are owed, of a few years: the answer does not grow with the years before."""
    return select(edition.c.id).where(
        edition.c.state.in_(("published", "paused")), edition.c.year.between(first_year, last_year)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Undated:
    """A milestone without a date: the phrase of its source and why nobody could read it."""

    edition_id: int
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
    """Obligations of one milestone whose target the source left blank or unconfirmed. `units` are a few of them."""

    edition_id: int
    campaign_key: str
    campaign: str
    year: int
    milestone_key: str
    milestone: str
    obligations: int
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionWaits:
    """Something of an edition that is not there yet, or not finished."""

    edition_id: int
    campaign_key: str
    campaign: str
    year: int
    what: str  # draft, roster, problems, fixed
    items: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftWaits:
    """An edition that is being written in the portal."""

    id: int
    campaign_key: str
    campaign: str
    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWaits:
    """A workday notice that somebody brought in and nobody has confirmed."""

    id: int
    year: int
    document: str


_LIVE = ("draft", "published", "paused")
_SHOWN_UNITS = 5


def undated(connection: Connection) -> tuple[Undated, ...]:
    """In the order of the campaigns."""
    rows = connection.execute(
        select(
            milestone.c.edition_id,
            edition.c.campaign.label("campaign_key"),
            edition.c.name.label("campaign"),
            edition.c.year,
            milestone.c.key.label("milestone_key"),
            milestone.c.title.label("milestone"),
            milestone.c.due_phrase.label("phrase"),
            milestone.c.undated.label("reason"),
            (milestone.c.source_document + " " + milestone.c.source_item).label("document"),
        )
        .join_from(milestone, edition, edition.c.id == milestone.c.edition_id)
        .where(milestone.c.undated.is_not(None), ~milestone.c.withdrawn, edition.c.state.in_(_LIVE))
        .order_by(edition.c.year, edition.c.id, milestone.c.position)
    )
    return tuple(Undated(**row._mapping) for row in rows)


def open_targets(connection: Connection) -> tuple[OpenTarget, ...]:
    """By milestone; two queries over the index of what is open."""
    rows = connection.execute(_OF_TARGETS).all()
    names: dict[int, list[str]] = {}
    wanted = [row.milestone_id for row in rows]
    for row in connection.execute(_UNITS_OF_TARGETS.where(obligation.c.milestone_id.in_(wanted))):
        some = names.setdefault(row.milestone_id, [])
        if len(some) < _SHOWN_UNITS:
            some.append(row.name)
    return tuple(
        OpenTarget(
            edition_id=row.edition_id,
            campaign_key=row.campaign,
            campaign=row.name,
            year=row.year,
            milestone_key=row.key,
            milestone=row.title,
            obligations=row.obligations,
            units=tuple(names.get(row.milestone_id, ())),
        )
        for row in rows
    )


def waiting_editions(connection: Connection) -> tuple[EditionWaits, ...]:
    """Drafts to publish, rosters and problem ledgers to bring in, problems put right that somebody must close."""
    found = [EditionWaits(**row._mapping, what="draft") for row in connection.execute(_edition("draft"))]
    published = _edition("published")
    listed = select(milestone.c.edition_id).where(~milestone.c.withdrawn)
    no_roster = published.where(
        edition.c.id.in_(listed.where(milestone.c.per_subject)),
        edition.c.id.not_in(select(roster.c.edition_id)),
    )
    no_problems = published.where(
        edition.c.id.in_(listed.where(milestone.c.problem_ledger)),
        edition.c.id.not_in(select(problem.c.edition_id)),
    )
    found += [EditionWaits(**row._mapping, what="roster") for row in connection.execute(no_roster)]
    found += [EditionWaits(**row._mapping, what="problems") for row in connection.execute(no_problems)]
    fixed = (
        _edition("published")
        .add_columns(func.count().label("items"))
        .join(problem, problem.c.edition_id == edition.c.id)
        .where(problem.c.state == "fixed")
        .group_by(edition.c.id)
    )
    return (*found, *(EditionWaits(**row._mapping, what="fixed") for row in connection.execute(fixed)))


def waiting_drafts(connection: Connection) -> tuple[DraftWaits, ...]:
    """The oldest first."""
    rows = connection.execute(
        select(
            edition_draft.c.id,
            edition_draft.c.campaign.label("campaign_key"),
            edition_draft.c.name.label("campaign"),
            edition_draft.c.year,
        )
        .where(edition_draft.c.applied_at.is_(None), edition_draft.c.dropped_at.is_(None))
        .order_by(edition_draft.c.id)
    )
    return tuple(DraftWaits(**row._mapping) for row in rows)


def proposed_notices(connection: Connection) -> tuple[NoticeWaits, ...]:
    """The oldest first."""
    columns = (workday_notice.c.id, workday_notice.c.year, workday_notice.c.document)
    rows = connection.execute(
        select(*columns).where(workday_notice.c.state == "proposed").order_by(workday_notice.c.id)
    )
    return tuple(NoticeWaits(**row._mapping) for row in rows)


def _edition(state: str) -> Select[tuple[int, str, str, int]]:
    return (
        select(
            edition.c.id.label("edition_id"),
            edition.c.campaign.label("campaign_key"),
            edition.c.name.label("campaign"),
            edition.c.year,
        )
        .where(edition.c.state == state)
        .order_by(edition.c.year, edition.c.id)
    )


# In the words of the partial index, which PostgreSQL and SQLite then use.
_OPEN_TARGET = (
    text("obligation.target_state IN ('blank', 'unconfirmed')"),
    # Wrapped, so that a query begins with that index and not with everything that is open.
    func.coalesce(obligation.c.state, "").in_(sorted(state.value for state in OPEN)),
)
_OF_TARGETS = (
    select(
        obligation.c.milestone_id,
        milestone.c.edition_id,
        edition.c.campaign,
        edition.c.name,
        edition.c.year,
        milestone.c.key,
        milestone.c.title,
        func.count().label("obligations"),
    )
    .select_from(
        obligation.join(milestone, milestone.c.id == obligation.c.milestone_id).join(
            edition, edition.c.id == milestone.c.edition_id
        )
    )
    .where(*_OPEN_TARGET, edition.c.state.in_(_LIVE))
    .group_by(
        obligation.c.milestone_id,
        milestone.c.edition_id,
        edition.c.campaign,
        edition.c.name,
        edition.c.year,
        milestone.c.key,
        milestone.c.title,
        milestone.c.position,
    )
    .order_by(edition.c.year, milestone.c.edition_id, milestone.c.position)
)
_UNITS_OF_TARGETS = (
    select(obligation.c.milestone_id, unit.c.name)
    .join_from(obligation, unit, unit.c.id == obligation.c.unit_id)
    .where(*_OPEN_TARGET)
    .distinct()
    .order_by(obligation.c.milestone_id, unit.c.name)
)
