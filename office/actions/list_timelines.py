"""On which dates each edition has something of its own to do: openings, rungs, due dates and gates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from office.actions.office import Office
from office.store.timelines import DatedPoint, PublishedEdition, published_editions
from rules.ladder import Ladder, RungKind
from rules.workdays import WorkdayTable, YearUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One edition's own dates, sorted, each once; civil dates in Asia/Shanghai."""

    campaign: str
    year: int
    name: str
    kind: str
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionName:
    """A published edition by everything it is called."""

    id: int
    campaign: str
    year: int
    name: str
    kind: str


def list_editions(office: Office) -> tuple[EditionName, ...]:
    """Every published edition, oldest year first."""
    with office.store.reading() as connection:
        return tuple(
            EditionName(id=one.id, campaign=one.campaign, year=one.year, name=one.name, kind=one.kind)
            for one in published_editions(connection)
        )


def list_timelines(office: Office) -> tuple[Timeline, ...]:
    """One timeline for each published edition, oldest year first."""
    with office.store.reading() as connection:
        editions = published_editions(connection)
    return tuple(_timeline(edition, office) for edition in editions)


def _timeline(edition: PublishedEdition, office: Office) -> Timeline:
    ladder = office.ladders[edition.ladder]
    days = {day for point in edition.points for day in _days(point, ladder, office.workdays)}
    if edition.published_on:
        days.add(edition.published_on)
    return Timeline(
        campaign=edition.campaign,
        year=edition.year,
        name=edition.name,
        kind=edition.kind,
        days=tuple(sorted(days)),
    )


def _days(point: DatedPoint, ladder: Ladder, workdays: WorkdayTable) -> Iterable[date]:
    # A gate closes once its day is over, so the day after the due date belongs to the timeline.
    yield point.due_on
    yield point.due_on + timedelta(days=1)
    if point.starts_on:
        yield point.starts_on
    for rung in ladder.rungs:
        if rung.kind is RungKind.ASSIGN:
            continue
        try:
            yield workdays.shift(point.last_workday, rung.workdays)
        except YearUnknown:
            # Beyond the years anyone knows; the morning round reads the ledger and needs no schedule.
            continue
