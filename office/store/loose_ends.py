"""What the calendars, rosters and ledgers still need a person for before anything can be owed, counted or closed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Select, func, select, text

from office.store.tables import (
    edition,
    edition_draft,
    milestone,
    obligation,
    problem,
    roster,
    unit,
    workday_notice,
)
from rules.moves import OPEN


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


def drafts(connection: Connection) -> tuple[DraftWaits, ...]:
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
