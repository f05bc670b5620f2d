"""One edition's step: plan what it is owed by now, send nothing itself, close the gates whose day has come.

The same step whether the morning round, the edition's own timeline or a person asks for it; asked twice it does
nothing the second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from calendars.model import CampaignKind
from duban.bureau import Bureau
from duban.core import clock
from duban.core.errors import Fault, NotFound, Refused
from duban.editions.queries import find_edition_name
from duban.outbox.queries import EditionNote
from duban.rounds.gate_queries import (
    Missing,
    PointCount,
    ProblemCount,
    SubjectCount,
    UnitTarget,
    kinds_planned_on,
    missing_units,
    point_counts,
    problem_counts,
    subject_counts,
    unit_targets,
)
from duban.rounds.gates import GateReport, close_gates
from duban.rounds.queries import STEP
from duban.rounds.service import begin_round, finish_round, hold_round, plan_edition


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What the step did for its edition; `note` is None when the clock stands before a day already held."""

    edition_id: int
    note: EditionNote | None
    gates: GateReport | None
    sentence: str

    def require_done(self) -> None:
        """Raise what went wrong for this edition, so that its run shows it."""
        if self.faults:
            raise Fault("；".join(self.faults))

    @property
    def faults(self) -> tuple[str, ...]:
        gates = [fault.error for fault in self.gates.faults] if self.gates else []
        return (*([self.note.error] if self.note and self.note.error else []), *gates)


def take_step(bureau: Bureau, campaign: str, year: int, *, now: datetime) -> StepReport:
    """Raises NotFound for an unknown edition and Refused for one that is not published."""
    edition_id = _published(bureau, campaign, year)
    opened = begin_round(bureau, now=now)
    if opened.newer:
        return StepReport(edition_id=edition_id, note=None, gates=None, sentence=opened.sentence)
    if opened.status == "planning":
        # Nobody has held today's round: this run is a second door to the whole of it.
        held = hold_round(bureau, now=now)
        note = next((one for one in held.editions if one.edition_id == edition_id), None)
    else:
        note = plan_edition(bureau, edition_id, now=now, kind=STEP)
        held = finish_round(bureau, (note,), now=now)
    gates = close_gates(bureau, now=now, edition_id=edition_id)
    return StepReport(edition_id=edition_id, note=note, gates=gates, sentence=held.sentence)


def _published(bureau: Bureau, campaign: str, year: int) -> int:
    with bureau.store.reading() as connection:
        found = find_edition_name(connection, campaign, year)
    if found is None:
        raise NotFound(f"没有 {campaign} {year} 年度，请用 duban calendar show 查看已有的专项行动。")
    if found.state != "published":
        raise Refused(f"{found.name}{year}年没有在办（{found.state}），请先用 duban calendar 发布或恢复。")
    return found.id


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


def sum_up_edition(bureau: Bureau, campaign: str, year: int, *, now: datetime) -> EditionSummary:
    """The edition's figures at this moment; NotFound when there is no such edition."""
    today = clock.civil(now)
    with bureau.store.reading() as connection:
        found = find_edition_name(connection, campaign, year)
        if found is None:
            raise NotFound(f"没有 {campaign} {year} 年度，请用 duban calendar show 查看已有的专项行动。")
        return EditionSummary(
            edition_id=found.id,
            campaign=campaign,
            year=year,
            name=found.name,
            today=today,
            planned=kinds_planned_on(connection, found.id, today),
            points=point_counts(connection, found.id, today),
            missing=missing_units(connection, found.id, today, limit=SHOWN),
            # Read only where the kind of campaign has them: each is a pass over everything the edition owes.
            targets=unit_targets(connection, found.id) if found.kind == CampaignKind.QUOTA else (),
            subjects=(
                subject_counts(connection, found.id) if found.kind == CampaignKind.ANNUAL_CHECK else ()
            ),
            problems=problem_counts(connection, found.id),
        )
