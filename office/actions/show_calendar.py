"""What stands in the ledger of a year's campaigns: states, dates, how much is owed. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from office.actions.office import Office
from office.store import editions as store
from office.store.obligation_counts import counts_by_milestone
from rules.campaign import Milestone
from rules.people import Actor
from rules.sight import sight_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneShown:
    """One milestone; `points` are label, due date, last workday before it and whether the date is provisional."""

    key: str
    title: str
    source: str
    due_phrase: str
    leads: tuple[str, ...]
    points: tuple[tuple[str, date, date, bool], ...]
    undated: str | None
    obligations: int
    finished: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionShown:
    """One edition as applied."""

    campaign: str
    year: int
    name: str
    kind: str
    state: str
    published_on: date | None
    ladder: str
    milestones: tuple[MilestoneShown, ...]
    own: bool = False


def show_calendar(
    office: Office, year: int, campaign: str | None = None, *, by: Actor
) -> tuple[EditionShown, ...]:
    """The applied editions of a year, or one of them; empty when none was applied.

    Whoever sees only his own units sees the editions that they owe something for, with their own counts.
    """
    sight = sight_of(by)
    with office.store.reading() as connection:
        found = [
            one
            for one in store.editions(connection, year=year)
            if campaign is None or campaign in (one.value.campaign, one.value.name)
        ]
        counts = {one.id: counts_by_milestone(connection, one.id, sight) for one in found}
    return tuple(
        EditionShown(
            campaign=one.value.campaign,
            year=year,
            name=one.value.name,
            kind=one.value.kind.value,
            state=one.state,
            published_on=one.published_on,
            ladder=one.value.ladder,
            own=one.own,
            milestones=tuple(
                _milestone(milestone, counts[one.id].get(milestone.key, (0, 0)))
                for milestone in one.value.milestones
                if sight.everything or milestone.key in counts[one.id]
            ),
        )
        for one in found
        if sight.everything or counts[one.id]
    )


def _milestone(milestone: Milestone, counts: tuple[int, int]) -> MilestoneShown:
    return MilestoneShown(
        key=milestone.key,
        title=milestone.title,
        source=f"{milestone.source.document} {milestone.source.item}",
        due_phrase=milestone.due_phrase,
        leads=milestone.leads,
        points=tuple(
            (point.label, point.due_on, point.last_workday, point.provisional) for point in milestone.points
        ),
        undated=milestone.undated,
        obligations=counts[0],
        finished=counts[1],
    )
