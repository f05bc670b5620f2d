"""How one edition stands today, as the run of its flow shows it to people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from office import clock
from office.actions.office import Office
from office.errors import NotFound
from office.store import summaries
from office.store.summaries import Missing, PointCount, ProblemCount, SubjectCount, UnitTarget
from office.store.timelines import edition_state
from rules.campaign import CampaignKind

SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionSummary:
    """One edition in figures. `planned` are the kinds of reminder planned today."""

    edition_id: int
    campaign: str
    year: int
    name: str
    today: date
    planned: frozenset[str]
    points: tuple[PointCount, ...]
    missing: tuple[Missing, ...]
    targets: tuple[UnitTarget, ...]
    subjects: tuple[SubjectCount, ...]
    problems: tuple[ProblemCount, ...]


def sum_up_edition(office: Office, campaign: str, year: int, *, now: datetime) -> EditionSummary:
    """The edition's figures at this moment; NotFound when there is no such edition."""
    today = clock.civil(now)
    with office.store.reading() as connection:
        found = edition_state(connection, campaign, year)
        if found is None:
            raise NotFound(f"没有 {campaign} {year} 年度，请用 duban calendar show 查看已有的专项行动。")
        return EditionSummary(
            edition_id=found.id,
            campaign=campaign,
            year=year,
            name=found.name,
            today=today,
            planned=summaries.kinds_planned_on(connection, found.id, today),
            points=summaries.point_counts(connection, found.id, today),
            missing=summaries.missing_units(connection, found.id, today, limit=SHOWN),
            # Read only where the kind of campaign has them: each is a pass over everything the edition owes.
            targets=summaries.unit_targets(connection, found.id) if found.kind == CampaignKind.QUOTA else (),
            subjects=(
                summaries.subject_counts(connection, found.id)
                if found.kind == CampaignKind.ANNUAL_CHECK
                else ()
            ),
            problems=summaries.problem_counts(connection, found.id),
        )
